#include "handlers/limits/peer_admission.hpp"

#include <doctest/doctest.h>

using namespace mira;
using namespace mira::limits;
using namespace std::chrono_literals;

namespace {
constexpr mono_time start{1000s};

address peer(std::uint32_t n) {
    address a{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    for (unsigned i = 0; i < 4; ++i) a[12 + i] = static_cast<unsigned char>(n >> (8 * i));
    return a;
}
peer_admission::settings budget(std::int64_t n, std::size_t peers = 100) {
    peer_admission::settings s;
    s.budget = n;
    s.refill = 2;
    s.max_peers = peers;
    return s;
}
} // namespace

TEST_CASE("peer admission: a unit, and one more for each full 64 KiB") {
    CHECK(peer_admission::cost_of(0) == 1);
    CHECK(peer_admission::cost_of(65'535) == 1);
    CHECK(peer_admission::cost_of(65'536) == 2);
    CHECK(peer_admission::cost_of(1 << 20) == 17);
}

TEST_CASE("peer admission: honest traffic is never throttled") {
    peer_admission p{budget(5)};
    for (int i = 0; i < 100'000; ++i) {
        REQUIRE(p.admit(peer(1), 3, start).admitted);
        p.genuine(peer(1), 3, start);
    }
    CHECK(p.probe().peers.value() == 0);
    CHECK(p.probe().genuine.value() == 100'000);
    CHECK(p.probe().denied.value() == 0);
}

TEST_CASE("peer admission: bad signatures are paid for, by the address that sent them") {
    peer_admission p{budget(5)};
    for (int i = 0; i < 5; ++i) CHECK(p.admit(peer(1), 1, start).admitted);
    for (int i = 0; i < 1'000; ++i) {
        const auto a = p.admit(peer(1), 1, start);
        CHECK_FALSE(a.admitted);
        CHECK(a.retry_after == 500ms);
    }
    CHECK(p.admit(peer(1), 2, start).retry_after == 1s);
    CHECK(p.admit(peer(2), 1, start).admitted);
    CHECK_FALSE(p.admit(peer(1), 1, start + 500ms - 1ns).admitted);
    CHECK(p.admit(peer(1), 1, start + 500ms).admitted);
    CHECK_FALSE(p.admit(peer(1), 1, start + 500ms).admitted);
    CHECK(p.probe().denied.value() == 1'003);
    CHECK(p.probe().peers.value() == 2);
}

TEST_CASE("peer admission: one genuine request frees its own units only") {
    peer_admission p{budget(5)};
    for (int i = 0; i < 5; ++i) CHECK(p.admit(peer(1), 1, start).admitted);
    p.genuine(peer(1), 1, start);
    CHECK(p.admit(peer(1), 1, start).admitted);
    CHECK_FALSE(p.admit(peer(1), 1, start).admitted);
    // More than was spent, and for an address that nothing is known of: never above the budget.
    p.genuine(peer(1), 100, start);
    p.genuine(peer(9), 100, start);
    for (const std::uint32_t n : {1U, 9U}) {
        for (int i = 0; i < 5; ++i) CHECK(p.admit(peer(n), 1, start).admitted);
        CHECK_FALSE(p.admit(peer(n), 1, start).admitted);
    }
}

TEST_CASE("peer admission: a cost at, below and above the whole budget") {
    peer_admission p{budget(5)};
    CHECK(p.admit(peer(1), 4, start).admitted);
    CHECK(p.admit(peer(2), 5, start).admitted);
    CHECK(p.admit(peer(3), 6, start).admitted); // counts as five
    CHECK_FALSE(p.admit(peer(3), 1, start).admitted);
    p.genuine(peer(3), 6, start);
    CHECK(p.admit(peer(3), 1'000'000, start).admitted);
    CHECK(p.admit(peer(1), 1, start).admitted);
    CHECK_FALSE(p.admit(peer(2), 1, start).admitted);
}

TEST_CASE("peer admission: the budget is divided by the reactors, its rate exactly") {
    auto s = budget(10);
    s.reactors = 3;
    peer_admission p{s};
    for (int i = 0; i < 3; ++i) CHECK(p.admit(peer(1), 1, start).admitted);
    const auto denied = p.admit(peer(1), 1, start);
    CHECK_FALSE(denied.admitted);
    CHECK(denied.retry_after == 1500ms); // 2 a second, for three
    s.reactors = 100;
    peer_admission tiny{s};
    CHECK(tiny.admit(peer(1), 1, start).admitted);
    CHECK_FALSE(tiny.admit(peer(1), 1, start).admitted);
}

TEST_CASE(
    "peer admission: at, below and above the number of peers; the quietest leaves, early ones are counted") {
    peer_admission p{budget(2, 3)};
    for (std::uint32_t n = 1; n <= 3; ++n) {
        CHECK(p.admit(peer(n), 2, start + n * 1ms).admitted);
    }
    CHECK(p.probe().peers.value() == 3);
    CHECK(p.probe().evicted_early.value() == 0);
    CHECK_FALSE(p.admit(peer(1), 1, start + 4ms).admitted); // 2 is the quietest now
    CHECK(p.admit(peer(4), 2, start + 5ms).admitted);
    CHECK(p.probe().peers.value() == 3);
    CHECK(p.probe().evicted_early.value() == 1);
    CHECK_FALSE(p.admit(peer(1), 1, start + 6ms).admitted);
    CHECK_FALSE(p.admit(peer(3), 1, start + 6ms).admitted);
    // Full again by then, so its leaving loses nothing.
    CHECK(p.admit(peer(5), 2, start + 10s).admitted);
    CHECK(p.probe().evicted_early.value() == 1);
    CHECK(p.probe().peers.value() == 3);
}

TEST_CASE("peer admission: a network of IPv6 is one peer") {
    peer_admission p{budget(2)};
    address a{0x20, 1, 0xd, 0xb8};
    CHECK(p.admit(a, 1, start).admitted);
    a[15] = 7;
    CHECK(p.admit(a, 1, start).admitted);
    a[15] = 8;
    CHECK_FALSE(p.admit(a, 1, start).admitted);
    a[7] = 1;
    CHECK(p.admit(a, 1, start).admitted);
}

TEST_CASE("peer admission: a clock that goes back changes nothing") {
    peer_admission p{budget(2)};
    CHECK(p.admit(peer(1), 2, start).admitted);
    CHECK_FALSE(p.admit(peer(1), 1, start - 1h).admitted);
    p.genuine(peer(1), 1, start - 1h);
    CHECK(p.admit(peer(1), 1, start - 1h).admitted);
    CHECK_FALSE(p.admit(peer(1), 1, start + 499ms).admitted);
    CHECK(p.admit(peer(1), 1, start + 500ms).admitted);
}
