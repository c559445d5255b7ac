#pragma once
// JSON Web Signatures in the compact form (RFC 7515 section 7.1), whole or detached (RFC 7797 without its b64
// switch: appendix F of RFC 7515), as far as webhooks need them.
//
// The algorithm of the header is only ever a choice among those that the caller allows for the key at hand:
// "none" does not exist here, and an HMAC algorithm never meets a public key. Pure functions, thread-safe, no
// exceptions.
#include "engine/crypto/digest.hpp"
#include "engine/crypto/public_key.hpp"
#include "engine/crypto/secure.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace mira::crypto {

enum class jws_algorithm : std::uint8_t { hs256, hs384, hs512, rs256, rs384, rs512, ps512, es256, eddsa };
std::string_view to_string(jws_algorithm a); // "HS256"
std::optional<jws_algorithm> parse_jws_algorithm(std::string_view name);

// A shared secret for HS*, a public key for the rest.
using jws_key = std::variant<secret_bytes, public_key>;

// Whether a key of that kind may be used with the algorithm at all.
bool fits(jws_algorithm a, const jws_key& key);

struct jws {
    jws_algorithm algorithm;
    std::string key_id;       // "kid"; empty where there is none
    std::string_view header;  // the three parts as sent, base64url
    std::string_view payload; // empty in the detached form
    std::string signature;    // decoded
};

// The longest text that is looked at. A header of ours is at most 16 KiB; a body that is a JWT may be longer.
inline constexpr std::size_t max_jws_size = 1 << 20;

// Nothing where the text is no compact JWS: not three parts, not base64url without padding, a header that is
// no JSON object, names no algorithm that we know, or carries "crit" or "b64", which would change what is
// signed. The views point into text.
std::optional<jws> parse_jws(std::string_view text);

// Whether the signature is the key's. detached_payload is the raw payload where j.payload is empty.
bool verify_jws(const jws& j, const jws_key& key, std::string_view detached_payload = {});

} // namespace mira::crypto
