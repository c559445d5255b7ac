// The mistakes that other systems have made.
#include "engine/base/encoding.hpp"
#include "tests/support/signing.hpp"
#include "tests/unit/handlers/signatures/sender.hpp"

#include <doctest/doctest.h>

using namespace mira;
using namespace mira::signatures;
using mira::test::base64;
using mira::test::hex;
using mira::test::hmac_of;
using mira::test::key_pair;
using mira::test::key_type;
using mira::test::message;
using mira::test::viewed;

namespace {

verdict judge(const std::shared_ptr<const verifier>& v, const message& m) {
    return v->check(viewed{m}.get());
}

std::shared_ptr<const verifier> made(std::string_view scheme, std::initializer_list<std::string_view> secrets,
                                     verifier_options o = {}) {
    std::vector<configured_secret> list;
    for (const auto s : secrets) list.push_back(test::secret(s));
    const auto v = test::make_verifier(scheme, list, std::move(o));
    REQUIRE(v.has_value());
    return *v;
}

message standard(std::string signature) {
    message m;
    m.body = "{}";
    m.headers = {{"webhook-id", "m1"},
                 {"webhook-timestamp", "1700000000"},
                 {"webhook-signature", std::move(signature)}};
    return m;
}

const std::string raw_key = "a-key-of-twenty-four-by!";
const std::string shared = "whsec_" + base64(raw_key);
const std::string text_of_standard = "m1.1700000000.{}";
std::string v1() { return "v1," + base64(hmac_of("SHA256", raw_key, text_of_standard)); }
std::string v1a() { return "v1a," + base64(key_pair::of(key_type::ed25519).sign(nullptr, text_of_standard)); }
std::string public_secret() { return "whpk_" + base64(key_pair::of(key_type::ed25519).raw_public()); }

} // namespace

TEST_CASE("traps: v1 does not pass where only v1a was asked for, nor the other way") {
    const auto only_public = made("standard-webhooks", {public_secret()});
    CHECK(judge(only_public, standard(v1a())).accepted());
    CHECK(judge(only_public, standard(v1())).result == outcome::invalid);
    CHECK(judge(only_public, standard(v1() + " " + v1a())).accepted());
    const auto only_shared = made("standard-webhooks", {shared});
    CHECK(judge(only_shared, standard(v1a())).result == outcome::invalid);
    CHECK(judge(only_shared, standard(v1())).accepted());
    // The public key's text, known to all, as the key of an HMAC.
    const auto forged =
        "v1," + base64(hmac_of("SHA256", key_pair::of(key_type::ed25519).raw_public(), text_of_standard));
    CHECK(judge(only_public, standard(forged)).result == outcome::invalid);
    const auto explicit_public = made("standard-webhooks-ed25519", {public_secret()});
    CHECK(judge(explicit_public, standard(v1a())).accepted());
    CHECK(judge(explicit_public, standard(v1())).result == outcome::invalid);
    CHECK_FALSE(test::make_verifier("standard-webhooks-ed25519", {test::secret(shared)}).has_value());
}

TEST_CASE("traps: secrets of both kinds stand side by side, each under its index") {
    const auto both = made("standard-webhooks", {public_secret(), shared});
    CHECK(both->needs_whole_body());
    const verdict a = judge(both, standard(v1a())), b = judge(both, standard(v1()));
    CHECK(a.accepted());
    CHECK(a.secret == 0);
    CHECK(b.accepted());
    CHECK(b.secret == 1);
    const auto& pair = key_pair::of(key_type::ed25519);
    const auto key_pair_secret =
        made("standard-webhooks", {"whsk_" + base64(pair.raw_seed() + pair.raw_public())});
    CHECK(judge(key_pair_secret, standard(v1a())).accepted());
}

