#include "tests/support/signing.hpp"
#include "tests/unit/handlers/signatures/sender.hpp"

#include <doctest/doctest.h>

using namespace mira;
using namespace mira::signatures;
using mira::test::key_pair;
using mira::test::key_type;
using mira::test::make_jws;
using mira::test::message;
using mira::test::viewed;

namespace {

std::shared_ptr<const verifier> made(std::string_view scheme, std::string_view secret,
                                     verifier_options o = {}) {
    const auto v = test::make_verifier(scheme, {test::secret(secret)}, std::move(o));
    REQUIRE(v.has_value());
    return *v;
}
outcome judge(const std::shared_ptr<const verifier>& v, const message& m) {
    return v->check(viewed{m}.get()).result;
}
message bearing(const std::string& token, const char* name = "Authorization",
                const char* prefix = "Bearer ") {
    message m;
    m.body = R"({"event":{"id":"e1"}})";
    m.headers = {{name, prefix + token}};
    return m;
}
const key_pair& rsa() { return key_pair::of(key_type::rsa); }

} // namespace

TEST_CASE("jwt: shared secret and public keys") {
    const auto hs = made("jwt", "secret");
    const std::string token = make_jws("HS256", "", R"({"sub":"n8n"})", "secret");
    CHECK(judge(hs, bearing(token)) == outcome::accepted);
    CHECK(judge(hs, bearing(make_jws("HS256", "", R"({"sub":"n8n"})", "other"))) == outcome::invalid);
    CHECK(judge(made("jwt", rsa().public_pem()), bearing(make_jws("RS256", "", "{}", "", &rsa()))) ==
          outcome::accepted);
    const auto& ec = key_pair::of(key_type::p256);
    CHECK(judge(made("jwt", ec.public_pem()), bearing(make_jws("ES256", "", "{}", "", &ec))) ==
          outcome::accepted);
    CHECK(judge(hs, bearing(token, "Authorization", "")) == outcome::invalid);
    CHECK(judge(hs, message{}) == outcome::missing);
    message twice = bearing(token);
    twice.headers.push_back(twice.headers[0]);
    CHECK(judge(hs, twice) == outcome::invalid);
    for (std::size_t i = 7; i < twice.headers[0].second.size(); ++i) {
        message m = bearing(token);
        char& c = m.headers[0].second[i];
        c = c == 'A' ? 'B' : 'A';
        if (m.headers[0].second != twice.headers[0].second) CHECK(judge(hs, m) == outcome::invalid);
    }
}

TEST_CASE("jwt: a public key is never the secret of an HMAC, and none is no algorithm") {
    const std::string pem = rsa().public_pem();
    const auto v = made("jwt", pem);
    CHECK(judge(v, bearing(make_jws("HS256", "", "{}", pem))) == outcome::invalid);
    CHECK(judge(v, bearing(test::base64url(R"({"alg":"none"})") + ".e30.")) == outcome::invalid);
    CHECK(judge(v, bearing(test::base64url(R"({"alg":"none"})") + ".e30.eA")) == outcome::invalid);
    CHECK_FALSE(test::make_verifier("jwt", {test::secret("-----BEGIN PUBLIC KEY-----\nbroken")}).has_value());
    CHECK_FALSE(test::make_verifier("wix", {test::secret("a shared secret")}).has_value());
    CHECK_FALSE(test::make_verifier("jwt", {test::secret(rsa().private_pem())}).has_value());
}

