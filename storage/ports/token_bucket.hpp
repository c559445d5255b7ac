#pragma once
// The arithmetic of a token bucket, which the contract of bucket_store is written in: no clock, no threads,
// no memory of its own beyond 24 bytes. Whoever owns a bucket in this process keeps one of these and passes
// the time in.
//
// Levels are integer micro-tokens. A refill is the exact fraction refill * 10^6 / period micro-tokens a
// nanosecond: what does not make a whole micro-token stays behind as a numerator over the period, so that
// nothing drifts and nothing is admitted too early, however often or seldom the bucket is looked at. In any
// interval of length d at most capacity + d * refill / period tokens are taken. A clock that goes back
// refills nothing.
#include "engine/base/clock.hpp"

#include <cstdint>

namespace mira::ports {

inline constexpr std::int64_t micro_tokens = 1'000'000;
// So that a level is below 2^53 and exact also where numbers are doubles, as in Lua.
inline constexpr std::int64_t max_tokens = (std::int64_t{1} << 53) / micro_tokens;
inline constexpr nanoseconds max_period = std::chrono::hours{24 * 366};
// A wait that does not end.
inline constexpr nanoseconds never = nanoseconds::max();

struct bucket_spec {
    static constexpr std::int64_t unlimited = -1;

    std::int64_t capacity = 0; // tokens, 0 to max_tokens; or unlimited: then there is no bucket at all
    std::int64_t refill = 0;   // tokens a period, 0 (none) to max_tokens
    nanoseconds period{0};     // above 0, at most max_period; of no account where refill is 0
    // How long an owner must remember a bucket that nobody touches although it is short of room: a daily
    // quota is kept through its day. 0: it may be forgotten early, which the owner counts.
    nanoseconds keep{0};

    bool is_unlimited() const { return capacity < 0; }
    bool valid() const {
        if (is_unlimited()) return capacity == unlimited;
        return capacity <= max_tokens && refill >= 0 && refill <= max_tokens && keep >= nanoseconds{0} &&
               (refill == 0 || (period > nanoseconds{0} && period <= max_period));
    }
    bool operator==(const bucket_spec&) const = default;
};

// The time in which that many tokens are refilled, rounded up; never where there is no refill or it is beyond
// 292 years.
nanoseconds time_to_refill(const bucket_spec& spec, std::int64_t tokens);

// Every call names the same valid, limited spec, until respec() changes it. "Lent" tokens have left the
// bucket and are not yet spent; they count against the capacity, else a full bucket beside a full lease would
// be a burst of more than the capacity.
class token_bucket {
  public:
    token_bucket() = default;
    // Full, less what has been used already; used may exceed the capacity, then the bucket is in debt.
    token_bucket(const bucket_spec& spec, mono_time now, std::int64_t used = 0)
        : level_{(spec.capacity - used) * micro_tokens}, stamp_{now} {}

    // Adds what has come in since the last time.
    void refill(const bucket_spec& spec, mono_time now, std::int64_t lent = 0);
    // Whole tokens, as of the last refill().
    std::int64_t tokens() const { return level_ <= 0 ? 0 : level_ / micro_tokens; }
    // n of them are taken: at most tokens().
    void debit(std::int64_t n) { level_ -= n * micro_tokens; }
    // n that were taken come back unspent; what does not fit is lost.
    void credit(const bucket_spec& spec, std::int64_t n, std::int64_t lent = 0);
    // From the last refill() until n tokens are there if nobody takes any; 0 where they are, or never.
    nanoseconds until(const bucket_spec& spec, std::int64_t n) const;
    nanoseconds until_full(const bucket_spec& spec) const { return until(spec, spec.capacity); }
    // The limit was changed. Without refill the tokens used so far stay used; with refill the level stays,
    // cut to the new capacity: so changing back and forth makes no tokens.
    void respec(const bucket_spec& from, const bucket_spec& to, std::int64_t lent = 0);

    mono_time stamp() const { return stamp_; }

  private:
    std::int64_t level_ = 0; // micro-tokens; below 0 in debt
    std::uint64_t part_ = 0; // of the next micro-token, over the period in nanoseconds
    mono_time stamp_{};
};

} // namespace mira::ports
