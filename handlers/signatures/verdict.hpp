#pragma once
// What became of a verification. Small, trivially copyable, without heap memory; describe() makes the line
// for the log.
#include "engine/base/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace mira::signatures {

enum class outcome : std::uint8_t {
    accepted,
    missing,     // no signature at all: 401 missing_signature
    invalid,     // wrong, malformed or doubled: 403 invalid_signature
    stale,       // too old, or from the future: 403 stale_signature
    key_pending, // the provider's key is being fetched: 503, the provider tries again
};

struct verdict {
    outcome result = outcome::invalid;
    std::uint8_t secret = 0;            // accepted: which of the source's secrets, as listed
    bool has_time = false;              // whether signed_at is meant
    const char* reason = "not checked"; // a literal
    wall_time signed_at{};
    seconds age{};       // stale: how old; negative for the future
    seconds tolerance{}; // stale

    bool accepted() const { return result == outcome::accepted; }
    // The reason in a sentence, with the figures of a stale one. Contains nothing that the peer sent.
    std::string describe() const;
};

} // namespace mira::signatures
