// HMAC over a template: the timestamp, a version, the method or the path stand beside the body. Those without
// a tolerance of their own get 300 s.
#include "handlers/signatures/presets/presets.hpp"

#include <array>

namespace mira::signatures::presets {
namespace {

using crypto::hash;

constexpr message_template time_body(std::string_view between) {
    return {{timestamp}, {literal, between}, {body}};
}
constexpr message_template version_time_body(std::string_view version) {
    return {{literal, version}, {timestamp}, {literal, ":"}, {body}};
}

constexpr timestamp_rule time_in(std::string_view header_name, time_format f = time_format::seconds,
                                 int tolerance = 300) {
    return {time_place::header, header_name, f, tolerance};
}
constexpr timestamp_rule time_of(std::string_view key, time_format f = time_format::seconds,
                                 int tolerance = 300) {
    return {time_place::pair, key, f, tolerance};
}

constexpr scheme row(std::string_view name, signature_place at, encoding e, message_template m,
                     timestamp_rule t) {
    scheme s;
    s.name = name;
    s.signature = at;
    s.text = e;
    s.message = m;
    s.time = t;
    s.note = from_catalogue;
    return s;
}

constexpr auto hex = encoding::hex;
constexpr auto base64 = encoding::base64;
constexpr auto millis = time_format::milliseconds;

constexpr scheme cloudinary = [] {
    scheme s = row("cloudinary", in_header("x-cld-signature"), hex, {{body}, {timestamp}, {secret}},
                   time_in("x-cld-timestamp", time_format::seconds, 7200));
    s.algo = algorithm::digest;
    s.hash = hash::sha1;
    s.type = json("/notification_type");
    return s;
}();
constexpr scheme cloudinary_sha256 = [] {
    scheme s = cloudinary;
    s.name = "cloudinary-sha256";
    s.hash = hash::sha256;
    return s;
}();
constexpr scheme front = [] {
    scheme s =
        row("front", in_header("X-Front-Signature"), base64, time_body(":"),
            {time_place::header, "X-Front-Request-Timestamp", time_format::seconds_or_milliseconds, 300});
    s.handshakes = {{{handshake::front_challenge, "X-Front-Challenge"}}};
    s.type = json("/type");
    return s;
}();
constexpr scheme hook0 = [] {
    scheme s = row("hook0", in_pairs("X-Hook0-Signature", "v1"), hex,
                   {{timestamp},
                    {literal, "."},
                    {pair, "h"},
                    {literal, "."},
                    {listed_headers, "h"},
                    {literal, "."},
                    {body}},
                   time_of("t"));
    s.id = header("X-Event-Id");
    s.type = header("X-Event-Type");
    s.note = {};
    return s;
}();
// Hook0's older form, which the Coinbase Developer Platform sends under the same header.
constexpr scheme hook0_v0 = [] {
    scheme s = hook0;
    s.name = "hook0-v0";
    s.signature = in_pairs("X-Hook0-Signature", "v0");
    s.message = time_body(".");
    return s;
}();
constexpr scheme elevenlabs = [] {
    scheme s = row("elevenlabs", in_pairs("ElevenLabs-Signature", "v0"), hex, time_body("."),
                   time_of("t", time_format::seconds, 1800));
    s.type = json("/type");
    s.note = {};
    return s;
}();
constexpr scheme linkedin = [] {
    scheme s = row("linkedin", in_header("X-LI-Signature"), hex, {{literal, "hmacsha256="}, {body}}, {});
    s.handshakes = {{{handshake::get_linkedin}}};
    return s;
}();
constexpr scheme oura = [] {
    scheme s = row("oura", in_header("x-oura-signature"), hex, time_body(""),
                   time_in("x-oura-timestamp", time_format::seconds_or_milliseconds));
    s.handshakes = {{{handshake::get_oura}}};
    s.options = {{{"verify_token"}}};
    s.type = json("/event_type");
    return s;
}();
// In rotation two sets stand in the header, with a space between.
constexpr scheme persona = [] {
    scheme s = row("persona", in_pairs("Persona-Signature", "v1"), hex, time_body("."), time_of("t"));
    s.signature.sets = true;
    s.id = json("/data/id");
    s.type = json("/data/attributes/name");
    return s;
}();
constexpr scheme recharge = with_retries(row("recharge", in_pairs("X-Recharge-Webhook-Signature", "v1"), hex,
                                             time_body("."), time_of("t", time_format::seconds, 48 * 3600)),
                                         retries::days);
constexpr scheme recharge_legacy = [] {
    scheme s = row("recharge-legacy", in_header("X-Recharge-Hmac-Sha256"), hex, {{secret}, {body}}, {});
    s.algo = algorithm::digest;
    s.after_failure = retries::days;
    return s;
}();
constexpr scheme sanity = [] {
    scheme s = row("sanity", in_pairs("sanity-webhook-signature", "v1"), encoding::base64url, time_body("."),
                   time_of("t", millis));
    s.id = header("idempotency-key");
    return s;
}();
constexpr scheme solidgate = [] {
    scheme s = row("solidgate", in_header("signature"), encoding::base64_of_hex,
                   {{header_value, "merchant"}, {body}, {header_value, "merchant"}}, {});
    s.hash = hash::sha512;
    return s;
}();
constexpr scheme synctera = row("synctera", in_list("Synctera-Signature", "", '.'), hex, time_body("."),
                                time_in("Request-Timestamp"));
constexpr scheme walmart = [] {
    scheme s = row("walmart", in_header("WM_SEC.SIGNATURE"), base64,
                   {{method},
                    {literal, "\n"},
                    {target},
                    {literal, "\n"},
                    {timestamp},
                    {literal, "\n"},
                    {body_sha256_hex}},
                   time_in("WM_SEC.TIMESTAMP"));
    s.id = json("/source/eventId");
    s.type = json("/source/eventType");
    s.after_failure = retries::hours;
    return s;
}();
constexpr scheme webflow = [] {
    scheme s = row("webflow", in_header("x-webflow-signature"), hex, time_body(":"),
                   time_in("x-webflow-timestamp", millis));
    s.type = json("/triggerType");
    s.note = {};
    return s;
}();
constexpr scheme workos = with_retries(
    with_id(row("workos", in_pairs("WorkOS-Signature", "v1"), hex, time_body("."), time_of("t", millis, 180)),
            json("/id"), json("/event")),
    retries::days);
constexpr scheme zendesk = row("zendesk", in_header("X-Zendesk-Webhook-Signature"), base64, time_body(""),
                               time_in("X-Zendesk-Webhook-Signature-Timestamp", time_format::rfc3339));

constexpr std::array rows{
    row("akeneo", in_header("x-akeneo-request-signature"), hex, time_body("."),
        time_in("x-akeneo-request-timestamp")),
    with_id(row("airwallex", in_header("x-signature"), hex, time_body(""), time_in("x-timestamp", millis)),
            json("/id"), json("/name")),
    row("ascend", in_pairs("X-Ascend-Signature", "v1"), hex, time_body(":"), time_of("t")),
    cloudinary,
    cloudinary_sha256,
    with_id(row("customer-io", in_header("X-CIO-Signature"), hex, version_time_body("v0:"),
                time_in("X-CIO-Timestamp")),
            json("/event_id"), json("/metric")),
    elevenlabs,
    row("faundit", in_header("X-Faundit-Signature-Next"), hex, version_time_body("v1:"),
        time_in("X-Faundit-Timestamp")),
    front,
    hook0,
    hook0_v0,
    with_id(row("knock", in_pairs("x-knock-signature", "s"), base64, time_body("."), time_of("t", millis)),
            json("/id"), json("/type")),
    linkedin,
    with_id(row("orb", in_header("X-Orb-Signature", "v1="), hex, version_time_body("v1:"),
                time_in("X-Orb-Timestamp", time_format::rfc3339)),
            json("/id"), json("/type")),
    oura,
    persona,
    row("pylon", in_header("Pylon-Webhook-Signature", "hs256="), hex, time_body("."),
        time_in("Pylon-Webhook-Timestamp")),
    recharge,
    recharge_legacy,
    with_id(
        row("retell", in_pairs("X-Retell-Signature", "d"), hex, {{body}, {timestamp}}, time_of("v", millis)),
        {}, json("/event")),
    row("revolut", in_list("Revolut-Signature", "v1=", ','), hex,
        {{literal, "v1."}, {timestamp}, {literal, "."}, {body}},
        time_in("Revolut-Request-Timestamp", millis)),
    sanity,
    solidgate,
    row("statsig", in_header("X-Statsig-Signature", "v0="), hex, version_time_body("v0:"),
        time_in("X-Statsig-Request-Timestamp", millis)),
    synctera,
    with_id(row("tiktok", in_pairs("TikTok-Signature", "s"), hex, time_body("."), time_of("t")), {},
            json("/event")),
    walmart,
    webflow,
    row("webhookx", in_header("Webhookx-Signature", "v1="), hex, time_body("."),
        time_in("Webhookx-Timestamp")),
    workos,
    zendesk,
};

} // namespace

std::span<const scheme> templated() { return rows; }

} // namespace mira::signatures::presets
