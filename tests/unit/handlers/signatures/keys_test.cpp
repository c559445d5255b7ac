// Keys that the provider publishes: the port, and which addresses a request may name.
#include "handlers/signatures/host_rule.hpp"
#include "tests/support/signing.hpp"
#include "tests/unit/handlers/signatures/sender.hpp"

#include <doctest/doctest.h>

using namespace mira;
using namespace mira::signatures;
using mira::test::base64;
using mira::test::key_pair;
using mira::test::key_type;
using mira::test::message;
using mira::test::viewed;

namespace {

class fixed_keys final : public key_source {
  public:
    key_answer find(const key_request& wanted) noexcept override {
        ++asked;
        url = wanted.url;
        id = wanted.id;
        what = wanted.what;
        names = wanted.names;
        return answer;
    }
    key_answer answer;
    int asked = 0;
    std::string url, id, names;
    key_request::form what{};
};

key_answer found(const key_pair& pair) {
    return {key_answer::state::found, crypto::public_key::parse_any(pair.public_pem()).value()};
}

std::shared_ptr<const verifier> made(std::string_view scheme, key_source* keys,
                                     std::vector<configured_secret> secrets = {}, option_map named = {}) {
    const auto v = test::make_verifier(scheme, secrets, {.named = std::move(named), .keys = keys});
    REQUIRE(v.has_value());
    return *v;
}
outcome judge(const std::shared_ptr<const verifier>& v, const message& m) {
    return v->check(viewed{m}.get()).result;
}

message paypal(const std::string& url) {
    message m;
    m.body = "{}";
    m.headers = {
        {"paypal-transmission-id", "t1"},
        {"paypal-transmission-time", "2023-11-14T22:13:20Z"},
        {"paypal-transmission-sig",
         base64(key_pair::of(key_type::rsa).sign("SHA256", "t1|2023-11-14T22:13:20Z|WH|2745614147"))},
        {"paypal-cert-url", url}};
    return m;
}

} // namespace

TEST_CASE("keys: PayPal's certificate comes from PayPal only") {
    fixed_keys keys;
    keys.answer = found(key_pair::of(key_type::rsa));
    const auto v = made("paypal", &keys, {}, {{"webhook_id", "WH"}});
    const std::string url = "https://api.paypal.com/v1/notifications/certs/CERT-1";
    CHECK(judge(v, paypal(url)) == outcome::accepted);
    CHECK(keys.url == url);
    CHECK(keys.what == key_request::form::certificate);
    CHECK(host_allowed("messageverificationcerts.paypal.com", keys.names));
    CHECK_FALSE(host_allowed("api.paypal.com", keys.names));
    const int asked = keys.asked;
    for (const char* bad :
         {"http://api.paypal.com/x", "https://paypal.com.evil.example/x", "https://evil.example/x",
          "https://api.paypal.com@evil.example/x", "https://paypal.com/x", "https://api.paypal.com:8443/x",
          "https://evilpaypal.com/x", "https://api.paypal.com", "", "//api.paypal.com/x",
          "https://api.paypal.com\\@evil.example/", "https://api.paypal.com./x"}) {
        CAPTURE(bad);
        CHECK(judge(v, paypal(bad)) == outcome::invalid);
    }
    CHECK(keys.asked == asked); // nobody was asked for those
    keys.answer = {key_answer::state::not_yet, std::nullopt};
    CHECK(judge(v, paypal(url)) == outcome::key_pending);
    keys.answer = {key_answer::state::refused, std::nullopt};
    CHECK(judge(v, paypal(url)) == outcome::invalid);
    keys.answer = found(key_pair::of(key_type::p256)); // another kind than the scheme's
    CHECK(judge(v, paypal(url)) == outcome::invalid);
    keys.answer = found(key_pair::another(key_type::rsa));
    CHECK(judge(v, paypal(url)) == outcome::invalid);
    CHECK(judge(made("paypal", nullptr, {}, {{"webhook_id", "WH"}}), paypal(url)) == outcome::invalid);
    // A key of the source's own is used, and nobody is asked.
    keys.asked = 0;
    CHECK(judge(made("paypal", &keys, {test::secret(key_pair::of(key_type::rsa).certificate_pem())},
                     {{"webhook_id", "WH"}}),
                paypal("https://evil.example/")) == outcome::accepted);
    CHECK(keys.asked == 0);
    message m = paypal(url);
    m.erase("paypal-cert-url");
    CHECK(judge(v, m) == outcome::missing);
    m = paypal(url);
    m.headers.push_back({"paypal-cert-url", url});
    CHECK(judge(v, m) == outcome::invalid);
    m = paypal(url);
    m.body = "{ }";
    keys.answer = found(key_pair::of(key_type::rsa));
    CHECK(judge(v, m) == outcome::invalid);
}