TEST_CASE("traps: lists take any signature of a known version and skip the unknown") {
    const auto v = made("standard-webhooks", {shared});
    const std::string wrong = "v1," + base64(std::string(32, 'x'));
    CHECK(judge(v, standard(wrong + " " + v1())).accepted());
    CHECK(judge(v, standard("v2,whatever " + v1() + " v1a,???")).accepted());
    CHECK(judge(v, standard("v2,whatever")).result == outcome::invalid);
    CHECK(judge(v, standard(wrong)).result == outcome::invalid);
    CHECK(judge(v, standard(v1() + " v1,not-base64")).result == outcome::invalid);
    std::string many = v1();
    for (int i = 0; i < 103; ++i) many = wrong + " " + many;
    CHECK(judge(v, standard(many)).accepted()); // 104 of 32 bytes is all there is room for
    CHECK(judge(v, standard(wrong + " " + many)).result == outcome::invalid);
}

TEST_CASE("traps: an id with a dot would make two requests of one message") {
    const auto v = made("standard-webhooks", {shared});
    message m;
    m.headers = {{"webhook-id", "m1"}, {"webhook-timestamp", "1700000000"}, {"webhook-signature", ""}};
    m.body = "1700000000.{}";
    m.headers[2].second = "v1," + base64(hmac_of("SHA256", raw_key, "m1.1700000000.1700000000.{}"));
    CHECK(judge(v, m).accepted());
    m.headers[0].second = "m1.1700000000";
    m.body = "{}";
    CHECK(judge(v, m).result == outcome::invalid);
    m.headers[0].second = std::string(257, 'i');
    m.headers[2].second = "v1," + base64(hmac_of("SHA256", raw_key, m.headers[0].second + ".1700000000.{}"));
    CHECK(judge(v, m).result == outcome::invalid);
    m.headers[0].second = std::string(256, 'i');
    m.headers[2].second = "v1," + base64(hmac_of("SHA256", raw_key, m.headers[0].second + ".1700000000.{}"));
    CHECK(judge(v, m).accepted());
}

TEST_CASE(
    "traps: whsec_ is the key itself for Stripe, base64 for Standard Webhooks, and Polar's secret is raw") {
    message m;
    m.body = "{}";
    m.headers = {{"Stripe-Signature", "t=1700000000,v1=" + hex(hmac_of("SHA256", shared, "1700000000.{}"))}};
    CHECK(judge(made("stripe", {shared}), m).accepted());
    m.headers = {{"Stripe-Signature", "t=1700000000,v1=" + hex(hmac_of("SHA256", raw_key, "1700000000.{}"))}};
    CHECK(judge(made("stripe", {shared}), m).result == outcome::invalid);
    const auto polar = made("polar", {"whsec_literal"});
    CHECK(judge(polar, standard("v1," + base64(hmac_of("SHA256", "whsec_literal", text_of_standard))))
              .accepted());
    const auto bad =
        test::make_verifier("standard-webhooks", {test::secret(shared), test::secret("whsec_not!base64")},
                            {.where = "sources[3]"});
    REQUIRE_FALSE(bad.has_value());
    REQUIRE(bad.error().size() == 1);
    CHECK(bad.error()[0].where == "sources[3].secrets[1]");
    CHECK(bad.error()[0].what.find("base64") != std::string::npos);
    CHECK(bad.error()[0].what.find("not!base64") == std::string::npos);
}

TEST_CASE("traps: Stripe's v0 counts for nothing and any v1 may match") {
    const auto v = made("stripe", {"whsec_x"});
    const std::string good = hex(hmac_of("SHA256", "whsec_x", "1700000000.{}"));
    const std::string bad(64, '0');
    const auto with = [&](const std::string& header) {
        message m;
        m.body = "{}";
        m.headers = {{"Stripe-Signature", header}};
        return judge(v, m).result;
    };
    CHECK(with("t=1700000000,v1=" + bad + ",v1=" + good + ",v0=" + bad) == outcome::accepted);
    CHECK(with("t=1700000000,v0=" + good) == outcome::invalid);
    CHECK(with("t=1700000000,v0=" + good + ",v1=" + bad) == outcome::invalid);
    CHECK(with("t=1700000000,t=1700000000,v1=" + good) == outcome::invalid);
    CHECK(with("t=1700000000,t=1600000000,v1=" + good) == outcome::invalid);
    CHECK(with("v1=" + good) == outcome::invalid);
    CHECK(with("t=1700000000") == outcome::invalid);
    CHECK(with("t=1700000000, v1=" + good) == outcome::accepted);
}

