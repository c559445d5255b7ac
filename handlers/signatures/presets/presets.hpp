#pragma once
// The tables of schemes, one span a file. Rows are constants; registry.hpp is what everybody else uses. A row
// without a note is as the provider's own documentation has it; the others say what is not known for sure.
#include "handlers/signatures/claims.hpp"
#include "handlers/signatures/scheme.hpp"

#include <span>

namespace mira::signatures::presets {

std::span<const scheme> generic();    // Standard Webhooks and what the tenant configures
std::span<const scheme> platforms();  // code hosting, chat, trackers, shops: the common ones
std::span<const scheme> body_hmac();  // HMAC over the raw body
std::span<const scheme> templated();  // HMAC over a template
std::span<const scheme> fields();     // JSON fields, forms, URLs
std::span<const scheme> asymmetric(); // public keys and tokens
std::span<const scheme> tokens();     // no signature: a token, Basic, a secret in the URL

// The schemes of one provider that another signs with: name and what it is an alias of.
struct alias {
    std::string_view name;
    std::string_view of;
};
std::span<const alias> aliases();

using enum part_kind;

inline constexpr std::string_view from_catalogue =
    "from a public catalogue of presets; not checked against the provider's own document";

// HMAC-SHA256 over the raw body, the signature in a header.
constexpr scheme over_body(std::string_view name, std::string_view header_name, encoding e,
                           std::string_view prefix = {}) {
    scheme s;
    s.name = name;
    s.signature = in_header(header_name, prefix);
    s.text = e;
    return s;
}
constexpr scheme with_hash(scheme s, crypto::hash h) {
    s.hash = h;
    return s;
}
constexpr scheme with_id(scheme s, field_rule id, field_rule type = {}) {
    s.id = id;
    s.type = type;
    return s;
}
constexpr scheme with_retries(scheme s, retries r) {
    s.after_failure = r;
    return s;
}
constexpr scheme with_note(scheme s, std::string_view note = from_catalogue) {
    s.note = note;
    return s;
}
constexpr scheme with_handshake(scheme s, handshake_rule first, handshake_rule second = {}) {
    s.handshakes = {first, second};
    return s;
}

} // namespace mira::signatures::presets
