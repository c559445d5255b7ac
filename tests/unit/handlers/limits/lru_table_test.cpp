#include "handlers/limits/lru_table.hpp"

#include <doctest/doctest.h>

#include <list>
#include <map>
#include <random>

using namespace mira::limits;

namespace {
struct number {
    std::uint64_t n = 0;
    bool operator==(const number&) const = default;
    std::array<std::uint64_t, 1> words() const { return {n}; }
};
} // namespace

TEST_CASE("lru table: at, below and above its capacity") {
    lru_table<number, int> t{3};
    CHECK(t.oldest() == t.none);
    CHECK(t.newest() == t.none);
    const auto a = t.add({1}), b = t.add({2}), c = t.add({3});
    CHECK(t.size() == 3);
    CHECK(t.add({4}) == t.none);
    CHECK(t.find({4}) == t.none);
    t[b] = 42;
    CHECK(t.find({2}) == b);
    CHECK(t[t.find({2})] == 42);
    CHECK(t.oldest() == a);
    t.touch(a);
    CHECK(t.oldest() == b);
    CHECK(t.newest() == a);
    CHECK(t.older(a) == c);
    t.erase(b);
    CHECK(t.size() == 2);
    const auto d = t.add({4});
    CHECK(d == b);    // its place
    CHECK(t[d] == 0); // but not its value
    CHECK(t.oldest() == c);
}

TEST_CASE("lru table: does what a map and a list do, over a long random history") {
    lru_table<number, std::uint64_t> t{50};
    std::map<std::uint64_t, std::list<std::uint64_t>::iterator> places;
    std::list<std::uint64_t> order; // newest first
    std::mt19937_64 random{5};
    for (int i = 0; i < 100'000; ++i) {
        const std::uint64_t key = random() % 80;
        const auto at = t.find({key});
        REQUIRE((at != t.none) == places.contains(key));
        switch (random() % 3) {
        case 0:
            if (at == t.none) {
                const auto added = t.add({key});
                REQUIRE((added == t.none) == (order.size() == 50));
                if (added == t.none) break;
                t[added] = key;
                order.push_front(key);
                places[key] = order.begin();
            }
            break;
        case 1:
            if (at != t.none) {
                t.touch(at);
                order.splice(order.begin(), order, places[key]);
            }
            break;
        default:
            if (at != t.none && random() % 4 == 0) {
                t.erase(at);
                order.erase(places[key]);
                places.erase(key);
            }
        }
        REQUIRE(t.size() == order.size());
        if (i % 100 == 0) {
            auto expected = order.begin();
            for (auto e = t.newest(); e != t.none; e = t.older(e), ++expected) {
                REQUIRE(expected != order.end());
                REQUIRE(t[e] == *expected);
                REQUIRE(t.key(e).n == *expected);
            }
            REQUIRE(expected == order.end());
            if (!order.empty()) REQUIRE(t[t.oldest()] == order.back());
        }
    }
}
