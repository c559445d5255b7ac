#include "tests/unit/handlers/limits/limits_support.hpp"

#include <doctest/doctest.h>

#include <array>
#include <memory>

using namespace mira;
using namespace mira::limits;
using namespace mira::limits::test;

TEST_CASE("limiter, late owner: one question a bucket, and everybody who waits is told in turn") {
    late_store store;
    limiter l{store};
    const std::array wanted{limit(1, 3)};
    std::array<waiter, 5> w;
    for (waiter& each : w) CHECK(l.take(wanted, start, each).outcome == verdict::pending);
    CHECK(store.queue.size() == 1);
    CHECK(l.probe().waiting.value() == 5);
    store.answer(start + 1ms); // one token: the first; the others ask anew, together
    CHECK(w[0].told->outcome == verdict::admitted);
    CHECK_FALSE(w[1].told);
    REQUIRE(store.queue.size() == 1);
    CHECK(store.queue.front().request.max >= 2);
    while (!store.queue.empty()) store.answer(start + 2ms);
    CHECK(w[1].told->outcome == verdict::admitted);
    CHECK(w[2].told->outcome == verdict::admitted);
    CHECK(w[3].told->outcome == verdict::denied);
    CHECK(w[4].told->outcome == verdict::denied);
    for (waiter& each : w) CHECK(each.times == 1);
    CHECK(l.probe().waiting.value() == 0);
    // The denial is remembered here as well.
    waiter late;
    CHECK(l.take(wanted, start + 3ms, late).outcome == verdict::denied);
    CHECK(store.queue.empty());
}

TEST_CASE("limiter, late owner: all or nothing holds across several questions") {
    late_store store;
    limiter l{store};
    const std::array wanted{limit(1, 5), limit(2, 1), limit(3, 5)};
    waiter first, second;
    CHECK(l.take(wanted, start, first).outcome == verdict::pending);
    while (!store.queue.empty()) store.answer(start);
    CHECK(first.told->outcome == verdict::admitted);
    CHECK(l.take(wanted, start, second).outcome == verdict::pending);
    while (!store.queue.empty()) store.answer(start);
    CHECK(second.told->outcome == verdict::denied);
    CHECK(second.told->limit == 1);
    l.give_back_all(start);
    limiter other{store.owner};
    for (int i = 0; i < 4; ++i) CHECK(admits(other, limit(1, 5), start));
    CHECK_FALSE(admits(other, limit(1, 5), start));
    for (int i = 0; i < 4; ++i) CHECK(admits(other, limit(3, 5), start));
    CHECK_FALSE(admits(other, limit(3, 5), start));
}

TEST_CASE("limiter, late owner: who cancels is not told, and its token serves another") {
    late_store store;
    limiter l{store};
    const std::array wanted{limit(1, 1)};
    waiter gone, stays;
    l.cancel(gone); // does not wait: nothing
    CHECK(l.take(wanted, start, gone).outcome == verdict::pending);
    CHECK(l.take(wanted, start, stays).outcome == verdict::pending);
    l.cancel(gone);
    store.answer(start);
    CHECK(gone.times == 0);
    CHECK(stays.told->outcome == verdict::admitted);
    waiter last;
    CHECK(l.take(wanted, start, last).outcome == verdict::pending);
    l.cancel(last);
    store.answer(start);
    CHECK(last.times == 0);
    CHECK(l.probe().waiting.value() == 0);
}

TEST_CASE("limiter, late owner: it is asked ahead of need, so nobody waits while the demand is steady") {
    late_store store;
    limiter l{store};
    const std::array wanted{limit(1, 1'000'000'000)};
    mono_time now = start;
    int waited = 0;
    for (int i = 0; i < 100'000; ++i) {
        waiter w;
        const auto d = l.take(wanted, now, w);
        if (d.outcome == verdict::pending) {
            if (i > 1'000) ++waited;
            while (!store.queue.empty()) store.answer(now);
            CHECK(w.told->outcome == verdict::admitted);
        } else if (!store.queue.empty() && i % 20 == 0) {
            store.answer(now); // some 0.2 ms later
        }
        CHECK(store.queue.size() <= 1);
        now += 10us;
    }
    CHECK(waited == 0);
    CHECK(l.probe().asked.value() < 1'000);
}

TEST_CASE("limiter, late owner: a waiter may use the limiter when it is told") {
    late_store store;
    limiter::settings s;
    s.max_leases = 16;
    limiter l{store, s};
    struct again final : take_waiter {
        void decided(const decision& d) noexcept override {
            outcome = d.outcome;
            for (std::uint64_t k = 100; k < 140; ++k) {
                // Leases that are asked for cannot leave, so some of these find no room.
                others.push_back(std::make_unique<waiter>());
                requests.push_back(std::make_unique<limit_request>(limit(k, 1)));
                l->take(std::span{requests.back().get(), 1}, start, *others.back());
            }
        }
        limiter* l = nullptr;
        std::optional<verdict> outcome;
        std::vector<std::unique_ptr<waiter>> others;
        std::vector<std::unique_ptr<limit_request>> requests;
    };
    const std::array wanted{limit(1, 1)};
    again first;
    waiter second;
    first.l = &l;
    CHECK(l.take(wanted, start, first).outcome == verdict::pending);
    CHECK(l.take(wanted, start, second).outcome == verdict::pending);
    store.answer(start);
    CHECK(first.outcome == verdict::admitted);
    CHECK(l.probe().denied_no_room.value() > 0);
    while (!store.queue.empty()) store.answer(start);
    CHECK(second.told->outcome == verdict::denied);
    int admitted = 0, told = 0;
    for (const auto& w : first.others) {
        told += w->times;
        admitted += w->told && w->told->outcome == verdict::admitted ? 1 : 0;
    }
    CHECK(admitted == told);
    CHECK(static_cast<std::uint64_t>(told) + l.probe().denied_no_room.value() == 40);
}

TEST_CASE("limiter, late owner: a limiter that goes is not told any more") {
    late_store store;
    waiter w;
    const std::array wanted{limit(1, 1)};
    {
        limiter l{store};
        CHECK(l.take(wanted, start, w).outcome == verdict::pending);
        l.cancel(w);
    }
    CHECK(store.queue.empty());
    CHECK(w.times == 0);
}

TEST_CASE("limiter, late owner: a lease that is asked for cannot leave, nor can those of the same request") {
    late_store store;
    limiter::settings s;
    s.max_leases = 16;
    limiter l{store, s};
    std::vector<limit_request> asked;
    std::array<waiter, 10> gone;
    for (std::uint64_t k = 0; k < gone.size(); ++k) asked.push_back(limit(k, 1));
    for (std::size_t k = 0; k < gone.size(); ++k) {
        CHECK(l.take(std::span{asked}.subspan(k, 1), start, gone[k]).outcome == verdict::pending);
        l.cancel(gone[k]); // so that nobody waits, and only the question is under way
    }
    // Six places are left for eight limits.
    std::array<limit_request, max_limits> wanted;
    for (std::size_t i = 0; i < max_limits; ++i) wanted[i] = limit(100 + i, 1);
    waiter w;
    const auto d = l.take(wanted, start, w);
    CHECK(d.outcome == verdict::denied);
    CHECK(d.limit == 6);
    CHECK(d.retry_after == 1s);
    CHECK(l.probe().denied_no_room.value() == 1);
    CHECK(l.probe().evicted.value() == 0);
    while (!store.queue.empty()) store.answer(start);
    CHECK(l.take(std::span{asked}.first(1), start, w).outcome == verdict::admitted);
}