TEST_CASE("traps: a timestamp is digits of the right unit and nothing else") {
    const auto v = made("slack", {"s"});
    for (const std::string t :
         {"1700000000 ", "+1700000000", "-1700000000", "01700000000", "1700000000.0", "1700000000000",
          "0x65543F00", "1e9", "170000000", "", "99999999999999999999", "\xd9\xa1"}) {
        CAPTURE(t);
        message m;
        m.headers = {{"X-Slack-Request-Timestamp", t},
                     {"X-Slack-Signature", "v0=" + hex(hmac_of("SHA256", "s", "v0:" + t + ":"))}};
        CHECK(judge(v, m).result == outcome::invalid);
    }
}

TEST_CASE("traps: the timestamp and the shape are judged before any hash") {
    message m;
    m.headers = {{"X-Slack-Request-Timestamp", "1699990000"},
                 {"X-Slack-Signature", "v0=" + std::string(64, '0')}};
    const auto v = made("slack", {"s"});
    CHECK(judge(v, m).result == outcome::stale); // though the signature is wrong
    body_check b;
    const viewed r{m};
    const auto early = b.begin(*v, r.get());
    REQUIRE(early);
    CHECK(early->result == outcome::stale);
}

TEST_CASE("traps: absent is 401, wrong is 403, and no secret refuses") {
    message m;
    m.body = "{}";
    CHECK(judge(made("github", {"s"}), m).result == outcome::missing);
    CHECK(judge(made("github", {}), m).result == outcome::missing);
    m.headers = {{"X-Hub-Signature-256", "sha256=" + hex(hmac_of("SHA256", "", "{}"))}};
    CHECK(judge(made("github", {}), m).result == outcome::invalid); // not an empty key
    const auto bad = test::make_verifier("github", {test::secret("")});
    REQUIRE_FALSE(bad.has_value());
    CHECK(bad.error()[0].what == "the secret is empty");
    // The old header beside a wrong new one helps nobody.
    m.headers = {{"X-Hub-Signature-256", "sha256=" + std::string(64, '0')},
                 {"X-Hub-Signature", "sha1=" + hex(hmac_of("SHA1", "s", "{}"))}};
    CHECK(judge(made("github", {"s"}), m).result == outcome::invalid);
}

TEST_CASE("traps: raw bytes are signed, not what JSON would make of them") {
    const std::string body = "{\"a\":1.10,\"b\":\"\\u00e9\xc3\xa9\"}\r\n\0tail";
    message m;
    m.body = body + std::string("\0\xff", 2);
    m.headers = {{"X-Hub-Signature-256", "sha256=" + hex(hmac_of("SHA256", "s", m.body))}};
    CHECK(judge(made("github", {"s"}), m).accepted());
}

TEST_CASE("traps: at most eight secrets") {
    std::vector<configured_secret> list(8, test::secret("s"));
    CHECK(test::make_verifier("github", list).has_value());
    list.push_back(test::secret("s"));
    const auto nine = test::make_verifier("github", list);
    REQUIRE_FALSE(nine.has_value());
    CHECK(nine.error()[0].what.find("at most 8") != std::string::npos);
}

