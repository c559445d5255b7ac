#include "tests/support/signing.hpp"
#include "tests/unit/handlers/signatures/sender.hpp"

#include <doctest/doctest.h>

using namespace mira;
using namespace mira::signatures;
using mira::test::base64;
using mira::test::message;
using mira::test::viewed;

namespace {

struct token_case {
    std::string_view scheme, secret;
    const char* header;      // "Name: value with {}" or ""
    const char* query = "";  // with {}
    const char* body = "{}"; // with []
};

std::string put(std::string text, std::string_view what, const std::string& value) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += value.size())
        text.replace(at, what.size(), value);
    return text;
}

message sent(const token_case& c, const std::string& token) {
    message m;
    const bool basic = std::string{c.header}.find("Basic") != std::string::npos;
    const std::string line = put(c.header, "{}", basic ? base64(token) : token);
    if (const auto colon = line.find(": "); colon != std::string::npos)
        m.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    m.query = put(c.query, "{}", token);
    m.body = put(c.body, "[]", token);
    return m;
}

const std::vector<token_case> cases{
    {"token", "t0ken", "X-Webhook-Token: {}"},
    {"bearer", "t0ken", "Authorization: Bearer {}"},
    {"openclaw", "t0ken", "Authorization: bearer {}"}, // the scheme's name may be written in any case
    {"green-dot", "t0ken", "Authorization: Bearer {}"},
    {"gitlab", "t0ken", "X-Gitlab-Token: {}"},
    {"auth0", "t0ken", "Authorization: {}"},
    {"okta", "t0ken", "Authorization: {}"},
    {"deepgram", "t0ken", "dg-token: {}"},
    {"hugging-face", "t0ken", "X-Webhook-Secret: {}"},
    {"ringcentral", "t0ken", "Verification-Token: {}"},
    {"basic", "user:p:w", "Authorization: Basic {}"},
    {"chargebee", "user:pw", "Authorization: Basic {}"},
    {"pipedrive", "user:pw", "Authorization: Basic {}"},
    {"recurly", "user:pw", "Authorization: Basic {}"},
    {"ethoca", "user:pw", "Authorization: Basic {}"},
    {"postmark", "user:pw", "Authorization: Basic {}"},
    {"mailchimp", "t0ken", "", "token={}"},
    {"mollie", "t0ken", "", "a=b&token={}"},
    {"strava", "t0ken", "", "token={}&c"},
    {"meraki", "t0ken", "", "", R"({"version":"0.1","sharedSecret":"[]"})"},
    {"cloudsignal", "t0ken", "", "", R"({"apikey":"[]"})"},
    {"microsoft-graph", "t0ken", "", "", R"({"value":[{"clientState":"[]"},{"clientState":"[]"}]})"},
    {"sharepoint", "t0ken", "", "", R"({"value":[{"clientState":"[]"}]})"},
    {"salesforce", "t0ken", "", "",
     "<?xml version=\"1.0\"?><s:Envelope "
     "xmlns:s=\"u\"><s:Body><n><OrganizationId>[]</OrganizationId></n></s:Body></s:Envelope>"},
};

std::shared_ptr<const verifier> made(std::string_view scheme, std::vector<configured_secret> secrets,
                                     verifier_options o = {}) {
    const auto v = test::make_verifier(scheme, secrets, std::move(o));
    REQUIRE(v.has_value());
    return *v;
}
outcome judge(const std::shared_ptr<const verifier>& v, const message& m) {
    return v->check(viewed{m}.get()).result;
}

} // namespace

TEST_CASE("tokens: the secret passes, anything else does not") {
    for (const auto& c : cases) {
        CAPTURE(c.scheme);
        const auto right = test::secret(c.secret);
        const auto v = made(c.scheme, {right});
        CHECK(v->needs_whole_body());
        const std::string secret{c.secret};
        CHECK(judge(v, sent(c, secret)) == outcome::accepted);
        for (std::size_t i = 0; i < secret.size(); ++i) {
            std::string wrong = secret;
            wrong[i] = static_cast<char>(wrong[i] ^ 2);
            CHECK(judge(v, sent(c, wrong)) == outcome::invalid);
        }
        CHECK(judge(v, sent(c, secret + "x")) == outcome::invalid);
        CHECK(judge(v, sent(c, secret.substr(1))) == outcome::invalid);
        CHECK(judge(v, sent(c, "")) != outcome::accepted);
        message nothing;
        nothing.body = "{}";
        CHECK(judge(v, nothing) == outcome::missing);
        message doubled = sent(c, secret);
        if (!doubled.headers.empty()) {
            doubled.headers.push_back(doubled.headers[0]);
            CHECK(judge(v, doubled) == outcome::invalid);
        }
        if (!doubled.query.empty()) {
            doubled.query += "&token=" + secret;
            CHECK(judge(v, doubled) == outcome::invalid);
        }
        CHECK(judge(made(c.scheme, {}), sent(c, secret)) == outcome::invalid);
        CHECK(judge(made(c.scheme, {}), sent(c, "")) != outcome::accepted);
        auto expired = right;
        expired.not_after = wall_time{seconds{test::base_time}} - seconds{1};
        CHECK(judge(made(c.scheme, {expired}), sent(c, secret)) == outcome::invalid);
        const auto other = test::secret(secret + ":other");
        const viewed r{sent(c, secret)};
        const message kept = sent(c, secret);
        const verdict second = made(c.scheme, {other, right})->check(viewed{kept}.get());
        CHECK(second.accepted());
        CHECK(second.secret == 1);
    }
}

