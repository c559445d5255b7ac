#include "handlers/limits/limiter.hpp"
#include "tests/unit/handlers/limits/limits_support.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace mira;
using namespace mira::limits;
using namespace mira::limits::test;

TEST_CASE("limiter: admits exactly the capacity, then says how long to wait") {
    memory::bucket_store store;
    limiter l{store};
    const auto r = limit(1, 3, 1, 2s);
    for (std::int64_t left = 2; left >= 0; --left) {
        const auto d = take(l, r, start);
        CHECK(d.outcome == verdict::admitted);
        CHECK(d.remaining[0] == left);
    }
    const auto d = take(l, r, start + 500ms);
    CHECK(d.outcome == verdict::denied);
    CHECK(d.limit == 0);
    CHECK(d.retry_after == 1500ms);
    CHECK(d.remaining[0] == 0);
    CHECK_FALSE(admits(l, r, start + 2s - 1ns));
    CHECK(admits(l, r, start + 2s));
    CHECK_FALSE(admits(l, r, start + 2s));
    CHECK(l.probe().admitted.value() == 4);
}

TEST_CASE("limiter: no limits at all, and unlimited ones, cost nothing") {
    memory::bucket_store store;
    limiter l{store};
    CHECK(take(l, std::span<const limit_request>{}, start).outcome == verdict::admitted);
    const auto d = take(l, limit(1, ports::bucket_spec::unlimited), start);
    CHECK(d.outcome == verdict::admitted);
    CHECK(d.remaining[0] == -1);
    l.give_back(std::array{limit(1, ports::bucket_spec::unlimited)}, start);
    CHECK(store.read().takes == 0);
    CHECK(l.probe().leases.value() == 0);
}

TEST_CASE("limiter: of several limits all must admit, else nothing is taken anywhere") {
    memory::bucket_store store;
    limiter l{store};
    const std::array wanted{limit(1, 5), limit(2, 2), limit(3, 5)};
    CHECK(take(l, wanted, start).outcome == verdict::admitted);
    CHECK(take(l, wanted, start).outcome == verdict::admitted);
    for (int i = 0; i < 10; ++i) {
        const auto d = take(l, wanted, start + i * 150ms);
        CHECK(d.outcome == verdict::denied);
        CHECK(d.limit == 1);
        CHECK(d.retry_after == ports::never);
    }
    // The first was asked for a token before the second denied; it is back with the owner, not only in this
    // lease.
    limiter other{store};
    for (int i = 0; i < 3; ++i) CHECK(admits(other, limit(1, 5), start + 10s));
    CHECK_FALSE(admits(other, limit(1, 5), start + 10s));
    for (int i = 0; i < 3; ++i) CHECK(admits(other, limit(3, 5), start + 10s));
    CHECK_FALSE(admits(other, limit(3, 5), start + 10s));
}

TEST_CASE("limiter: eight limits are the most, each is honoured") {
    memory::bucket_store store;
    for (std::size_t scarce = 0; scarce < max_limits; ++scarce) {
        limiter l{store};
        std::array<limit_request, max_limits> wanted;
        for (std::size_t i = 0; i < max_limits; ++i)
            wanted[i] = limit(100 * scarce + i, i == scarce ? 3 : 10);
        for (int i = 0; i < 3; ++i) CHECK(take(l, wanted, start).outcome == verdict::admitted);
        CHECK(take(l, wanted, start).outcome == verdict::denied);
        CHECK(take(l, wanted, start).limit == scarce);
    }
}

