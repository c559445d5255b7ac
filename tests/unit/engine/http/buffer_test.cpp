#include "engine/http/buffer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace mira::http;

TEST_CASE("memory_budget: at, below and above the limit") {
    memory_budget b{100};
    CHECK(b.take(99));
    CHECK(b.take(1));
    CHECK_FALSE(b.take(1));
    CHECK(b.held() == 100); // a refusal takes nothing
    b.give_back(1);
    CHECK(b.take(1));
    b.set_limit(50);
    b.give_back(51);
    CHECK_FALSE(b.take(2));
    CHECK(b.take(1));
}

TEST_CASE("buffer: grows with what is appended and keeps it") {
    memory_budget budget{64 * 1024 * 1024};
    buffer_pool pool{budget};
    buffer b;
    CHECK(b.empty());
    CHECK(b.view().empty());
    std::string expected;
    // Over every class of the pool and into blocks of its own.
    while (expected.size() < 300'000) {
        const std::string piece(expected.size() / 3 + 700, static_cast<char>('a' + expected.size() % 26));
        REQUIRE(b.append(pool, piece));
        expected += piece;
        CHECK(b.view() == expected);
        CHECK(budget.held() == b.size() + b.room());
        CHECK(budget.held() <= 2 * std::max<std::size_t>(expected.size(), buffer_pool::smallest));
    }
    b.release();
    CHECK(b.empty());
    CHECK(budget.held() == 0);
}

TEST_CASE("buffer: reserve gives room, grew fills it") {
    memory_budget budget{1 << 20};
    buffer_pool pool{budget};
    buffer b;
    REQUIRE(b.reserve(pool, 1));
    CHECK(b.room() == buffer_pool::smallest);
    REQUIRE(b.reserve(pool, buffer_pool::smallest));
    CHECK(b.room() == buffer_pool::smallest); // it was there
    b.tail()[0] = 'x';
    b.grew(1);
    CHECK(b.view() == "x");
    REQUIRE(b.reserve(pool, buffer_pool::smallest));
    CHECK(b.room() == 2 * buffer_pool::smallest - 1);
    CHECK(b.view() == "x");
}

TEST_CASE("buffer: consume drops from the front and ends with the last byte") {
    memory_budget budget{1 << 20};
    buffer_pool pool{budget};
    buffer b;
    REQUIRE(b.append(pool, "hello"));
    b.consume(0);
    CHECK(b.view() == "hello");
    b.consume(2);
    CHECK(b.view() == "llo");
    CHECK(budget.held() > 0);
    b.consume(3);
    CHECK(b.empty());
    CHECK(budget.held() == 0);
}

TEST_CASE("buffer: moving it moves its memory") {
    memory_budget budget{1 << 20};
    buffer_pool pool{budget};
    buffer a;
    REQUIRE(a.append(pool, "abc"));
    const char* const where = a.view().data();
    buffer b{std::move(a)};
    CHECK(b.view() == "abc");
    CHECK(b.view().data() == where);
    buffer c;
    c = std::move(b);
    CHECK(c.view().data() == where);
    CHECK(budget.held() == buffer_pool::smallest);
    c = buffer{};
    CHECK(budget.held() == 0);
}

TEST_CASE("buffer: beyond the budget it says no and stays as it was") {
    memory_budget budget{4 * buffer_pool::smallest};
    buffer_pool pool{budget};
    buffer a;
    REQUIRE(a.append(pool, std::string(buffer_pool::smallest, 'a')));
    buffer b;
    REQUIRE(b.append(pool, std::string(2 * buffer_pool::smallest, 'b')));
    // One KiB is left; to grow, both the old and the new block are needed for a moment.
    CHECK_FALSE(b.append(pool, "c"));
    CHECK(b.view() == std::string(2 * buffer_pool::smallest, 'b'));
    CHECK(budget.held() == 3 * buffer_pool::smallest);
    a.release();
    b.release();
    CHECK(budget.held() == 0);
}

TEST_CASE("buffer: beyond the budget a large block is refused too") {
    memory_budget budget{2 * buffer_pool::largest_pooled + 1};
    buffer_pool pool{budget};
    buffer b;
    REQUIRE(b.append(pool, std::string(2 * buffer_pool::largest_pooled, 'a')));
    CHECK_FALSE(b.append(pool, "b"));
    CHECK(b.size() == 2 * buffer_pool::largest_pooled);
}

TEST_CASE("buffer_pool: the steady state uses the same memory again") {
    memory_budget budget{1 << 20};
    buffer_pool pool{budget};
    const char* first = nullptr;
    for (int i = 0; i < 3; ++i) {
        buffer b;
        REQUIRE(b.append(pool, "x"));
        if (first == nullptr) first = b.view().data();
        CHECK(b.view().data() == first);
    }
}