TEST_CASE("tokens: where the token stands can be configured") {
    message m;
    m.headers = {{"X-Api-Key", "key abc"}};
    CHECK(
        judge(made("token", {test::secret("abc")}, {.named = {{"header", "X-Api-Key"}, {"prefix", "key "}}}),
              m) == outcome::accepted);
    m.query = "k=a%2Bc";
    CHECK(judge(made("token", {test::secret("a+c")}, {.named = {{"query", "k"}}}), m) == outcome::accepted);
    m.query = "k=a%zz";
    CHECK(judge(made("token", {test::secret("a+c")}, {.named = {{"query", "k"}}}), m) == outcome::invalid);
    m.query = "secret=a";
    CHECK(judge(made("mollie", {test::secret("a")}, {.named = {{"query", "secret"}}}), m) ==
          outcome::accepted);
    CHECK_FALSE(test::make_verifier("token", {}, {.named = {{"header", "X-A"}, {"query", "a"}}}).has_value());
    CHECK_FALSE(test::make_verifier("token", {}, {.named = {{"header", "X A"}}}).has_value());
}

TEST_CASE("tokens: Basic is base64 of user and password") {
    message m;
    const auto v = made("basic", {test::secret("user:pw")});
    m.headers = {{"Authorization", "Basic dXNlcjpwdw=="}};
    CHECK(judge(v, m) == outcome::accepted);
    m.headers = {{"Authorization", "Basic user:pw"}};
    CHECK(judge(v, m) == outcome::invalid);
    m.headers = {{"Authorization", "Bearer dXNlcjpwdw=="}};
    CHECK(judge(v, m) == outcome::invalid);
    CHECK_FALSE(test::make_verifier("basic", {test::secret("no colon")}).has_value());
}

TEST_CASE("tokens: every element of Graph's list must carry the client state") {
    const auto v = made("microsoft-graph", {test::secret("s")});
    const auto with = [&](const char* body) {
        message m;
        m.body = body;
        return judge(v, m);
    };
    CHECK(with(R"({"value":[{"clientState":"s"},{"clientState":"x"}]})") == outcome::invalid);
    CHECK(with(R"({"value":[{"clientState":"s"},{}]})") == outcome::missing);
    CHECK(with(R"({"value":[]})") == outcome::missing);
    CHECK(with(R"({"value":{"clientState":"s"}})") == outcome::missing);
    CHECK(with("[") == outcome::invalid);
}

TEST_CASE("tokens: Salesforce's organisation stands once, in plain text") {
    const auto v = made("salesforce", {test::secret("00D")});
    const auto with = [&](const char* body) {
        message m;
        m.body = body;
        return judge(v, m);
    };
    CHECK(with("<a><OrganizationId>00D</OrganizationId></a>") == outcome::accepted);
    CHECK(with("<a><sf:OrganizationId x='1'>00D</sf:OrganizationId></a>") == outcome::accepted);
    CHECK(with("<a><OrganizationId>00D</OrganizationId><OrganizationId>00D</OrganizationId></a>") ==
          outcome::invalid);
    CHECK(with("<a><!-- <OrganizationId>00D</OrganizationId> --></a>") == outcome::invalid);
    CHECK(with("<a><OrganizationId/></a>") == outcome::missing);
    CHECK(with("<a><OrganizationIds>00D</OrganizationIds></a>") == outcome::missing);
    CHECK(with("<") == outcome::invalid);
    CHECK(with("<>") == outcome::invalid);
}

TEST_CASE("tokens: the scheme none accepts, and only it does without a secret") {
    message m;
    CHECK(judge(made("none", {}), m) == outcome::accepted);
    CHECK(made("none", {})->has_secret(m.now));
    for (const scheme* s : all_schemes()) {
        if (s->algo == algorithm::none) continue;
        verifier_options o;
        for (const auto& rule : s->options)
            if (rule.required) o.named.emplace(rule.name, "x");
        const auto v = verifier::make(shared_scheme(s->name), {}, o);
        REQUIRE_MESSAGE(v.has_value(), s->name);
        CHECK_MESSAGE(judge(*v, m) != outcome::accepted, s->name);
    }
}