TEST_CASE("keys: SNS, Circle, eBay and key sets") {
    fixed_keys keys;
    const auto& rsa = key_pair::of(key_type::rsa);
    const auto& ec = key_pair::of(key_type::p256);
    keys.answer = found(rsa);
    const auto sns = [&](const std::string& url) {
        message m;
        const std::string text =
            "Message\nhi\nMessageId\ni\nTimestamp\n2023-11-14T22:13:20Z\nTopicArn\nt\nType\nNotification\n";
        m.body =
            R"({"Type":"Notification","Message":"hi","MessageId":"i","Timestamp":"2023-11-14T22:13:20Z","TopicArn":"t","SignatureVersion":"2","SigningCertURL":")" +
            url + R"(","Signature":")" + base64(rsa.sign("SHA256", text)) + "\"}";
        return judge(made("sns", &keys, {}, {{"topic_arn", "t"}}), m);
    };
    CHECK(sns("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem") == outcome::accepted);
    for (const char* name :
         {"sns.amazonaws.com", "sns.eu-west-1.amazonaws.com", "sns-signing.af-south-1.amazonaws.com",
          "sns-us-gov-west-1.amazonaws.com", "sns-cn-north-1.amazonaws.com.cn"})
        CHECK(host_allowed(name, keys.names));
    for (const char* name : {"s3.amazonaws.com", "amazonaws.com", "x.sns.amazonaws.com", "*.amazonaws.com"})
        CHECK_FALSE(host_allowed(name, keys.names));
    CHECK(sns("https://sns.cn-north-1.amazonaws.com.cn/x.pem") == outcome::accepted);
    CHECK(sns("https://sns.us-gov-west-1.amazonaws.com/x.pem") == outcome::accepted);
    CHECK(sns("https://sns.evil.amazonaws.com/x.pem") == outcome::invalid);
    CHECK(sns("https://s3.eu-west-1.amazonaws.com/x.pem") == outcome::invalid);
    CHECK(sns("https://sns.eu-west-1.amazonaws.com/x.txt") == outcome::invalid);
    CHECK(sns("https://sns.eu-west-1.amazonaws.com/x?y=.pem") == outcome::invalid);

    keys.answer = found(ec);
    message m;
    m.body = "{}";
    m.headers = {{"X-Circle-Signature", base64(ec.sign("SHA256", "{}"))},
                 {"X-Circle-Key-Id", "879dc113-5ca4-4ff7-a6b7-54652083fcf8"}};
    CHECK(judge(made("circle", &keys), m) == outcome::accepted);
    CHECK(keys.url ==
          "https://api.circle.com/v2/notifications/publicKey/879dc113-5ca4-4ff7-a6b7-54652083fcf8");
    for (const char* bad : {"../../x", "a/b", "a?b", "..", "", "a b", "a%2fb"}) {
        CAPTURE(bad);
        m.headers[1].second = bad;
        CHECK(judge(made("circle", &keys), m) == outcome::invalid);
    }

    m.headers = {{"x-ebay-signature", base64(R"({"alg":"ecdsa","kid":"k-1","signature":")" +
                                             base64(ec.sign("SHA1", "{}")) + R"(","digest":"SHA1"})")}};
    CHECK(judge(made("ebay", &keys), m) == outcome::accepted);
    CHECK(keys.id == "k-1");
    CHECK(keys.what == key_request::form::document);
    CHECK(judge(made("ebay", nullptr, {test::secret(ec.public_pem())}), m) == outcome::accepted);
    m.body = "{ }";
    CHECK(judge(made("ebay", &keys), m) == outcome::invalid);
    for (const std::string bad :
         {"x", "{}", R"({"kid":"k"})", R"({"kid":1,"signature":"AA=="})", R"({"kid":"k","signature":"?"})"}) {
        m.headers[0].second = base64(bad);
        CHECK(judge(made("ebay", &keys), m) == outcome::invalid);
    }
    m.headers[0].second = "!";
    CHECK(judge(made("ebay", &keys), m) == outcome::invalid);
    m.headers.clear();
    CHECK(judge(made("ebay", &keys), m) == outcome::missing);

    keys.answer = found(rsa);
    m.body = "{}";
    m.headers = {
        {"X-FusionAuth-Signature-JWT",
         test::make_jws("RS256", "kid-7",
                        R"({"request_body_sha256":")" + base64(test::digest_of("SHA256", "{}")) + "\"}", "",
                        &rsa)}};
    CHECK(
        judge(made("fusionauth", &keys, {}, {{"jwks_url", "https://auth.example.com/.well-known/jwks.json"}}),
              m) == outcome::accepted);
    CHECK(keys.url == "https://auth.example.com/.well-known/jwks.json");
    CHECK(keys.id == "kid-7");
    CHECK(keys.what == key_request::form::key_set);
    // The token says which kind of key it needs, and no other will do.
    const auto signed_by = [&](const char* algorithm, const key_pair& k) {
        m.headers[0].second = test::make_jws(
            algorithm, "kid-7",
            R"({"request_body_sha256":")" + base64(test::digest_of("SHA256", "{}")) + "\"}", "", &k);
        return judge(made("fusionauth", &keys, {}, {{"jwks_url", "https://auth.example.com/jwks"}}), m);
    };
    const auto& ed = key_pair::of(key_type::ed25519);
    CHECK(signed_by("ES256", ec) == outcome::invalid);
    keys.answer = found(ec);
    CHECK(signed_by("ES256", ec) == outcome::accepted);
    CHECK(signed_by("RS256", rsa) == outcome::invalid);
    keys.answer = found(ed);
    CHECK(signed_by("EdDSA", ed) == outcome::accepted);
    CHECK(signed_by("ES256", ec) == outcome::invalid);
    for (const char* bad : {"http://auth.example.com/jwks", "https://{kid}/jwks",
                            "https://{kid}.example.com/", "https://auth.example.com:{kid}"})
        CHECK_FALSE(test::make_verifier("fusionauth", {}, {.named = {{"jwks_url", bad}}}).has_value());
    CHECK(test::make_verifier("fusionauth", {}, {.named = {{"jwks_url", "https://a.example.com/{kid}"}}})
              .has_value());
    keys.answer = {key_answer::state::not_yet, std::nullopt};
    CHECK(judge(made("fusionauth", &keys, {}, {{"jwks_url", "https://auth.example.com/jwks"}}), m) ==
          outcome::key_pending);
    CHECK(judge(made("fusionauth", nullptr), m) == outcome::invalid);
}