TEST_CASE("traps: the signed URL is the registered one, not what a stranger's header says") {
    message m;
    m.body = "{}";
    m.public_url.clear();
    m.headers = {{"X-Trello-Webhook", base64(hmac_of("SHA1", "s", "{}https://evil.example/webhook/acme/in"))},
                 {"X-Forwarded-Host", "evil.example"},
                 {"X-Forwarded-Proto", "https"}};
    CHECK(judge(made("trello", {"s"}), m).result == outcome::invalid);
    m.headers[0].second = base64(hmac_of("SHA1", "s", "{}https://hooks.example.com/t"));
    CHECK(judge(made("trello", {"s"}), m).result == outcome::invalid); // nobody said what the URL is
    CHECK(judge(made("trello", {"s"}, {.public_url = "https://hooks.example.com/t"}), m).accepted());
    // The request's query is part of it, unless the registered URL has its own.
    m.query = "a=1";
    m.headers[0].second = base64(hmac_of("SHA1", "s", "{}https://hooks.example.com/t?a=1"));
    CHECK(judge(made("trello", {"s"}, {.public_url = "https://hooks.example.com/t"}), m).accepted());
    CHECK(judge(made("trello", {"s"}, {.public_url = "https://hooks.example.com/t?a=1"}), m).accepted());
    CHECK(judge(made("trello", {"s"}, {.public_url = "https://hooks.example.com/t?a=2"}), m).result ==
          outcome::invalid);
    m.public_url = "https://elsewhere.example/t"; // the option wins
    CHECK(judge(made("trello", {"s"}, {.public_url = "https://hooks.example.com/t"}), m).accepted());
    // What does not fit behind the body is refused, not cut.
    const std::string at_limit = "https://h.example/" + std::string(2048 - 18, 'u'), beyond = at_limit + "u";
    m.query.clear();
    m.headers[0].second = base64(hmac_of("SHA1", "s", "{}" + at_limit));
    CHECK(judge(made("trello", {"s"}, {.public_url = at_limit}), m).accepted());
    m.headers[0].second = base64(hmac_of("SHA1", "s", "{}" + beyond));
    CHECK(judge(made("trello", {"s"}, {.public_url = beyond}), m).result == outcome::invalid);
}

TEST_CASE("traps: HubSpot signs the URL with some codes decoded") {
    const auto v = made("hubspot", {"s"});
    message m;
    m.public_url = "https://h.example/x%3Ay%20z%2fa%41";
    m.headers = {{"X-HubSpot-Signature-v3",
                  base64(hmac_of("SHA256", "s", "POSThttps://h.example/x:y%20z/a%411700000000000"))},
                 {"X-HubSpot-Request-Timestamp", "1700000000000"}};
    CHECK(judge(v, m).accepted());
}

TEST_CASE("traps: Twilio: port, doubled parameters, JSON by its hash, and nothing unsigned") {
    const auto v = made("twilio", {"tok"});
    const auto sign = [](const std::string& text) { return base64(hmac_of("SHA1", "tok", text)); };
    message m;
    m.headers = {{"X-Twilio-Signature", sign("https://hooks.example.com:443/webhook/acme/inA1")},
                 {"Content-Type", "application/x-www-form-urlencoded"}};
    m.body = "A=1";
    CHECK(judge(v, m).accepted());
    m.headers[0].second = sign("https://hooks.example.com:8443/webhook/acme/inA1");
    CHECK(judge(v, m).result == outcome::invalid);
    m.public_url = "https://hooks.example.com:443/webhook/acme/in";
    m.headers[0].second = sign("https://hooks.example.com/webhook/acme/inA1");
    CHECK(judge(v, m).accepted());
    m.public_url = "https://hooks.example.com/webhook/acme/in";
    m.body = "b=2&A=2&A=1&A=2&c=%2B+x";
    m.headers[0].second = sign("https://hooks.example.com/webhook/acme/inA1A2b2c+ x");
    CHECK(judge(v, m).accepted());

    m.body = R"({"a":1})";
    m.headers[0].second = sign("https://hooks.example.com/webhook/acme/in");
    m.headers[1].second = "application/json";
    CHECK(judge(v, m).result == outcome::invalid); // a JSON body that nothing covers
    m.query = "bodySHA256=" + hex(test::digest_of("SHA256", m.body));
    m.headers[0].second = sign("https://hooks.example.com/webhook/acme/in?" + m.query);
    CHECK(judge(v, m).accepted());
    m.body = R"({"a":2})";
    CHECK(judge(v, m).result == outcome::invalid);
    m.body.clear();
    m.query = "x=1";
    m.headers[0].second = sign("https://hooks.example.com/webhook/acme/in?x=1");
    CHECK(judge(v, m).accepted()); // a GET has no body
}

