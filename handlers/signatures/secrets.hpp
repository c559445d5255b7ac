#pragma once
// Secrets of a source as configured, and what they become: keys ready for use. Made once at configuration
// time; immutable; wiped when they go.
#include "engine/base/clock.hpp"
#include "engine/crypto/hmac.hpp"
#include "engine/crypto/jws.hpp"
#include "engine/crypto/public_key.hpp"
#include "engine/crypto/secure.hpp"
#include "handlers/signatures/scheme.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mira::signatures {

// A body is hashed for each secret at once while it arrives, so their number is bounded.
inline constexpr std::size_t most_secrets = 8;

struct configured_secret {
    crypto::secret_bytes text;
    std::optional<wall_time> not_after; // valid up to and including this moment
};

struct credential {
    std::uint8_t index = 0; // as listed by the source, newest first
    std::optional<wall_time> not_after;
    crypto::secret_bytes bytes;               // hmac, digest, token, basic
    std::optional<crypto::hmac_key> mac;      // hmac
    std::optional<crypto::public_key> pub;    // ed25519, ecdsa, rsa
    std::optional<crypto::jws_key> token_key; // jwt

    bool active(wall_time now) const { return !not_after || now <= *not_after; }
};

struct config_error {
    std::string where; // "sources[2].secrets[0]"
    std::string what;
};
using config_errors = std::vector<config_error>;

// Whether the text is a public (or a key pair's) key in the notation of Standard Webhooks: whpk_, whsk_.
bool is_ed25519_secret(std::string_view text);

// Decodes one secret for the scheme, or tells why it cannot be; the reason never quotes it.
std::variant<credential, std::string> make_credential(const scheme& s, std::string_view text);

} // namespace mira::signatures
