#pragma once
// Tokens of one bucket that one reactor has taken from the owner and spends on its own; part of a limiter, on
// its thread. How much to ask for follows demand: a lease should last some 25 ms, long enough that the owner
// is seldom asked, short enough that little lies idle. The first is 1, and one is at most twice the last.
#include "engine/base/clock.hpp"
#include "storage/ports/token_bucket.hpp"

#include <algorithm>
#include <cstdint>

namespace mira::limits {

class take_waiter;

inline constexpr nanoseconds lease_lasts = milliseconds{25};
inline constexpr std::int64_t greatest_lease = std::int64_t{1} << 31; // so that no product overflows

// Tokens to ask for when the last grant was used up after that time.
constexpr std::int64_t lease_size(std::int64_t last, nanoseconds lasted, std::int64_t most) {
    if (last <= 0) return 1;
    const std::int64_t twice = std::min(2 * last, most);
    if (lasted <= lease_lasts / 2) return twice;
    return std::clamp<std::int64_t>(last * lease_lasts.count() / lasted.count(), 1, twice);
}

struct lease {
    ports::bucket_spec spec;
    std::int64_t tokens = 0; // not yet spent
    // Spent, and the owner does not know; for a moment below 0, when a token that it counts as spent comes
    // back.
    std::int64_t unreported = 0;
    std::int64_t owner_has = 0; // at its last answer
    std::int64_t granted = 0;   // the last grant
    mono_time granted_at{};
    // After a denial: not before ask_again is the owner asked anew; at free_at a token should be there.
    mono_time ask_again{};
    mono_time free_at{};

    std::uint32_t used = 0;  // tokens spent since the last sweep
    std::uint32_t round = 0; // the sweep before which it was last used
    std::uint64_t call = 0;  // the call that uses it, so that the same call does not evict it
    bool asking = false;     // the owner's answer is awaited
    std::uint32_t waiting = 0;
    take_waiter* first_waiter = nullptr;
    take_waiter* last_waiter = nullptr;
};

} // namespace mira::limits
