#include "storage/ports/token_bucket.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

using namespace mira;
using namespace mira::ports;
using namespace std::chrono_literals;

namespace {

using wide = __int128;
constexpr mono_time start{1000s};

bucket_spec spec_of(std::int64_t capacity, std::int64_t refill, nanoseconds period) {
    bucket_spec s;
    s.capacity = capacity;
    s.refill = refill;
    s.period = period;
    return s;
}

// The definition, in exact rational numbers: the level is a whole number of 1 / period tokens.
class reference {
  public:
    reference(const bucket_spec& s, mono_time now)
        : period_{s.period.count()}, refill_{s.refill}, full_{static_cast<wide>(s.capacity) * period_},
          level_{full_}, at_{now} {}
    void advance(mono_time now) {
        if (now <= at_) return;
        level_ = std::min(full_, level_ + static_cast<wide>((now - at_).count()) * refill_);
        at_ = now;
    }
    std::int64_t tokens() const { return static_cast<std::int64_t>(level_ / period_); }
    void take(std::int64_t n) { level_ -= static_cast<wide>(n) * period_; }

  private:
    wide period_, refill_, full_, level_;
    mono_time at_;
};

// Greatest number of takes in any interval, less what the interval's length allows, against the capacity.
bool within_bound(const bucket_spec& s, const std::vector<mono_time>& takes) {
    wide least = 0, worst = 0;
    for (std::size_t i = 0; i < takes.size(); ++i) {
        const wide f = static_cast<wide>(i) * s.period.count() -
                       static_cast<wide>((takes[i] - takes[0]).count()) * s.refill;
        least = i == 0 ? f : std::min(least, f);
        worst = std::max(worst, f - least);
    }
    return worst <= static_cast<wide>(s.capacity - 1) * s.period.count();
}

} // namespace

TEST_CASE("token bucket: starts full and holds no more than its capacity") {
    const auto s = spec_of(3, 1, 1s);
    token_bucket b{s, start};
    CHECK(b.tokens() == 3);
    b.refill(s, start + 100s);
    CHECK(b.tokens() == 3);
    b.debit(3);
    CHECK(b.tokens() == 0);
    b.refill(s, start + 103s - 1ns);
    CHECK(b.tokens() == 2);
    b.refill(s, start + 103s);
    CHECK(b.tokens() == 3);
    CHECK(b.until_full(s) == 0ns);
}

