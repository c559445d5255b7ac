#include "tests/support/signing.hpp"
#include "tests/unit/handlers/signatures/sender.hpp"

#include <doctest/doctest.h>

using namespace mira;
using namespace mira::signatures;
using mira::test::base64;
using mira::test::hex;
using mira::test::hmac_of;
using mira::test::message;
using mira::test::viewed;

namespace {

std::shared_ptr<const verifier> made(std::string_view scheme, verifier_options o = {},
                                     std::string_view secret = "s3cret") {
    std::vector<configured_secret> secrets;
    if (!secret.empty()) secrets.push_back(test::secret(secret));
    const auto v = test::make_verifier(scheme, secrets, std::move(o));
    REQUIRE(v.has_value());
    return *v;
}
message get(std::string query) {
    message m;
    m.verb = http::method::get;
    m.method = "GET";
    m.query = std::move(query);
    return m;
}
message post(std::string body) {
    message m;
    m.body = std::move(body);
    return m;
}
std::optional<reply> plainly(const std::shared_ptr<const verifier>& v, const message& m) {
    return v->answer_unsigned(viewed{m}.get());
}
std::optional<reply> genuinely(const std::shared_ptr<const verifier>& v, const message& m) {
    return v->answer_signed(viewed{m}.get());
}
std::string body_of(const std::optional<reply>& r) { return r ? r->body : "(no reply)"; }
std::string header_of(const reply& r, std::string_view name) {
    for (const auto& [n, v] : r.headers)
        if (n == name) return v;
    return "";
}

} // namespace

TEST_CASE("handshake: schemes without one open POST only and answer nothing") {
    const auto v = made("github");
    CHECK(v->wants(http::method::post));
    CHECK_FALSE(v->wants(http::method::get));
    CHECK_FALSE(v->wants(http::method::head));
    CHECK_FALSE(v->wants(http::method::put));
    CHECK_FALSE(plainly(v, get("challenge=x")));
    CHECK_FALSE(plainly(v, post(R"({"challenge":"x"})")));
    CHECK_FALSE(genuinely(v, post(R"({"type":"url_verification","challenge":"x"})")));
}

TEST_CASE("handshake: HEAD and GET that only want a 200") {
    message head;
    head.verb = http::method::head;
    for (const char* s : {"trello", "intercom", "circle"}) {
        const auto v = made(s, {}, "");
        CHECK(v->wants(http::method::head));
        const auto a = plainly(v, head);
        REQUIRE(a);
        CHECK(a->status == 200);
        CHECK(a->body.empty());
        CHECK_FALSE(plainly(v, post("{}")));
    }
    CHECK(plainly(made("mailchimp"), get(""))->status == 200);
}

TEST_CASE("handshake: echoes are plain text, bounded and clean") {
    const auto v = made("nylas");
    CHECK(v->wants(http::method::get));
    const auto a = plainly(v, get("challenge=abc-123"));
    REQUIRE(a);
    CHECK(a->status == 200);
    CHECK(a->body == "abc-123");
    CHECK(a->content_type == "text/plain; charset=utf-8");
    CHECK(header_of(*a, "X-Content-Type-Options") == "nosniff");
    CHECK(body_of(plainly(v, get("challenge=" + std::string(1024, 'c')))) == std::string(1024, 'c'));
    for (const std::string& bad :
         {"challenge=" + std::string(1025, 'c'), std::string{"challenge=%3Cscript%3E"},
          std::string{"challenge=a%0d%0aX-Y:z"}, std::string{"challenge=%ff"}, std::string{"challenge="},
          std::string{"challenge=a&challenge=b"}, std::string{"other=1"}, std::string{"challenge=%zz"},
          std::string{}})
        CHECK_FALSE(plainly(v, get(bad)));
    CHECK_FALSE(plainly(v, post("{}")));
}

TEST_CASE("handshake: Meta and Strava subscribe with a verify token") {
    const auto meta = made("meta", {.named = {{"verify_token", "vt"}}});
    CHECK(body_of(plainly(meta, get("hub.mode=subscribe&hub.verify_token=vt&hub.challenge=1158201444"))) ==
          "1158201444");
    CHECK(plainly(meta, get("hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1"))->status == 403);
    CHECK(plainly(meta, get("hub.mode=subscribe&hub.challenge=1"))->status == 403);
    CHECK_FALSE(plainly(meta, get("hub.mode=unsubscribe&hub.verify_token=vt&hub.challenge=1")));
    CHECK(plainly(made("meta"), get("hub.mode=subscribe&hub.verify_token=&hub.challenge=1"))->status ==
          403); // none is configured
    const auto strava = made("strava", {.named = {{"verify_token", "vt"}}});
    const auto a = plainly(
        strava, get("hub.mode=subscribe&hub.verify_token=vt&hub.challenge=15f7d1a91c1f40f8a748fd134752feb3"));
    CHECK(body_of(a) == R"({"hub.challenge":"15f7d1a91c1f40f8a748fd134752feb3"})");
    CHECK(a->content_type == "application/json");
}

