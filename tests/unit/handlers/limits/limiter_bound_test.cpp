#include "tests/unit/handlers/limits/limits_support.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <vector>

using namespace mira;
using namespace mira::limits;
using namespace mira::limits::test;

namespace {

using wide = __int128;

// By how many tokens the admissions in the worst interval exceed what its length allows beyond the capacity,
// in units of 1 / period tokens; at most 0 where the limit is kept.
wide excess(const ports::bucket_spec& s, const std::vector<mono_time>& admitted) {
    wide least = 0, worst = 0;
    for (std::size_t i = 0; i < admitted.size(); ++i) {
        const wide f = static_cast<wide>(i) * s.period.count() -
                       static_cast<wide>((admitted[i] - admitted[0]).count()) * s.refill;
        least = i == 0 ? f : std::min(least, f);
        worst = std::max(worst, f - least);
    }
    return worst - static_cast<wide>(s.capacity - 1) * s.period.count();
}

// Several reactors share an owner; demand comes in bursts and pauses, a reactor at a time or all of them.
struct simulation {
    simulation(std::size_t reactors, const ports::bucket_spec& s, std::int64_t share, std::uint64_t seed)
        : spec{s}, random{seed} {
        limiter::settings settings;
        settings.share = share;
        for (std::size_t i = 0; i < reactors; ++i)
            limiters.push_back(std::make_unique<limiter>(store, settings));
    }
    std::int64_t below(std::int64_t n) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
    }