TEST_CASE("jwt: times, issuer and audience") {
    const auto with = [](const std::string& payload, verifier_options o = {}) {
        return judge(made("jwt", "s", std::move(o)), bearing(make_jws("HS256", "", payload, "s")));
    };
    CHECK(with(R"({"exp":1700000000})") == outcome::accepted);
    CHECK(with(R"({"exp":1699999940})") == outcome::accepted); // 60 s between the clocks
    CHECK(with(R"({"exp":1699999939})") == outcome::stale);
    CHECK(with(R"({"exp":1699999939})", {.tolerance = seconds{61}}) == outcome::accepted);
    CHECK(with(R"({"exp":1699999999})", {.tolerance = seconds{0}}) == outcome::stale);
    CHECK(with(R"({"nbf":1700000060})") == outcome::accepted);
    CHECK(with(R"({"nbf":1700000061})") == outcome::stale);
    CHECK(with(R"({"exp":"1700000000"})") == outcome::invalid);
    CHECK(with(R"({"exp":1700000000000})") == outcome::invalid);
    CHECK(with(R"({"exp":-1})") == outcome::invalid);
    CHECK(with(R"({"exp":1.7e9})") == outcome::accepted);
    CHECK(with("[]") == outcome::invalid);
    CHECK(with("{") == outcome::invalid);
    const verifier_options o{.named = {{"issuer", "me"}, {"audience", "you"}}};
    CHECK(with(R"({"iss":"me","aud":"you"})", o) == outcome::accepted);
    CHECK(with(R"({"iss":"me","aud":["they","you"]})", o) == outcome::accepted);
    CHECK(with(R"({"iss":"me","aud":["they"]})", o) == outcome::invalid);
    CHECK(with(R"({"iss":"he","aud":"you"})", o) == outcome::invalid);
    CHECK(with("{}", o) == outcome::invalid);
}

TEST_CASE("jwt: Wix sends the token as the body") {
    message m;
    const auto v = made("wix", rsa().public_pem());
    m.body = make_jws("RS256", "", R"({"data":"{}"})", "", &rsa());
    CHECK(judge(v, m) == outcome::accepted);
    m.body[m.body.size() / 2] = m.body[m.body.size() / 2] == 'x' ? 'y' : 'x';
    CHECK(judge(v, m) == outcome::invalid);
    m.body.clear();
    CHECK(judge(v, m) == outcome::missing);
}

TEST_CASE("jwt: Fireblocks detaches the body") {
    message m = bearing("", "Fireblocks-Webhook-Signature", "");
    const std::string whole = make_jws("RS512", "k", m.body, "", &rsa());
    const std::string detached = whole.substr(0, whole.find('.') + 1) + whole.substr(whole.rfind('.'));
    const auto v = made("fireblocks", rsa().public_pem());
    m.headers[0].second = detached;
    CHECK(judge(v, m) == outcome::accepted);
    m.body[3] = 'X';
    CHECK(judge(v, m) == outcome::invalid);
    m.headers[0].second = whole; // a payload of its own would leave the body uncovered
    CHECK(judge(v, m) == outcome::invalid);
}

TEST_CASE("jwt: FusionAuth's token carries the body's hash") {
    message m = bearing("", "X-FusionAuth-Signature-JWT", "");
    const auto v = made("fusionauth", "secret");
    const auto payload =
        R"({"request_body_sha256":")" + test::base64(test::digest_of("SHA256", m.body)) + "\"}";
    m.headers[0].second = make_jws("HS256", "", payload, "secret");
    CHECK(judge(v, m) == outcome::accepted);
    m.body += " ";
    CHECK(judge(v, m) == outcome::invalid);
    m.body.pop_back();
    m.headers[0].second = make_jws("HS256", "", "{}", "secret");
    CHECK(judge(v, m) == outcome::invalid);
}

TEST_CASE("jwt: monday's token has no prefix, Gemini's needs its audience") {
    CHECK(judge(made("monday", "s"), bearing(make_jws("HS256", "", "{}", "s"), "Authorization", "")) ==
          outcome::accepted);
    const auto gemini = made("gemini-dynamic", rsa().public_pem(), {.named = {{"audience", "project-1"}}});
    CHECK(judge(gemini, bearing(make_jws("RS256", "", R"({"aud":"project-1"})", "", &rsa()))) ==
          outcome::accepted);
    CHECK(judge(gemini, bearing(make_jws("RS256", "", R"({"aud":"project-2"})", "", &rsa()))) ==
          outcome::invalid);
}