TEST_CASE("handshake: Oura, Okta, eBay") {
    CHECK(body_of(plainly(made("oura", {.named = {{"verify_token", "vt"}}}),
                          get("verification_token=vt&challenge=c1"))) == R"({"challenge":"c1"})");
    CHECK(
        plainly(made("oura", {.named = {{"verify_token", "vt"}}}), get("verification_token=no&challenge=c1"))
            ->status == 403);
    message m = get("");
    m.headers = {{"X-Okta-Verification-Challenge", "abc\"d"}};
    CHECK(body_of(plainly(made("okta"), m)) == R"({"verification":"abc\"d"})");
    m.headers.push_back(m.headers[0]);
    CHECK_FALSE(plainly(made("okta"), m));
    const auto ebay =
        made("ebay", {.public_url = "https://h.example/e", .named = {{"verification_token", "tok"}}}, "");
    CHECK(body_of(plainly(ebay, get("challenge_code=c0de"))) ==
          R"({"challengeResponse":")" + hex(test::digest_of("SHA256", "c0detokhttps://h.example/e")) + "\"}");
    CHECK_FALSE(plainly(made("ebay", {}, ""), get("challenge_code=c0de")));
}

TEST_CASE("handshake: Twitter and LinkedIn are signed for, but never a text that could be an event") {
    const auto twitter = made("twitter");
    CHECK(body_of(plainly(twitter, get("crc_token=abc_-1%3D"))) ==
          "{\"response_token\":\"sha256=" + base64(hmac_of("SHA256", "s3cret", "abc_-1=")) + "\"}");
    for (const char* forged : {"%7B%22a%22:1%7D", "[]", "%22x%22", "a%20b", ""})
        CHECK_FALSE(plainly(twitter, get(std::string{"crc_token="} + forged)));
    CHECK_FALSE(plainly(made("twitter", {}, ""), get("crc_token=abc"))); // nothing to sign with
    const auto linkedin = made("linkedin");
    const std::string code = "890e4665-4dfe-4ab1-b689-ed553bceeed0";
    CHECK(body_of(plainly(linkedin, get("challengeCode=" + code))) ==
          "{\"challengeCode\":\"" + code + "\",\"challengeResponse\":\"" +
              hex(hmac_of("SHA256", "s3cret", code)) + "\"}");
    CHECK_FALSE(plainly(linkedin, get("challengeCode=hmacsha256%3D12")));
    CHECK_FALSE(plainly(linkedin, get("challengeCode=hmacsha256%3D%7B%7D")));
}

TEST_CASE("handshake: Microsoft Graph and SharePoint echo a token of the query") {
    message m;
    m.query = "validationToken=Validation%3A+Testing+client+application";
    CHECK(body_of(plainly(made("microsoft-graph"), m)) == "Validation: Testing client application");
    CHECK_FALSE(plainly(made("sharepoint"), m));
    m.query = "validationtoken=abc";
    CHECK(body_of(plainly(made("sharepoint"), m)) == "abc");
    m.query.clear();
    CHECK_FALSE(plainly(made("sharepoint"), m));
}

TEST_CASE("handshake: keys handed over: Asana, Clio, Notion") {
    for (const char* s : {"asana", "clio"}) {
        message m = post("");
        m.headers = {{"X-Hook-Secret", "b537207f20cbfa02357cf448134da559"}};
        const auto a = plainly(made(s, {}, ""), m);
        REQUIRE(a);
        CHECK(header_of(*a, "X-Hook-Secret") == "b537207f20cbfa02357cf448134da559");
        CHECK(a->learned_secret == "b537207f20cbfa02357cf448134da559");
        m.headers.push_back({"X-Hook-Signature", "00"});
        CHECK_FALSE(plainly(made(s, {}, ""), m)); // an event, whatever else it carries
    }
    const auto a = plainly(made("notion", {}, ""), post(R"({"verification_token":"secret_abc"})"));
    REQUIRE(a);
    CHECK(a->learned_secret == "secret_abc");
    CHECK(a->status == 200);
    CHECK_FALSE(
        plainly(made("notion"), post(R"({"verification_token":"secret_abc","type":"page.created"})")));
    CHECK_FALSE(plainly(made("notion"), post(R"({"type":"page.created"})")));
}

