// HMAC over the raw body, without a timestamp: header, prefix, hash and encoding are all that differs.
#include "handlers/signatures/presets/presets.hpp"

#include <array>

namespace mira::signatures::presets {
namespace {

using crypto::hash;
constexpr auto hex = encoding::hex;
constexpr auto base64 = encoding::base64;

constexpr std::string_view live =
    "from a public catalogue of presets, which checked it against a live delivery";

constexpr scheme listed(scheme s) { return with_note(s, from_catalogue); }

constexpr scheme asana = [] {
    scheme s = with_retries(listed(over_body("asana", "X-Hook-Signature", hex)), retries::hours);
    s.handshakes = {{{handshake::post_learn, "X-Hook-Secret"}}};
    return s;
}();
constexpr scheme clio = [] {
    scheme s = with_note(over_body("clio", "X-Hook-Signature", hex), live);
    s.handshakes = {{{handshake::post_learn, "X-Hook-Secret"}}};
    return s;
}();
constexpr scheme bridge_api = [] {
    scheme s = listed(over_body("bridge-api", "BridgeApi-Signature", hex));
    s.signature = in_list("BridgeApi-Signature", "v1=", ',');
    return s;
}();
constexpr scheme notion = [] {
    scheme s = listed(
        with_id(over_body("notion", "X-Notion-Signature", hex, "sha256="), json("/id"), json("/type")));
    s.handshakes = {{{handshake::post_json_learn, "verification_token"}}};
    return s;
}();
constexpr scheme nylas = [] {
    scheme s = listed(with_id(over_body("nylas", "x-nylas-signature", hex), json("/id"), json("/type")));
    s.handshakes = {{{handshake::get_echo, "challenge"}}};
    return s;
}();
constexpr scheme scrapfly_lowercase =
    listed(over_body("scrapfly-lowercase", "X-Scrapfly-Webhook-Signature-Lowercase", hex));
// Bodies contain the account's secret: redact them wherever they are shown.
constexpr scheme scrapfly = [] {
    scheme s = listed(over_body("scrapfly", "X-Scrapfly-Webhook-Signature", hex));
    s.otherwise = &scrapfly_lowercase;
    return s;
}();
constexpr scheme shiphero = [] {
    scheme s = listed(over_body("shiphero", "x-shiphero-hmac-sha256", base64));
    s.ack = {200, "application/json", R"({"code":"200","Status":"Success"})"};
    return s;
}();
constexpr scheme vercel = [] {
    scheme s = with_id(with_hash(over_body("vercel", "x-vercel-signature", hex), hash::sha1), json("/id"),
                       json("/type"));
    s.handshakes = {{{handshake::get_head_header_echo, "x-vercel-verify"}}};
    s.options = {{{"verify_code"}}};
    return s;
}();
constexpr scheme tiktok_shop = [] {
    scheme s = listed(over_body("tiktok-shop", "Authorization", hex));
    s.message = {{option, "app_key"}, {body}};
    s.options = {{{"app_key", true}}};
    return s;
}();
constexpr scheme cal =
    with_note(with_id(over_body("cal-com", "x-cal-signature-256", hex), {}, json("/triggerEvent")),
              "as a third party's documentation has it");
constexpr scheme adyen_platform = [] {
    scheme s = listed(over_body("adyen-platform", "HmacSignature", base64));
    s.key = key_decoding::hex;
    s.ack = {200, "text/plain", "[accepted]"};
    s.after_failure = retries::days;
    return s;
}();

constexpr std::array rows{
    listed(over_body("aiprise", "X-HMAC-SIGNATURE", hex)),
    listed(with_id(over_body("alchemy", "X-Alchemy-Signature", hex), json("/id"), json("/type"))),
    asana,
    listed(over_body("ashby", "Ashby-Signature", hex, "sha256=")),
    listed(over_body("attentive", "x-attentive-hmac-sha256", hex)),
    bridge_api,
    clio,
    listed(with_retries(with_id(over_body("coinbase-commerce", "X-CC-Webhook-Signature", hex),
                                json("/event/id"), json("/event/type")),
                        retries::days)),
    listed(over_body("commerce-layer", "X-CommerceLayer-Signature", base64)),
    over_body("cursor", "x-webhook-signature", hex, "sha256="),
    listed(with_hash(over_body("enode", "x-enode-signature", hex, "sha1="), hash::sha1)),
    listed(over_body("fastspring", "X-FS-Signature", base64)),
    listed(over_body("fireflies", "X-Hub-Signature", hex, "sha256=")),
    listed(over_body("fireflies-v1", "X-Hub-Signature", hex)),
    listed(over_body("flexport", "X-Hub-Signature-256", hex, "sha256=")),
    listed(over_body("gocardless", "Webhook-Signature", hex)),
    with_id(over_body("hookdeck", "x-hookdeck-signature", base64), header("x-hookdeck-eventid")),
    listed(over_body("nuvemshop", "x-linkedstore-hmac-sha256", hex)),
    notion,
    nylas,
    listed(with_retries(with_hash(over_body("paystack", "x-paystack-signature", hex), hash::sha512),
                        retries::days)),
    listed(over_body("picqer", "X-Picqer-Signature", base64)),
    listed(with_retries(with_id(over_body("razorpay", "X-Razorpay-Signature", hex),
                                header("x-razorpay-event-id"), json("/event")),
                        retries::hours)),
    scrapfly,
    scrapfly_lowercase,
    shiphero,
    with_note(with_retries(over_body("shopline", "X-Shopline-Hmac-Sha256", hex), retries::days),
              "hex by a live delivery that a public catalogue saw; the provider's document says base64"),
    listed(with_id(over_body("tally", "Tally-Signature", base64), json("/eventId"), json("/eventType"))),
    listed(with_id(over_body("uber-eats", "X-Uber-Signature", hex), json("/event_id"), json("/event_type"))),
    vercel,
    with_id(over_body("woocommerce", "X-WC-Webhook-Signature", base64), header("X-WC-Webhook-Delivery-ID"),
            header("X-WC-Webhook-Topic")),
    tiktok_shop,
    cal,
    adyen_platform,
};

} // namespace

std::span<const scheme> body_hmac() { return rows; }

} // namespace mira::signatures::presets
