#pragma once
// What is asked of a limiter and what it answers: plain values, on the reactor that made them.
#include "engine/base/clock.hpp"
#include "storage/ports/bucket_store.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace mira::limits {

// The most limits that one request can be held to; the configuration refuses more.
inline constexpr std::size_t max_limits = 8;

// One token of one bucket.
struct limit_request {
    ports::bucket_key key;
    ports::bucket_spec spec; // unlimited is admitted without a look
    // For a limit that begins anew with each window of the calendar, as a daily quota does with a new key:
    // the window's length, and what is left of it. 0 for all others.
    nanoseconds window{0};
    nanoseconds window_left{0};
};

enum class verdict : std::uint8_t {
    admitted, // one token was taken of every bucket
    denied,   // nothing was taken of any
    pending,  // the owner has been asked; the waiter will be told
};

struct decision {
    verdict outcome = verdict::admitted;
    // When denied: which of the requests (by its index) was denied, and after which time asking again makes
    // sense; never where no token will come.
    std::uint8_t limit = 0;
    nanoseconds retry_after{0};
    // Tokens left in each bucket, as far as this reactor knows: what it holds and what the owner had when it
    // was last asked. bucket_spec::unlimited where there is no limit.
    std::array<std::int64_t, max_limits> remaining{};
};

} // namespace mira::limits