TEST_CASE("handshake: monday, RingCentral, Vercel") {
    const auto monday = made("monday");
    const auto a =
        plainly(monday, post(R"({"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"})"));
    CHECK(body_of(a) == R"({"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"})");
    CHECK_FALSE(plainly(monday, post(R"({"challenge":"c","event":{}})")));
    CHECK_FALSE(plainly(monday, post(R"({"event":{"challenge":"c"}})")));
    CHECK_FALSE(plainly(monday, post(R"({"challenge":7})")));
    CHECK_FALSE(plainly(monday, post("{\"challenge\":\"\\u0000\"}")));
    message with_token = post(R"({"challenge":"c"})");
    with_token.headers = {
        {"Authorization", "a.b.c"}}; // an app's webhooks bring their token with the challenge
    CHECK(body_of(plainly(monday, with_token)) == R"({"challenge":"c"})");
    CHECK(plainly(made("exact-online"), post(""))->status == 200);
    CHECK_FALSE(plainly(made("exact-online"), post("{}")));
    message m = post("");
    m.headers = {{"Validation-Token", "vt-1"}};
    CHECK(header_of(*plainly(made("ringcentral"), m), "Validation-Token") == "vt-1");
    const auto vercel = made("vercel", {.named = {{"verify_code", "code-1"}}});
    CHECK(header_of(*plainly(vercel, post("[]")), "x-vercel-verify") == "code-1");
    m.headers = {{"x-vercel-signature", "00"}};
    CHECK_FALSE(plainly(vercel, m));
    CHECK_FALSE(plainly(made("vercel"), post("[]")));
}

TEST_CASE("handshake: Slack, Zoom, Discord, Twitch, Front after verification") {
    const auto slack = made("slack");
    CHECK(body_of(genuinely(slack,
                            post(R"({"token":"t","challenge":"3eZbrw1aBm2r","type":"url_verification"})"))) ==
          "3eZbrw1aBm2r");
    CHECK_FALSE(
        genuinely(slack, post(R"({"type":"event_callback","text":"url_verification","challenge":"x"})")));
    CHECK_FALSE(plainly(slack, post(R"({"challenge":"x","type":"url_verification"})"))); // never unsigned
    const auto zoom = made("zoom");
    CHECK(
        body_of(genuinely(
            zoom,
            post(
                R"({"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event":"endpoint.url_validation"})"))) ==
        R"({"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":")" +
            hex(hmac_of("SHA256", "s3cret", "qgg8vlvZRS6UYooatFL8Aw")) + "\"}");
    CHECK_FALSE(genuinely(
        zoom, post(R"({"payload":{"plainToken":"v0:1700000000:{}"},"event":"endpoint.url_validation"})")));
    CHECK_FALSE(genuinely(zoom, post(R"({"event":"meeting.started","payload":{}})")));
    const auto discord = made("discord", {}, test::key_pair::of(test::key_type::ed25519).public_pem());
    CHECK(body_of(genuinely(discord, post(R"({"id":"1","type":1,"token":"t"})"))) == R"({"type":1})");
    CHECK(genuinely(discord, post(R"({"version":1,"application_id":"1","type":0})"))->status == 204);
    CHECK_FALSE(genuinely(discord, post(R"({"version":1,"type":1,"event":{"type":"X"}})")));
    CHECK_FALSE(genuinely(discord, post(R"({"type":2,"data":{"type":1}})")));
    const auto twitch = made("twitch");
    message m = post(R"({"challenge":"pogchamp-kappa-360noscope-vohiyo","subscription":{}})");
    CHECK_FALSE(genuinely(twitch, m));
    m.headers = {{"Twitch-Eventsub-Message-Type", "webhook_callback_verification"}};
    const auto a = genuinely(twitch, m);
    CHECK(body_of(a) == "pogchamp-kappa-360noscope-vohiyo");
    CHECK(a->content_type == "text/plain; charset=utf-8");
    m.headers = {{"X-Front-Challenge", "fc"}};
    CHECK(body_of(genuinely(made("front"), m)) == "fc");
}