TEST_CASE("limiter: a denial is remembered, so an abuser costs the owner next to nothing") {
    memory::bucket_store store;
    limiter l{store};
    const std::array wanted{limit(1, 1'000'000), limit(2, 1, 1, 10s)};
    CHECK(take(l, wanted, start).outcome == verdict::admitted);
    const auto before = store.read().takes;
    for (int i = 0; i < 10'000; ++i) CHECK(take(l, wanted, start + i * 100us).outcome == verdict::denied);
    // Once in 100 ms, for each of the two.
    CHECK(store.read().takes - before <= 22);
    CHECK(l.probe().denied_remembered.value() >= 9'980);
    CHECK(take(l, wanted, start + 4s).retry_after == 6s);
    CHECK(take(l, wanted, start + 4s + 1ms).retry_after == 6s - 1ms);
    CHECK(take(l, wanted, start + 10s).outcome == verdict::admitted);
}

TEST_CASE("limiter: leases grow with demand and last some 25 ms") {
    memory::bucket_store store;
    limiter l{store};
    const auto r = limit(1, 1'000'000'000);
    mono_time now = start;
    for (int i = 0; i < 400'000; ++i) { // 100,000 a second
        CHECK(admits(l, r, now));
        now += 10us;
    }
    const auto asked = store.read().takes;
    for (int i = 0; i < 100'000; ++i) {
        CHECK(admits(l, r, now));
        now += 10us;
    }
    const auto a_second = store.read().takes - asked;
    CHECK(a_second >= 20);
    CHECK(a_second <= 100);
    // A hundred a second want leases of two or three.
    for (int i = 0; i < 100; ++i) {
        now += 10ms;
        CHECK(admits(l, r, now));
        if (i % 5 == 0) l.sweep(now);
    }
    CHECK(store.read().granted - store.read().returned <= 500'100 + 5);
}

TEST_CASE("limiter: a lease's size is bounded") {
    CHECK(lease_size(0, 0ns, 100) == 1);
    CHECK(lease_size(1, 0ns, 100) == 2);
    CHECK(lease_size(49, 1us, 100) == 98);
    CHECK(lease_size(50, 1us, 100) == 100);
    CHECK(lease_size(51, -5s, 100) == 100);
    CHECK(lease_size(10, lease_lasts, 100) == 10);
    CHECK(lease_size(10, lease_lasts * 2, 100) == 5);
    CHECK(lease_size(10, lease_lasts * 100, 100) == 1);
    CHECK(lease_size(10, lease_lasts / 2 + 1ns, 100) == 19);
    CHECK(lease_size(std::int64_t{1} << 31, nanoseconds::max(), std::int64_t{1} << 31) == 1);
}

TEST_CASE("limiter: what is not used goes home within two sweeps, and is spent elsewhere") {
    memory::bucket_store store;
    limiter::settings s;
    s.share = 1; // a lease may take all there is
    limiter idle{store, s}, busy{store, s};
    const auto r = limit(1, 1'000);
    mono_time now = start;
    // 400 a millisecond: the last lease is large, and stays partly unused.
    for (int i = 0; i < 300; ++i) CHECK(admits(idle, r, now));
    const auto held = static_cast<std::int64_t>(store.read().granted) - 300;
    REQUIRE(held > 100);
    idle.sweep(now);
    int admitted = 300;
    while (admits(busy, r, now)) ++admitted;
    CHECK(admitted < 1'000);
    idle.sweep(now + 50ms);
    while (admits(busy, r, now + 200ms)) ++admitted;
    CHECK(admitted == 1'000);
    CHECK_FALSE(admits(idle, r, now + 400ms));
}

TEST_CASE("limiter: a lease that is used slowly keeps what the last interval used, no more") {
    memory::bucket_store store;
    limiter::settings s;
    s.share = 1;
    limiter l{store, s};
    const auto r = limit(1, 100'000);
    for (int i = 0; i < 600; ++i) CHECK(admits(l, r, start));
    l.sweep(start);
    const auto lent = [&] { return static_cast<std::int64_t>(store.read().granted - store.read().returned); };
    for (int i = 0; i < 7; ++i) CHECK(admits(l, r, start + 10ms));
    l.sweep(start + 50ms);
    CHECK(lent() == 607 + 7);
    l.sweep(start + 100ms);
    CHECK(lent() == 607);
    const auto before = store.read().takes;
    l.sweep(start + 150ms);
    CHECK(lent() == 607);
    CHECK(store.read().takes == before);
}

TEST_CASE("limiter: stopping gives everything back") {
    memory::bucket_store store;
    limiter::settings s;
    s.share = 1;
    std::array<limit_request, 3> wanted{limit(1, 100), limit(2, 100), limit(3, 100)};
    {
        limiter l{store, s};
        for (int i = 0; i < 20; ++i) CHECK(take(l, wanted, start).outcome == verdict::admitted);
        l.give_back_all(start);
    }
    limiter next{store, s};
    for (int i = 0; i < 80; ++i) CHECK(take(next, wanted, start).outcome == verdict::admitted);
    CHECK(take(next, wanted, start).outcome == verdict::denied);
}

TEST_CASE("limiter: a token given back is there again, here and elsewhere") {
    memory::bucket_store store;
    limiter l{store}, other{store};
    const std::array wanted{limit(1, 2), limit(2, 2)};
    CHECK(take(l, wanted, start).outcome == verdict::admitted);
    CHECK(take(l, wanted, start).outcome == verdict::admitted);
    CHECK(take(l, wanted, start).outcome == verdict::denied);
    l.give_back(wanted, start);
    CHECK(take(l, wanted, start).outcome == verdict::admitted);
    CHECK(take(l, wanted, start).outcome == verdict::denied);
    l.give_back(wanted, start);
    l.sweep(start);
    l.sweep(start + 50ms);
    CHECK(take(other, wanted, start + 50ms).outcome == verdict::admitted);
    CHECK(take(other, wanted, start + 50ms).outcome == verdict::denied);
    CHECK(take(l, wanted, start + 200ms).outcome == verdict::denied);
    // Also where the lease is no longer known.
    limiter third{store};
    third.give_back(wanted, start + 300ms);
    CHECK(take(other, wanted, start + 400ms).outcome == verdict::admitted);
    CHECK(take(other, wanted, start + 400ms).outcome == verdict::denied);
}

TEST_CASE("limiter: giving back never makes a bucket fuller than full") {
    memory::bucket_store store;
    limiter l{store};
    const auto r = limit(1, 5, 5, 1s);
    CHECK(admits(l, r, start));
    l.give_back(std::span{&r, 1}, start + 10s); // refilled by then
    int admitted = 0;
    while (admits(l, r, start + 10s)) ++admitted;
    CHECK(admitted == 5);
}

TEST_CASE("limiter: a changed limit holds at once, and what was remembered is forgotten") {
    memory::bucket_store store;
    limiter::settings s;
    s.share = 1;
    limiter l{store, s};
    for (int i = 0; i < 10; ++i) CHECK(admits(l, limit(1, 10), start));
    CHECK_FALSE(admits(l, limit(1, 10), start));
    for (int i = 0; i < 90; ++i) CHECK(admits(l, limit(1, 100), start));
    CHECK_FALSE(admits(l, limit(1, 100), start));
    // Down, with a lease in hand: what is held goes back first.
    for (int i = 0; i < 20; ++i) CHECK(admits(l, limit(2, 1'000), start));
    CHECK_FALSE(admits(l, limit(2, 20), start));
    CHECK(admits(l, limit(2, 21), start));
    CHECK_FALSE(admits(l, limit(2, 21), start));
}

TEST_CASE("limiter: a full table loses the lease that was used longest ago, and its tokens go home") {
    memory::bucket_store store;
    limiter::settings s;
    s.max_leases = 16;
    s.share = 1;
    limiter l{store, s};
    for (std::uint64_t k = 0; k < 16; ++k) {
        for (int i = 0; i < 10; ++i) CHECK(admits(l, limit(k, 100), start));
    }
    CHECK(l.probe().leases.value() == 16);
    CHECK(l.probe().evicted.value() == 0);
    l.sweep(start);
    for (std::uint64_t k = 0; k < 16; ++k) {
        if (k != 1) CHECK(admits(l, limit(k, 100), start)); // 1 is the oldest now
    }
    const auto returned = store.read().returned;
    CHECK(admits(l, limit(16, 100), start));
    CHECK(l.probe().leases.value() == 16);
    CHECK(l.probe().evicted.value() == 1);
    CHECK(store.read().returned > returned);
    limiter other{store, s};
    int left = 0;
    while (admits(other, limit(1, 100), start)) ++left;
    CHECK(left == 90);
    // 0 stayed: its lease needs no owner.
    const auto takes = store.read().takes;
    CHECK(admits(l, limit(0, 100), start));
    CHECK(store.read().takes == takes);
}

TEST_CASE("limiter: a request's own leases do not push each other out") {
    memory::bucket_store store;
    limiter::settings s;
    s.max_leases = 1; // means 16
    limiter l{store, s};
    for (std::uint64_t k = 0; k < 200; ++k) {
        std::array<limit_request, max_limits> wanted;
        for (std::size_t i = 0; i < max_limits; ++i) wanted[i] = limit(k * 5 + i, 1'000);
        CHECK(take(l, wanted, start).outcome == verdict::admitted);
    }
    CHECK(l.probe().leases.value() == 16);
}

TEST_CASE("limiter: a clock that goes back neither admits more nor locks anybody out") {
    memory::bucket_store store;
    limiter l{store};
    const auto r = limit(1, 2, 1, 1s);
    CHECK(admits(l, r, start));
    CHECK(admits(l, r, start));
    CHECK_FALSE(admits(l, r, start));
    CHECK_FALSE(admits(l, r, start - 3600s));
    l.sweep(start - 3600s);
    l.sweep(start - 3600s);
    CHECK_FALSE(admits(l, r, start - 3600s + 5s));
    CHECK_FALSE(admits(l, r, start + 999ms));
    CHECK(admits(l, r, start + 1s));
    CHECK_FALSE(admits(l, r, start + 1s));
}

TEST_CASE("limiter: owners without room deny for a second") {
    memory::bucket_store store{{1, 1}};
    limiter l{store};
    auto kept = limit(1, 5);
    kept.spec.keep = 24h;
    CHECK(admits(l, kept, start));
    const auto d = take(l, limit(2, 5), start);
    CHECK(d.outcome == verdict::denied);
    CHECK(d.retry_after == 1s);
}

TEST_CASE("limiter: a denial takes nothing from what the owner knows of other reactors' leases") {
    memory::bucket_store store;
    limiter::settings s;
    s.share = 1;
    limiter holder{store, s}, l{store, s};
    const auto r = limit(1, 100, 1, 1s);
    for (int i = 0; i < 9; ++i) CHECK(admits(holder, r, start)); // 1 + 2 + 4 + 8 came, 6 are held
    const std::array denied{r, limit(2, 0)};
    for (int i = 0; i < 20; ++i) CHECK(take(l, denied, start + i * 1s).outcome == verdict::denied);
    // Full, but for the last lease of eight, of which one was spent at once.
    CHECK(take(l, r, start + 1000s).remaining[0] == 100 - 7 - 1);
}

TEST_CASE("limiter: after a rest the whole capacity is there again") {
    memory::bucket_store store;
    limiter::settings s;
    s.share = 4;
    limiter l{store, s};
    const auto r = limit(1, 1'000, 1'000, 1s);
    mono_time now = start;
    for (int round = 0; round < 5; ++round) {
        int admitted = 0;
        while (admits(l, r, now)) ++admitted;
        CHECK(admitted == 1'000);
        l.sweep(now);
        l.sweep(now + 50ms);
        now += 2s;
    }
}

TEST_CASE("limiter: what was spent is reported with the next lease, without a sweep") {
    memory::bucket_store store;
    limiter::settings s;
    s.share = 1;
    limiter l{store, s};
    const auto r = limit(1, 1'000, 1, 1s);
    for (int i = 0; i < 1 + 2 + 4 + 8; ++i) CHECK(admits(l, r, start));
    CHECK(store.read().takes == 4);
    // At the fifth the bucket is full, but for the eight of the fourth, of which one was reported with it.
    CHECK(take(l, r, start + 1000s).remaining[0] == 1'000 - 7 - 1);
    CHECK(take(l, r, start + 2000s).remaining[0] == 1'000 - 1);
}

TEST_CASE("limiter: a clock that has gone back does not keep a denial alive") {
    memory::bucket_store store;
    limiter l{store}, other{store};
    const auto r = limit(1, 1);
    CHECK(admits(other, r, start));
    CHECK_FALSE(admits(l, r, start));
    other.give_back(std::span{&r, 1}, start);
    CHECK_FALSE(admits(l, r, start + 99ms)); // remembered
    CHECK(admits(l, r, start - 3600s));
}
