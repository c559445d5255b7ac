// Known answers from the providers' public documents and libraries.
#include "engine/base/encoding.hpp"
#include "tests/unit/handlers/signatures/sender.hpp"

#include <doctest/doctest.h>

using namespace mira;
using namespace mira::signatures;
using mira::test::message;
using mira::test::viewed;

namespace {

verdict judge(std::string_view scheme, std::string_view secret, const message& m, verifier_options o = {}) {
    const auto v = test::make_verifier(scheme, {test::secret(secret)}, std::move(o));
    REQUIRE(v.has_value());
    return (*v)->check(viewed{m}.get());
}
wall_time at(std::int64_t s) { return wall_time{seconds{s}}; }

} // namespace

// docs.github.com, "Validating webhook deliveries", "Testing the webhook payload validation".
TEST_CASE("known answers: GitHub") {
    message m;
    m.body = "Hello, World!";
    m.headers = {
        {"X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}};
    CHECK(judge("github", "It's a Secret to Everybody", m).accepted());
    m.body = "Hello, World?";
    CHECK(judge("github", "It's a Secret to Everybody", m).result == outcome::invalid);
}

// docs.svix.com, "How to verify webhooks manually"; the same vector is in Standard Webhooks' libraries.
TEST_CASE("known answers: Svix and Standard Webhooks") {
    message m;
    m.body = R"({"test": 2432232314})";
    m.now = at(1614265330);
    m.headers = {{"svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
                 {"svix-timestamp", "1614265330"},
                 {"svix-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}};
    CHECK(judge("svix", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", m).accepted());
    CHECK(judge("clerk", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", m).accepted()); // without the prefix
    for (auto& [name, value] : m.headers) name.replace(0, 4, "webhook");
    CHECK(judge("standard-webhooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", m).accepted());
    CHECK(judge("svix", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", m).accepted()); // under either set of names
}

// api.slack.com, "Verifying requests from Slack".
TEST_CASE("known answers: Slack") {
    message m;
    m.body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
             "channel_name=foobar&user_id="
             "U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%"
             "2Fhooks.slack.com%2Fcommands%2FT1DC2J"
             "H3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121."
             "803a0bc887a14d10d2c447fce8b6703c";
    m.now = at(1531420618);
    m.headers = {
        {"X-Slack-Request-Timestamp", "1531420618"},
        {"X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"}};
    CHECK(judge("slack", "8f742231b10e8888abcd99yyyzzz85a5", m).accepted());
}

// www.twilio.com/docs/usage/security, "Validating signatures from Twilio".
TEST_CASE("known answers: Twilio") {
    message m;
    m.public_url = "https://mycompany.com/myapp.php";
    m.query = "foo=1&bar=2";
    m.body =
        "Digits=1234&To=%2B18005551212&From=%2B14158675310&Caller=%2B14158675310&CallSid=CA1234567890ABCDE";
    m.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                 {"X-Twilio-Signature", "GvWf1cFY/Q7PnoempGyD5oXAezc="}};
    // The result of Twilio's own library for this request and the token 12345.
    CHECK(judge("twilio", "12345", m).accepted());
    m.query = "foo=1&bar=3";
    CHECK(judge("twilio", "12345", m).result == outcome::invalid);
}

// The tests of HubSpot's client library.
TEST_CASE("known answers: HubSpot versions 1 and 2") {
    const std::string secret = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
    message m;
    m.public_url = "https://www.example.com/webhook_uri";
    m.body =
        R"([{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}])";
    m.headers = {{"X-HubSpot-Signature", "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"}};
    CHECK(judge("hubspot-v1", secret, m).accepted());
    CHECK(judge("hubspot-v2", secret, m).result == outcome::invalid);
    m.body = R"({"example_field":"example_value"})";
    m.headers = {{"X-HubSpot-Signature", "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"}};
    CHECK(judge("hubspot-v2", secret, m).accepted());
    m.body.clear();
    m.verb = http::method::get;
    m.method = "GET";
    m.headers = {{"X-HubSpot-Signature", "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"}};
    CHECK(judge("hubspot-v2", secret, m).accepted());
}