TEST_CASE("token bucket: a refill that no power of ten divides is exact to the nanosecond") {
    const auto s = spec_of(10, 3, 7s); // one token in 2,333,333,333.3 ns
    token_bucket b{s, start};
    b.debit(10);
    CHECK(b.until(s, 1) == 2'333'333'334ns);
    b.refill(s, start + 2'333'333'333ns);
    CHECK(b.tokens() == 0);
    CHECK(b.until(s, 1) == 1ns);
    b.refill(s, start + 2'333'333'334ns);
    CHECK(b.tokens() == 1);
    b.refill(s, start + 7s - 1ns);
    CHECK(b.tokens() == 2);
    b.refill(s, start + 7s);
    CHECK(b.tokens() == 3);
}

TEST_CASE("token bucket: looking often loses nothing") {
    const auto s = spec_of(1'000'000, 1, 1s); // a micro-token in 1,000 ns; looked at every 7
    token_bucket b{s, start};
    b.debit(1'000'000);
    for (int i = 1; i <= 1'000'000; ++i) b.refill(s, start + i * 7ns);
    CHECK(b.until(s, 1) == 1s - 7ms);
    b.refill(s, start + 1s);
    CHECK(b.tokens() == 1);
}

TEST_CASE("token bucket: agrees with exact arithmetic and keeps the bound over long times") {
    std::mt19937_64 random{2024};
    const auto below = [&](std::int64_t n) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
    };
    for (int round = 0; round < 300; ++round) {
        bucket_spec s;
        s.capacity = 1 + below(round % 3 == 0 ? 5 : 2'000);
        s.refill = 1 + below(round % 2 == 0 ? 10 : 1'000'000);
        s.period = nanoseconds{1 + below(round % 5 == 0 ? 1'000 : 86'400'000'000'000)};
        REQUIRE(s.valid());
        token_bucket b{s, start};
        reference r{s, start};
        std::vector<mono_time> takes;
        mono_time now = start;
        const nanoseconds token = std::max(time_to_refill(s, 1), nanoseconds{1});
        for (int i = 0; i < 2'000; ++i) {
            // Mostly about a token's time, at times none at all, at times long.
            const std::int64_t scale = i % 97 == 0 ? 1'000 : 2;
            if (below(4) != 0)
                now +=
                    nanoseconds{below(std::min<std::int64_t>(token.count(), INT64_MAX / 4'000) * scale + 1)};
            b.refill(s, now);
            r.advance(now);
            REQUIRE(b.tokens() == r.tokens());
            const std::int64_t n = std::min<std::int64_t>(b.tokens(), below(3));
            if (b.tokens() == 0) {
                // The wait is exact: not there a nanosecond before, there at the time.
                const nanoseconds wait = b.until(s, 1);
                token_bucket before = b, then = b;
                before.refill(s, now + wait - 1ns);
                then.refill(s, now + wait);
                REQUIRE(before.tokens() == 0);
                REQUIRE(then.tokens() >= 1);
            }
            b.debit(n);
            r.take(n);
            takes.insert(takes.end(), static_cast<std::size_t>(n), now);
        }
        REQUIRE(takes.size() > 1);
        CHECK(within_bound(s, takes));
        takes.insert(takes.begin(), static_cast<std::size_t>(s.capacity), takes.front());
        CHECK_FALSE(within_bound(s, takes)); // the check can fail
    }
}

TEST_CASE("token bucket: a clock that goes back refills nothing, nor twice") {
    const auto s = spec_of(10, 1, 1s);
    token_bucket b{s, start};
    b.debit(10);
    b.refill(s, start + 5s);
    CHECK(b.tokens() == 5);
    b.refill(s, start - 3600s);
    CHECK(b.tokens() == 5);
    b.refill(s, start + 5s);
    CHECK(b.tokens() == 5);
    b.refill(s, start + 6s);
    CHECK(b.tokens() == 6);
}

TEST_CASE("token bucket: without refill what is spent is spent") {
    const auto s = spec_of(2, 0, 0ns);
    REQUIRE(s.valid());
    token_bucket b{s, start};
    b.debit(2);
    b.refill(s, start + 100h * 24 * 365);
    CHECK(b.tokens() == 0);
    CHECK(b.until(s, 1) == never);
    CHECK(time_to_refill(s, 1) == never);
    b.credit(s, 1);
    CHECK(b.tokens() == 1);
    b.credit(s, 5); // more than fits
    CHECK(b.tokens() == 2);
}

TEST_CASE("token bucket: the greatest capacity at one token a day") {
    const auto s = spec_of(max_tokens, 1, 24h);
    REQUIRE(s.valid());
    CHECK(max_tokens * micro_tokens < (std::int64_t{1} << 53));
    token_bucket b{s, start};
    CHECK(b.tokens() == max_tokens);
    b.debit(max_tokens);
    b.refill(s, start + 24h - 1ns);
    CHECK(b.tokens() == 0);
    b.refill(s, start + 24h);
    CHECK(b.tokens() == 1);
    CHECK(b.until_full(s) == never); // 24 million years
    CHECK(b.until(s, max_tokens + 1) == never);
}

TEST_CASE("token bucket: the greatest rate, and an interval as long as the clock") {
    const auto s = spec_of(max_tokens, max_tokens, 1ns);
    token_bucket b{s, start};
    b.debit(max_tokens);
    CHECK(b.until_full(s) == 1ns);
    b.refill(s, start + 1ns);
    CHECK(b.tokens() == max_tokens);
    token_bucket late{s, mono_time{}};
    late.debit(5);
    late.refill(s, mono_time::max());
    CHECK(late.tokens() == max_tokens);
}

TEST_CASE("token bucket: specs at, below and above their bounds") {
    CHECK(spec_of(0, 0, 0ns).valid());
    CHECK(spec_of(max_tokens, max_tokens, max_period).valid());
    CHECK(spec_of(bucket_spec::unlimited, 0, 0ns).valid());
    CHECK_FALSE(spec_of(-2, 0, 0ns).valid());
    CHECK_FALSE(spec_of(max_tokens + 1, 0, 0ns).valid());
    CHECK_FALSE(spec_of(1, max_tokens + 1, 1s).valid());
    CHECK_FALSE(spec_of(1, -1, 1s).valid());
    CHECK_FALSE(spec_of(1, 1, 0ns).valid());
    CHECK_FALSE(spec_of(1, 1, max_period + 1ns).valid());
    token_bucket nothing{spec_of(0, 1, 1s), start};
    nothing.refill(spec_of(0, 1, 1s), start + 9s);
    CHECK(nothing.tokens() == 0);
    CHECK(nothing.until(spec_of(0, 1, 1s), 1) == never);
}

TEST_CASE("token bucket: what is lent counts against the capacity") {
    const auto s = spec_of(10, 1, 1s);
    token_bucket b{s, start};
    b.debit(4);
    b.refill(s, start + 100s, 4);
    CHECK(b.tokens() == 6);
    b.credit(s, 3, 1); // three of the four come back, one is still out
    CHECK(b.tokens() == 9);
    b.credit(s, 1, 0);
    CHECK(b.tokens() == 10);
}

TEST_CASE("token bucket: without refill a change of capacity leaves the used ones used, also as a debt") {
    const auto small = spec_of(1'000, 0, 0ns), great = spec_of(10'000, 0, 0ns);
    token_bucket b{great, start};
    b.debit(3'000);
    b.respec(great, small);
    CHECK(b.tokens() == 0);
    b.respec(small, great);
    CHECK(b.tokens() == 7'000);
    token_bucket over{small, start, 1'500};
    CHECK(over.tokens() == 0);
    over.respec(small, great);
    CHECK(over.tokens() == 8'500);
}

TEST_CASE("token bucket: with refill, changing the capacity back and forth makes no tokens") {
    const auto small = spec_of(10, 1, 1s), great = spec_of(100, 1, 1s);
    token_bucket b{great, start};
    b.debit(60);
    b.respec(great, small);
    CHECK(b.tokens() == 10);
    for (int i = 0; i < 5; ++i) {
        b.respec(small, great);
        b.respec(great, small);
    }
    b.respec(small, great);
    CHECK(b.tokens() == 10);
    b.refill(great, start + 1s);
    CHECK(b.tokens() == 11);
}