TEST_CASE("traps: rotation within one header, as each provider writes it") {
    const std::string good = hex(hmac_of("SHA256", "s", "1700000000.{}")), bad(64, '0');
    message m;
    m.body = "{}";
    m.headers = {{"Persona-Signature", "t=1700000000,v1=" + bad + " t=1700000000,v1=" + good}};
    CHECK(judge(made("persona", {"s"}), m).accepted());
    m.headers = {{"Persona-Signature", "t=1700000001,v1=" + bad + " t=1700000000,v1=" + good}};
    CHECK(judge(made("persona", {"s"}), m).result == outcome::invalid);
    m.headers = {{"Synctera-Signature", bad + "." + good}, {"Request-Timestamp", "1700000000"}};
    CHECK(judge(made("synctera", {"s"}), m).accepted());
    m.headers = {{"BridgeApi-Signature", "v1=" + hex(std::string(32, 'x'), true) +
                                             ", v1=" + hex(hmac_of("SHA256", "s", "{}"), true)}};
    CHECK(judge(made("bridge-api", {"s"}), m).accepted());
    m.headers = {{"Paddle-Signature",
                  "ts=1700000000;h1=" + bad + ";h1=" + hex(hmac_of("SHA256", "s", "1700000000:{}"))}};
    CHECK(judge(made("paddle", {"s"}), m).accepted());
    m.headers = {{"X-DocuSign-Signature-2", base64(hmac_of("SHA256", "s", "{}"))},
                 {"X-DocuSign-Signature-1", base64(std::string(32, 'x'))}};
    CHECK(judge(made("docusign", {"s"}), m).accepted());
    m.headers = {{"X-DocuSign-Signature-101", base64(hmac_of("SHA256", "s", "{}"))}};
    CHECK(judge(made("docusign", {"s"}), m).result == outcome::missing);
    m.headers = {{"X-DocuSign-Signature-100", base64(hmac_of("SHA256", "s", "{}"))}};
    CHECK(judge(made("docusign", {"s"}), m).accepted());
}

TEST_CASE("traps: SNS: which fields, which hash") {
    const auto& rsa = key_pair::of(key_type::rsa);
    auto v = made("sns", {rsa.public_pem()}, {.named = {{"topic_arn", "s, t"}}});
    const auto body = [&](const char* version, const char* digest, const std::string& more,
                          const std::string& text) {
        message m;
        m.body =
            std::string{
                R"({"Message":"hi","MessageId":"i","Timestamp":"2023-11-14T22:13:20.000Z","TopicArn":"t",)"} +
            more + R"("SignatureVersion":")" + version +
            R"(","SigningCertURL":"https://sns.us-east-1.amazonaws.com/x.pem","Signature":")" +
            base64(rsa.sign(digest, text)) + "\"}";
        return judge(v, m).result;
    };
    const std::string notice =
        "Message\nhi\nMessageId\ni\nTimestamp\n2023-11-14T22:13:20.000Z\nTopicArn\nt\nType\nNotification\n";
    const std::string titled = "Message\nhi\nMessageId\ni\nSubject\nS\nTimestamp\n2023-11-14T22:13:20."
                               "000Z\nTopicArn\nt\nType\nNotification\n";
    const std::string confirm = "Message\nhi\nMessageId\ni\nSubscribeURL\nu\nTimestamp\n2023-11-14T22:13:20."
                                "000Z\nToken\nk\nTopicArn\nt\nType\n"
                                "SubscriptionConfirmation\n";
    CHECK(body("1", "SHA1", R"("Type":"Notification",)", notice) == outcome::accepted);
    CHECK(body("2", "SHA256", R"("Type":"Notification",)", notice) == outcome::accepted);
    CHECK(body("2", "SHA1", R"("Type":"Notification",)", notice) == outcome::invalid);
    CHECK(body("3", "SHA256", R"("Type":"Notification",)", notice) == outcome::invalid);
    CHECK(body("2", "SHA256", R"("Type":"Notification","Subject":"S",)", titled) == outcome::accepted);
    CHECK(body("2", "SHA256", R"("Type":"Notification","Subject":"S",)", notice) == outcome::invalid);
    CHECK(body("2", "SHA256", R"("Type":"SubscriptionConfirmation","SubscribeURL":"u","Token":"k",)",
               confirm) == outcome::accepted);
    CHECK(body("2", "SHA256", R"("Type":"SubscriptionConfirmation","Token":"k",)", confirm) ==
          outcome::invalid);
    CHECK(body("2", "SHA256", R"("Type":"Other",)", notice) == outcome::invalid);
    // Amazon signs for every customer's topics.
    for (const char* others : {"s", "tt", "T", "s,t2"}) {
        CAPTURE(others);
        v = made("sns", {rsa.public_pem()}, {.named = {{"topic_arn", others}}});
        CHECK(body("2", "SHA256", R"("Type":"Notification",)", notice) == outcome::invalid);
    }
    CHECK_FALSE(test::make_verifier("sns", {}, {}).has_value());
}

