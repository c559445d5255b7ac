#include "engine/net/admission.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace mira::net;
using verdict = admission::verdict;

namespace {
const address a = *address::parse("192.0.2.1");
const address b = *address::parse("192.0.2.2");
} // namespace

TEST_CASE("admission: the limit in all, at and above") {
    admission all{{.connections = 2, .connections_per_address = 10}};
    admission::unit one, two, three;
    CHECK(all.enter(a, one) == verdict::admitted);
    CHECK(all.enter(b, two) == verdict::admitted);
    CHECK(all.enter(a, three) == verdict::too_many);
    CHECK(all.connections() == 2);
    one = {};
    CHECK(all.connections() == 1);
    CHECK(all.enter(b, three) == verdict::admitted);
}

TEST_CASE("admission: the limit of one address, at and above") {
    admission all{{.connections = 10, .connections_per_address = 2}};
    admission::unit one, two, three, other;
    CHECK(all.enter(a, one) == verdict::admitted);
    CHECK(all.enter(a, two) == verdict::admitted);
    CHECK(all.enter(a, three) == verdict::too_many_from_address);
    CHECK(all.connections() == 2); // a refusal takes nothing
    CHECK(all.enter(b, other) == verdict::admitted);
    two = {};
    CHECK(all.enter(a, three) == verdict::admitted);
    CHECK(all.connections() == 3);
}

TEST_CASE("admission: a unit gives back once, however it moves") {
    admission all{{.connections = 10, .connections_per_address = 10}};
    {
        admission::unit one;
        CHECK(all.enter(a, one) == verdict::admitted);
        admission::unit two{std::move(one)};
        admission::unit three;
        three = std::move(two);
        CHECK(all.connections() == 1);
        // Into a unit that holds a place already: that one is given back.
        CHECK(all.enter(a, three) == verdict::admitted);
        CHECK(all.connections() == 1);
    }
    CHECK(all.connections() == 0);
}

TEST_CASE("admission: limits change for those to come") {
    admission all{{.connections = 10, .connections_per_address = 10}};
    admission::unit one, two, three;
    CHECK(all.enter(a, one) == verdict::admitted);
    CHECK(all.enter(a, two) == verdict::admitted);
    all.set({.connections = 10, .connections_per_address = 1});
    CHECK(all.connections() == 2);
    CHECK(all.enter(a, three) == verdict::too_many_from_address);
    all.set({.connections = 10, .connections_per_address = 0});
    CHECK(all.enter(b, three) == verdict::too_many_from_address);
    all.set({.connections = 2, .connections_per_address = 10});
    CHECK(all.enter(b, three) == verdict::too_many);
    all.set({.connections = 3, .connections_per_address = 10});
    CHECK(all.enter(b, three) == verdict::admitted);
}

TEST_CASE("admission: never above the limit from many threads") {
    admission all{{.connections = 50, .connections_per_address = 20}};
    std::atomic<int> from_a{0};
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 2000; ++i) {
                admission::unit u;
                if (all.enter(t % 2 == 0 ? a : b, u) != verdict::admitted) continue;
                if (t % 2 == 0) {
                    if (from_a.fetch_add(1) >= 20) over = true;
                    from_a.fetch_sub(1);
                }
            }
        });
    for (std::thread& t : threads) t.join();
    CHECK_FALSE(over);
    CHECK(all.connections() == 0);
}