TEST_CASE("handshake: SNS is told where to confirm, and only there") {
    const auto v =
        made("sns", {.named = {{"topic_arn", "t"}}}, test::key_pair::of(test::key_type::rsa).public_pem());
    const auto with = [&](const std::string& url) {
        return genuinely(v, post(R"({"Type":"SubscriptionConfirmation","SubscribeURL":")" + url + "\"}"));
    };
    const std::string url = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=1";
    REQUIRE(with(url));
    CHECK(with(url)->visit == url);
    CHECK_FALSE(with("https://169.254.169.254/latest/meta-data"));
    CHECK_FALSE(with("http://sns.us-east-1.amazonaws.com/"));
    CHECK_FALSE(genuinely(v, post(R"({"Type":"Notification","Message":"SubscriptionConfirmation"})")));
}

TEST_CASE("handshake: acknowledgements in the provider's form") {
    CHECK(made("adyen", {}, "00ff")->ack().body == "[accepted]");
    CHECK(made("shiphero")->ack().body == R"({"code":"200","Status":"Success"})");
    CHECK(made("airtable", {}, "QUJD")->ack().status == 200);
    CHECK(made("airtable", {}, "QUJD")->ack().body.empty());
    CHECK(made("github")->ack().status == 0);
    CHECK(made("salesforce")->ack().body.find("<Ack>true</Ack>") != std::string_view::npos);
    CHECK_FALSE(made("github")->acknowledge(viewed{post("{}")}.get()));
    message m = post("{}");
    m.headers = {{"x-GD-RequestId", "r-1"}};
    CHECK(header_of(*made("green-dot")->acknowledge(viewed{m}.get()), "x-GD-RequestId") == "r-1");
    const auto praxis = made("praxis")->acknowledge(viewed{m}.get());
    REQUIRE(praxis);
    CHECK(header_of(*praxis, "Gt-Authentication") == hex(test::digest_of("SHA384", "01700000000s3cret")));
    CHECK(made("github")->after_failure() == retries::never);
    CHECK(made("stripe")->after_failure() == retries::days);
}

TEST_CASE("handshake: delivery id and event type") {
    std::string room;
    message m = post(R"({"id":"evt_1","type":"charge.ok"})");
    m.headers = {{"X-GitHub-Delivery", "d-1"},
                 {"X-GitHub-Event", "push"},
                 {"webhook-id", "w-1"},
                 {"webhook-signature", "v1,x"},
                 {"X-Own", "o-1"}};
    const viewed r{m};
    CHECK(made("github")->delivery_id(r.get(), room) == "d-1");
    CHECK(made("github")->event_type(r.get(), room) == "push");
    CHECK(made("stripe")->delivery_id(r.get(), room) == "evt_1");
    CHECK(made("stripe")->event_type(r.get(), room) == "charge.ok");
    CHECK(made("svix", {}, "whsec_QUJD")->delivery_id(r.get(), room) ==
          "w-1"); // the names that it came under
    CHECK(made("github", {.delivery_id = "X-Own"})->delivery_id(r.get(), room) == "o-1");
    CHECK(made("github", {.delivery_id = "/id"})->delivery_id(r.get(), room) == "evt_1");
    CHECK(made("github", {.event_type = "/type"})->event_type(r.get(), room) == "charge.ok");
    CHECK_FALSE(made("slack")->delivery_id(r.get(), room));
    m.headers.push_back({"X-GitHub-Delivery", "d-2"});
    CHECK_FALSE(made("github")->delivery_id(viewed{m}.get(), room));
    m = post("type=subscribe&fired_at=x");
    CHECK(made("mailchimp")->event_type(viewed{m}.get(), room) == "subscribe");
}

TEST_CASE("handshakes: the id of a payment, a message or an object is not the id of an event") {
    std::string room;
    const auto id = [&](std::string_view scheme, const std::string& body, const std::string& query = "",
                        std::string_view secret = "s3cret") {
        message m = post(body);
        m.query = query;
        const auto found = made(scheme, {}, secret)->delivery_id(viewed{m}.get(), room);
        return std::string{found.value_or("")};
    };
    CHECK(id("mollie", "id=tr_1") == "");
    CHECK(id("postmark", R"({"RecordType":"Open","MessageID":"m-1"})", "", "user:pass") == "");
    CHECK(id("pipedrive", R"({"meta":{"v":1,"id":7,"action":"updated","object":"deal"}})", "", "user:pass") ==
          "");
    const auto adyen = [&](const std::string& signature) {
        return id("adyen",
                  R"({"notificationItems":[{"NotificationRequestItem":{"pspReference":"p","additionalData":)"
                  R"({"hmacSignature":")" +
                      signature + R"("}}}]})",
                  "", "0a1b2c3d");
    };
    CHECK(adyen("c2ln") == "c2ln");
    CHECK(id("paymob", R"({"type":"TRANSACTION","obj":{"id":7}})", "hmac=0a1b") == "0a1b");
}