    void run(int steps, nanoseconds mean_gap) {
        const std::array wanted{limit(1, spec.capacity, spec.refill, spec.period),
                                limit(2, 1 + spec.capacity / 2, spec.refill * 2, spec.period)};
        std::size_t reactor = 0;
        for (int i = 0; i < steps; ++i) {
            if (below(50) == 0)
                reactor = static_cast<std::size_t>(below(static_cast<std::int64_t>(limiters.size())));
            const bool pause = below(500) == 0;
            advance(nanoseconds{below(mean_gap.count() * (pause ? 2'000 : 2) + 1)});
            const std::size_t count = below(3) == 0 ? 2 : 1;
            const auto d = take(*limiters[reactor], std::span{wanted}.first(count), now);
            if (d.outcome != verdict::admitted) continue;
            if (below(20) == 0) {
                limiters[reactor]->give_back(std::span{wanted}.first(count), now);
            } else {
                admitted.push_back(now);
            }
        }
    }
    void advance(nanoseconds d) {
        const mono_time to = now + d;
        // After a long pause the sweeps that have nothing to do are left out.
        if (to - next_sweep > 10s) next_sweep = std::max(next_sweep, to - 10s);
        for (; next_sweep <= to; next_sweep += 50ms) {
            for (auto& l : limiters) l->sweep(next_sweep);
        }
        now = to;
    }

    ports::bucket_spec spec;
    memory::bucket_store store;
    std::vector<std::unique_ptr<limiter>> limiters;
    std::vector<mono_time> admitted;
    mono_time now = start;
    mono_time next_sweep = start + 50ms;
    std::mt19937_64 random;
};

} // namespace

TEST_CASE("limits: capacity + rate x time holds in every interval, with leases, sweeps and returns") {
    for (std::uint64_t round = 0; round < 60; ++round) {
        std::mt19937_64 random{round};
        ports::bucket_spec s;
        s.capacity = std::array<std::int64_t, 4>{1, 7, 100, 5'000}[round % 4] +
                     static_cast<std::int64_t>(random() % 5);
        s.refill = 1 + static_cast<std::int64_t>(random() % 1'000);
        s.period = nanoseconds{1'000'000 + static_cast<std::int64_t>(random() % 10'000'000'000)};
        // Leases of half of what is left strain the bound most.
        simulation sim{1 + round % 4, s, round % 2 == 0 ? 2 : 256, round};
        sim.run(20'000, std::min(nanoseconds{s.period / s.refill}, nanoseconds{10ms}));
        CAPTURE(round);
        REQUIRE(sim.admitted.size() > static_cast<std::size_t>(s.capacity));
        CHECK(excess(s, sim.admitted) <= 0);
        // The check can fail: a burst of capacity more.
        sim.admitted.insert(sim.admitted.begin(), static_cast<std::size_t>(s.capacity), sim.admitted.front());
        CHECK(excess(s, sim.admitted) > 0);
    }
}

TEST_CASE("limits: under lasting demand the whole of capacity + rate x time is admitted") {
    for (const std::size_t reactors : {1U, 2U, 4U}) {
        memory::bucket_store store;
        std::vector<std::unique_ptr<limiter>> limiters;
        for (std::size_t i = 0; i < reactors; ++i) limiters.push_back(std::make_unique<limiter>(store));
        const auto r = limit(1, 1'000, 500, 1s);
        std::int64_t admitted = 0;
        for (int i = 0; i <= 200'000; ++i) { // 10 s, at 20,000 a second
            const mono_time now = start + i * 50us;
            if (i % 1'000 == 0) {
                for (auto& l : limiters) l->sweep(now);
            }
            admitted += admits(*limiters[static_cast<std::size_t>(i) % reactors], r, now) ? 1 : 0;
        }
        CAPTURE(reactors);
        CHECK(admitted <= 1'000 + 500 * 10);
        CHECK(admitted >= 1'000 + 500 * 10 - 1);
    }
}

TEST_CASE("limits: without refill exactly the capacity is admitted, however the demand falls") {
    for (const std::int64_t capacity : {1, 2, 10, 255, 1'000, 10'000}) {
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
            memory::bucket_store store;
            std::array<limiter, 3> limiters{limiter{store}, limiter{store}, limiter{store}};
            const auto r = limit(1, capacity);
            std::mt19937_64 random{seed};
            mono_time now = start, next_sweep = start;
            std::int64_t admitted = 0, denied = 0;
            // Each reactor has its share of the demand, which changes; it lasts 300 ms beyond the first
            // denial.
            std::size_t favourite = 0;
            std::optional<mono_time> until;
            while (!until || now < *until) {
                if (random() % 1'000 == 0) favourite = random() % 3;
                const std::size_t which = random() % 5 == 0 ? random() % 3 : favourite;
                const bool ok = admits(limiters[which], r, now);
                (ok ? admitted : denied) += 1;
                if (!ok && !until) until = now + 300ms;
                now += nanoseconds{static_cast<std::int64_t>(random() % 40'000)};
                if (now >= next_sweep) {
                    for (limiter& l : limiters) l.sweep(now);
                    next_sweep = now + 50ms;
                }
            }
            CAPTURE(capacity);
            CAPTURE(seed);
            CHECK(admitted == capacity);
            CHECK(denied > 0);
        }
    }
}

TEST_CASE("limits: a short flood that no sweep comes into is exact too while leases are single") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        memory::bucket_store store;
        std::array<limiter, 2> limiters{limiter{store}, limiter{store}};
        std::mt19937_64 random{seed};
        std::int64_t admitted = 0;
        for (int i = 0; i < 1'200; ++i) {
            const std::size_t which = i < 300 ? random() % 2 : 1; // the first falls silent
            admitted += admits(limiters[which], limit(1, 500), start + i * 10us) ? 1 : 0;
        }
        CHECK(admitted == 500);
    }
}

TEST_CASE("limits: several threads admit exactly N, and never more than N + rate x time") {
    constexpr std::int64_t capacity = 20'000;
    memory::bucket_store store;
    const std::array wanted{limit(1, capacity), limit(2, ports::max_tokens)};
    const auto refilled = limit(3, 1'000, 10'000, 1s);
    std::atomic<std::int64_t> admitted{0}, admitted_refilled{0};
    std::atomic<int> at_the_end{0};
    const auto clock = [] { return mono_time{std::chrono::steady_clock::now()}; };
    const mono_time begin = clock();
    const auto reactor = [&] {
        limiter l{store};
        mono_time next_sweep = clock() + 5ms;
        std::int64_t mine = 0, mine_refilled = 0;
        std::optional<mono_time> until;
        for (mono_time now = clock(); !until || now < *until || at_the_end < 3; now = clock()) {
            const bool ok = take(l, wanted, now).outcome == verdict::admitted;
            mine += ok ? 1 : 0;
            mine_refilled += admits(l, refilled, now) ? 1 : 0;
            if (!ok && !until) {
                until = now + 300ms;
                ++at_the_end;
            }
            if (now >= next_sweep) {
                l.sweep(now);
                next_sweep = now + 5ms;
            }
        }
        l.give_back_all(clock());
        admitted += mine;
        admitted_refilled += mine_refilled;
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back(reactor);
    for (auto& t : threads) t.join();
    CHECK(admitted == capacity);
    const auto passed = clock() - begin;
    CHECK(admitted_refilled <= 1'000 + passed / 100us);
    CHECK(admitted_refilled >= 1'000);
}
