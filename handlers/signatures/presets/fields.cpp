// Signatures over JSON fields, form parameters or the URL: what is signed is read by a function (claims.hpp).
#include "handlers/signatures/presets/presets.hpp"

#include <array>

namespace mira::signatures::presets {
namespace {

constexpr scheme by(std::string_view name, claims_reader read, crypto::hash h) {
    scheme s;
    s.name = name;
    s.signature = {place::claims};
    s.read = read;
    s.hash = h;
    s.note = from_catalogue;
    return s;
}

using crypto::hash;

constexpr scheme twilio = [] {
    scheme s = by("twilio", read_twilio, hash::sha1);
    s.id = header("I-Twilio-Idempotency-Token");
    s.ack = {
        200, "text/xml",
        R"(<?xml version="1.0" encoding="UTF-8"?><Response></Response>)"}; // anything else is an error to it
    s.after_failure = retries::never;
    s.note = {};
    return s;
}();
constexpr scheme adyen = [] {
    scheme s = by("adyen", read_adyen, hash::sha256);
    s.key = key_decoding::hex;
    // A payment's reference comes again with each of its events (a chargeback, its reversal); the signature
    // covers what tells them apart, and is the same when one of them is sent again.
    s.id = json("/notificationItems/0/NotificationRequestItem/additionalData/hmacSignature");
    s.type = json("/notificationItems/0/NotificationRequestItem/eventCode");
    s.ack = {200, "text/plain", "[accepted]"};
    s.after_failure = retries::days;
    s.note = {};
    return s;
}();
constexpr scheme exact_online =
    with_handshake(with_note(by("exact-online", read_exact_online, hash::sha256),
                             "from a public catalogue of presets, which checked it against a live delivery"),
                   {handshake::post_empty_ok});
// The id is the transaction's, which is told of again when its state changes: the signature covers the state.
constexpr scheme paymob =
    with_id(by("paymob", read_paymob, hash::sha512), {field_place::query, "hmac"}, json("/type"));
constexpr scheme praxis = [] {
    scheme s = by("praxis", read_praxis, hash::sha384);
    s.algo = algorithm::digest;
    s.id = header("gt-authentication"); // the id is the transaction's, which is told of more than once
    s.note =
        "the order of the signed values and the signed answer are from memory of its documents; not checked";
    return s;
}();
constexpr scheme treezor =
    with_id(by("treezor", read_treezor, hash::sha256), json("/webhook_id"), json("/webhook"));
// Signs its timestamp and token only; the token, as the delivery's id, keeps a request from being sent twice.
constexpr scheme mailgun =
    with_retries(with_note(with_id(by("mailgun", read_mailgun, hash::sha256), json("/signature/token"),
                                   json("/event-data/event")),
                           {}),
                 retries::hours);
constexpr scheme favro = with_id(by("favro", read_favro, hash::sha1), json("/payloadId"), json("/action"));
constexpr scheme usps =
    with_note(by("usps", read_usps, hash::sha256),
              "the names of the envelope's fields (timestamp, payload) and the hash are not checked");

constexpr std::array rows{twilio, adyen, exact_online, paymob, praxis, treezor, mailgun, favro, usps};

} // namespace

std::span<const scheme> fields() { return rows; }

} // namespace mira::signatures::presets
