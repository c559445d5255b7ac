#pragma once
// What becomes of webhooks, counted on each reactor by source and outcome.
#include "engine/telemetry/counter.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace mira::webhook {

enum class outcome : std::uint8_t {
    accepted,
    duplicate,
    handshake,
    unknown_source,
    malformed, // a method that the source does not take, or a body that is too large or never came
    peer_limited,
    missing_signature,
    invalid_signature,
    stale_signature,
    rate_limited,
    quota_exceeded,
    overloaded,
    storage_unavailable,
    failed, // a bug of ours
};
inline constexpr std::size_t outcomes = static_cast<std::size_t>(outcome::failed) + 1;
std::string_view to_string(outcome o);

constexpr bool is_success(outcome o) {
    return o == outcome::accepted || o == outcome::duplicate || o == outcome::handshake;
}
// Our fault; all else is the client's.
constexpr bool is_failure(outcome o) {
    return o == outcome::overloaded || o == outcome::storage_unavailable || o == outcome::failed;
}
constexpr bool is_limited(outcome o) {
    return o == outcome::peer_limited || o == outcome::rate_limited || o == outcome::quota_exceeded;
}

// One reactor's; the last slot is for requests without a known source.
class figures {
  public:
    explicit figures(std::size_t slots) : counts_(slots + 1) {}
    void count(std::size_t slot, outcome o) { counts_[slot][static_cast<std::size_t>(o)].add(1); }
    void count_unknown(outcome o) { count(counts_.size() - 1, o); }
    std::uint64_t value(std::size_t slot, outcome o) const {
        return counts_[slot][static_cast<std::size_t>(o)].value();
    }
    std::size_t slots() const { return counts_.size(); }

  private:
    std::vector<std::array<telemetry::counter, outcomes>> counts_;
};

} // namespace mira::webhook