TEST_CASE("keys: host patterns") {
    CHECK(host_allowed("a.paypal.com", "*.paypal.com"));
    CHECK(host_allowed("A.B.PayPal.com", "*.paypal.com"));
    CHECK_FALSE(host_allowed("paypal.com", "*.paypal.com"));
    CHECK_FALSE(host_allowed(".paypal.com", "*.paypal.com"));
    CHECK_FALSE(host_allowed("a..paypal.com", "*.paypal.com"));
    CHECK_FALSE(host_allowed("a.paypal.com.", "*.paypal.com"));
    CHECK_FALSE(host_allowed("a.paypal.comx", "*.paypal.com"));
    CHECK(host_allowed("keys.example", "one.example keys.example"));
    CHECK_FALSE(host_allowed("keys.example", ""));
    CHECK_FALSE(host_allowed("", "*.paypal.com"));
    for (const char* good : {"us-east-1", "ap-southeast-10", "us-gov-west-1", "cn-north-1"})
        CHECK(host_allowed(std::string{"sns."} + good + ".amazonaws.com", "sns.<region>.amazonaws.com"));
    for (const char* bad : {"us-east", "useast1", "us-east-1-x", "us-east-123", "-us-east-1", "us--1",
                            "u-east-1", "us-1", "us-east-1.evil", "us-EAST-1", "us-east-a1"})
        CHECK_FALSE(host_allowed(std::string{"sns."} + bad + ".amazonaws.com", "sns.<region>.amazonaws.com"));
    CHECK(url_allowed("https://a.b/", "a.b"));
    CHECK(url_allowed("https://a.b:443/x", "a.b"));
    CHECK_FALSE(url_allowed("https://a.b", "a.b"));
    CHECK_FALSE(url_allowed("https://a.b?x", "a.b"));
    CHECK_FALSE(url_allowed("https://a.b:444/", "a.b"));
    CHECK_FALSE(url_allowed("https://a.b/#f", "a.b"));
    CHECK_FALSE(url_allowed("https://u:p@a.b/", "a.b"));
    CHECK_FALSE(url_allowed("https://a.b/x y", "a.b"));
    CHECK_FALSE(url_allowed("https://a.b/" + std::string(1024 - 12, 'x') + "y", "a.b"));
    CHECK(url_allowed("https://a.b/" + std::string(1024 - 12, 'x'), "a.b"));
    CHECK(is_safe_key_id(std::string(128, 'k')));
    CHECK_FALSE(is_safe_key_id(std::string(129, 'k')));
}
