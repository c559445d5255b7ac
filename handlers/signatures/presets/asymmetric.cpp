// Public keys, given in the configuration or published by the provider, and JSON Web Tokens.
#include "handlers/signatures/presets/presets.hpp"

#include <array>

namespace mira::signatures::presets {
namespace {

using crypto::hash;

constexpr scheme row(std::string_view name, algorithm a, hash h, signature_place at, encoding e) {
    scheme s;
    s.name = name;
    s.algo = a;
    s.hash = h;
    s.signature = at;
    s.text = e;
    s.key = key_decoding::public_key;
    s.note = from_catalogue;
    return s;
}
constexpr auto base64 = encoding::base64;

// Its acknowledgement must be signed with the merchant's private key, which Mira does not hold: it counts
// ours as a failure.
constexpr scheme alipay = [] {
    scheme s = row("alipay", algorithm::rsa, hash::sha256, in_pairs("Signature", "signature"),
                   encoding::percent_base64);
    s.message = {{method},       {literal, " "}, {target},       {literal, "\n"}, {header_value, "Client-Id"},
                 {literal, "."}, {timestamp},    {literal, "."}, {body}};
    s.time = {time_place::header, "Request-Time", time_format::rfc3339_or_milliseconds, 300};
    s.note = "from a public catalogue of presets; the acknowledgement is not signed, as the provider asks";
    return s;
}();
// Signs the digest of the digest.
constexpr scheme bridge_xyz = [] {
    scheme s = row("bridge-xyz", algorithm::rsa, hash::sha256, in_pairs("X-Webhook-Signature", "v0"), base64);
    s.message = {{timestamp}, {literal, "."}, {body}};
    s.time = {time_place::pair, "t", time_format::milliseconds, 600};
    s.double_digest = true;
    s.id = json("/event_id");
    s.type = json("/event_type");
    s.note = {};
    return s;
}();
constexpr scheme circle = [] {
    scheme s = row("circle", algorithm::ecdsa, hash::sha256, in_header("X-Circle-Signature"), base64);
    s.keys = {key_origin::by_id, "X-Circle-Key-Id",
              "https://api.circle.com/v2/notifications/publicKey/{kid}"};
    s.handshakes = {{{handshake::head_ok}}};
    s.id = json("/notificationId");
    s.type = json("/notificationType");
    return s;
}();
constexpr scheme ebay = [] {
    scheme s = row("ebay", algorithm::ecdsa, hash::sha1, {place::claims}, base64);
    s.read = read_ebay;
    s.keys = {key_origin::by_id, {}, "https://api.ebay.com/commerce/notification/v1/public_key/{kid}"};
    s.handshakes = {{{handshake::get_ebay}}};
    s.options = {{{"verification_token"}}};
    s.id = json("/notification/notificationId");
    s.type = json("/metadata/topic");
    s.note = {};
    return s;
}();
constexpr scheme fireblocks = [] {
    scheme s = row("fireblocks", algorithm::jwt, hash::sha512, in_header("Fireblocks-Webhook-Signature"),
                   encoding::text);
    s.detached = true;
    s.keys = {key_origin::by_id, {}, "https://keys.fireblocks.io/.well-known/jwks.json"};
    s.options = {{{"jwks_url"}}}; // other workspaces have other addresses
    s.id = json("/id");
    s.type = json("/eventType");
    s.note = {};
    return s;
}();
constexpr scheme fireblocks_legacy = [] {
    scheme s =
        row("fireblocks-legacy", algorithm::rsa, hash::sha512, in_header("Fireblocks-Signature"), base64);
    s.type = json("/type");
    s.note = {};
    return s;
}();
constexpr scheme fusionauth = [] {
    scheme s = row("fusionauth", algorithm::jwt, hash::sha256, in_header("X-FusionAuth-Signature-JWT"),
                   encoding::text);
    s.key = key_decoding::jws;
    s.keys = {key_origin::by_id};
    s.body_hash_claim = "request_body_sha256";
    s.options = {{{"jwks_url"}, {"issuer"}, {"header"}}};
    s.id = json("/event/id");
    s.type = json("/event/type");
    s.note = {};
    return s;
}();
// Google signs tokens for everybody with these keys, so the audience must be given.
constexpr scheme gemini_dynamic = [] {
    scheme s = row("gemini-dynamic", algorithm::jwt, hash::sha256, in_header("Authorization", "Bearer "),
                   encoding::text);
    s.keys = {key_origin::by_id, {}, "https://www.googleapis.com/oauth2/v3/certs"};
    s.options = {{{"audience", true}, {"issuer"}, {"header"}, {"jwks_url"}}};
    s.note = "where the token stands and whether it covers the body is not checked";
    return s;
}();
constexpr scheme token_io =
    row("token-io", algorithm::ed25519, hash::sha512, in_header("token-signature"), encoding::base64url);
constexpr scheme utila =
    row("utila", algorithm::rsa_pss, hash::sha512, in_header("x-utila-signature"), base64);
constexpr scheme wechat_pay = [] {
    scheme s = row("wechat-pay", algorithm::rsa, hash::sha256, in_header("Wechatpay-Signature"), base64);
    s.message = {{timestamp},     {literal, "\n"}, {header_value, "Wechatpay-Nonce"},
                 {literal, "\n"}, {body},          {literal, "\n"}};
    s.time = {time_place::header, "Wechatpay-Timestamp"};
    s.id = json("/id");
    s.type = json("/event_type");
    s.after_failure = retries::hours;
    return s;
}();
constexpr scheme wix = [] {
    scheme s = row("wix", algorithm::jwt, hash::sha256, {place::body}, encoding::text);
    s.after_failure = retries::hours;
    return s;
}();
constexpr scheme shipengine = [] {
    scheme s = row("shipengine", algorithm::rsa, hash::sha256, in_header("x-shipengine-rsa-sha256-signature"),
                   base64);
    s.message = {{timestamp}, {literal, "."}, {body}};
    s.time = {time_place::header, "x-shipengine-timestamp", time_format::rfc3339, 300};
    s.keys = {key_origin::by_id, "x-shipengine-rsa-sha256-key-id", "https://api.shipengine.com/jwks"};
    s.type = json("/resource_type");
    return s;
}();
constexpr scheme monday = [] {
    scheme s = row("monday", algorithm::jwt, hash::sha256, in_header("Authorization"), encoding::text);
    s.key = key_decoding::jws;
    s.handshakes = {{{handshake::post_json_echo, "challenge"}}};
    s.options = {{{"audience"}}};
    s.id = json("/event/triggerUuid");
    s.type = json("/event/type");
    s.note = "only webhooks of an app are signed (a JWT under its signing secret); those of a board need a "
             "secret in the URL: scheme token";
    return s;
}();

constexpr std::array rows{alipay,     bridge_xyz,     circle,   ebay,  fireblocks, fireblocks_legacy,
                          fusionauth, gemini_dynamic, token_io, utila, wechat_pay, wix,
                          shipengine, monday};

} // namespace

std::span<const scheme> asymmetric() { return rows; }

} // namespace mira::signatures::presets