TEST_CASE("traps: values that are signed without a separator must all be there") {
    message m;
    m.body = R"({"obj":{"id":1}})";
    m.query = "hmac=" + hex(hmac_of("SHA512", "s", "1"));
    CHECK(judge(made("paymob", {"s"}), m).result == outcome::invalid);
    m.headers = {{"gt-authentication", hex(test::digest_of("SHA384", "1s"))}};
    m.body = R"({"merchant_id":1})";
    CHECK(judge(made("praxis", {"s"}), m).result == outcome::invalid);
}

TEST_CASE("traps: options: unknown and missing ones are errors that help") {
    CHECK_FALSE(
        test::make_verifier("nobody", {test::secret("s")}).has_value()); // an unknown scheme verifies nothing
    const auto missing = test::make_verifier("paypal", {});
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error()[0].what == "the scheme paypal needs the option \"webhook_id\"");
    const auto unknown = test::make_verifier("github", {}, {.named = {{"webhok_id", "1"}}});
    REQUIRE_FALSE(unknown.has_value());
    CHECK(unknown.error()[0].what == "the scheme github has no option \"webhok_id\"; it knows none");
    CHECK_FALSE(test::make_verifier("github", {}, {.public_url = "hooks.example.com"}).has_value());
    CHECK_FALSE(test::make_verifier("github", {}, {.delivery_id = "not a header"}).has_value());
    CHECK_FALSE(test::make_verifier("github", {}, {.event_type = "/a~2"}).has_value());
    CHECK_FALSE(test::make_verifier("hmac", {}, {.named = {{"hash", "md5"}}}).has_value());
    CHECK_FALSE(test::make_verifier("hmac", {}, {.named = {{"encoding", "rot13"}}}).has_value());
    CHECK_FALSE(
        test::make_verifier("jwt", {}, {.named = {{"jwks_url", "http://keys.example/jwks"}}}).has_value());
    CHECK_FALSE(test::make_verifier("gemini-dynamic", {}).has_value()); // any token of Google's would pass
}

TEST_CASE("traps: hmac from options") {
    message m;
    m.body = "{}";
    m.headers = {{"X-My-Sig", "s1=" + base64(hmac_of("SHA512", "s", "{}"))}};
    const auto v = made(
        "hmac", {"s"},
        {.named = {{"header", "X-My-Sig"}, {"prefix", "s1="}, {"encoding", "base64"}, {"hash", "sha512"}}});
    CHECK(judge(v, m).accepted());
    m.headers[0].first = "X-Signature";
    CHECK(judge(v, m).result == outcome::missing);
}
