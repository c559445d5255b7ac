// Standard Webhooks (its specification, version 1, and the reference libraries), Svix, and the schemes that a
// tenant configures.
#include "handlers/signatures/presets/presets.hpp"

#include <array>

namespace mira::signatures::presets {
namespace {

constexpr message_template id_time_body(std::string_view id_header) {
    return {{id, id_header}, {literal, "."}, {timestamp}, {literal, "."}, {body}};
}

constexpr scheme standard(std::string_view name, std::string_view id_header, std::string_view time_header,
                          std::string_view signature_header, bool public_key) {
    scheme s;
    s.name = name;
    s.signature = in_list(signature_header, public_key ? "v1a," : "v1,", ' ');
    s.text = encoding::base64;
    s.message = id_time_body(id_header);
    s.time = {time_place::header, time_header};
    s.id = header(id_header);
    s.type = json("/type");
    s.after_failure = retries::days;
    s.algo = public_key ? algorithm::ed25519 : algorithm::hmac;
    s.key = public_key ? key_decoding::public_key : key_decoding::whsec;
    return s;
}

constexpr scheme standard_public =
    standard("standard-webhooks-ed25519", "webhook-id", "webhook-timestamp", "webhook-signature", true);
constexpr scheme standard_shared = [] {
    scheme s = standard("standard-webhooks", "webhook-id", "webhook-timestamp", "webhook-signature", false);
    s.public_sibling = &standard_public;
    return s;
}();
constexpr scheme svix_public = [] {
    scheme s = standard("svix-ed25519", "svix-id", "svix-timestamp", "svix-signature", true);
    s.otherwise = &standard_public;
    return s;
}();
// Svix sends its own names, or those of Standard Webhooks.
constexpr scheme svix_shared = [] {
    scheme s = standard("svix", "svix-id", "svix-timestamp", "svix-signature", false);
    s.otherwise = &standard_shared;
    s.public_sibling = &svix_public;
    return s;
}();
// Polar's library encodes the secret to base64 before it hands it to Standard Webhooks: the key is the text
// as it is.
constexpr scheme polar = [] {
    scheme s = standard("polar", "webhook-id", "webhook-timestamp", "webhook-signature", false);
    s.key = key_decoding::utf8;
    return s;
}();
// GitLab's signing token, as Standard Webhooks; the older plain token is the scheme gitlab.
constexpr scheme gitlab_signed = [] {
    scheme s = standard("gitlab-signed", "webhook-id", "webhook-timestamp", "webhook-signature", false);
    s.type = header("X-Gitlab-Event");
    s.after_failure = retries::minutes;
    s.note = "introduced behind a feature flag; not checked against a release";
    return s;
}();

constexpr scheme own_hmac = [] {
    scheme s = over_body("hmac", "X-Signature", encoding::hex);
    s.options = {{{"header"}, {"prefix"}, {"encoding"}, {"hash"}}};
    s.id = header("Idempotency-Key");
    return s;
}();
constexpr scheme own_token = [] {
    scheme s;
    s.name = "token";
    s.algo = algorithm::token;
    s.signature = in_header("X-Webhook-Token");
    s.text = encoding::text;
    s.options = {{{"header"}, {"query"}, {"prefix"}}};
    s.id = header("Idempotency-Key");
    return s;
}();
constexpr scheme own_basic = [] {
    scheme s;
    s.name = "basic";
    s.algo = algorithm::basic;
    s.signature = in_header("Authorization", "Basic ");
    s.text = encoding::text;
    s.id = header("Idempotency-Key");
    return s;
}();
constexpr scheme own_bearer = [] {
    scheme s = own_token;
    s.name = "bearer";
    s.signature = in_header("Authorization", "Bearer ");
    s.options = {};
    return s;
}();
constexpr scheme own_jwt = [] {
    scheme s;
    s.name = "jwt";
    s.algo = algorithm::jwt;
    s.signature = in_header("Authorization", "Bearer ");
    s.key = key_decoding::jws;
    s.keys = {key_origin::by_id};
    s.options = {{{"header"}, {"issuer"}, {"audience"}, {"jwks_url"}}};
    s.id = header("Idempotency-Key");
    return s;
}();
constexpr scheme nothing = [] {
    scheme s;
    s.name = "none";
    s.algo = algorithm::none;
    s.id = header("Idempotency-Key");
    return s;
}();
// n8n signs nothing by itself; a workflow that signs as GitHub does (its Crypto node and a header) is
// understood, so that webhook.secret_key serves n8n as well.
constexpr scheme n8n =
    with_id(over_body("n8n", "X-Hub-Signature-256", encoding::hex, "sha256="), header("Idempotency-Key"));

constexpr std::array rows{standard_shared, standard_public, svix_shared, svix_public, polar,
                          gitlab_signed,   own_hmac,        own_token,   own_basic,   own_bearer,
                          own_jwt,         nothing,         n8n};

constexpr std::array<alias, 17> names{{
    {"clerk", "svix"},
    {"resend", "svix"},
    {"replicate", "standard-webhooks"},
    {"openai", "standard-webhooks"},
    {"lithic", "standard-webhooks"},
    {"brex", "svix"},
    {"shipbob", "svix"},
    {"gemini", "standard-webhooks"},
    {"gemini-static", "standard-webhooks"},
    {"facebook", "meta"},
    {"instagram", "meta"},
    {"whatsapp", "meta"},
    {"x", "twitter"},
    {"amazon-sns", "sns"},
    {"aws-sns", "sns"},
    {"antom", "alipay"},
    {"graph", "microsoft-graph"},
}};

} // namespace

std::span<const scheme> generic() { return rows; }
std::span<const alias> aliases() { return names; }

} // namespace mira::signatures::presets
