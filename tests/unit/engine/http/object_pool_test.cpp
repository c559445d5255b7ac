#include "engine/http/object_pool.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <set>
#include <vector>

using mira::http::object_pool;

namespace {
struct counted {
    explicit counted(int& n) : alive{n} { ++alive; }
    ~counted() { --alive; }
    int& alive;
    std::array<std::uint64_t, 5> filler{};
};
struct tiny {
    char c = 'x';
};
struct alignas(64) wide {
    char c = 'x';
};
} // namespace

TEST_CASE("object_pool: objects are distinct, constructed and destroyed") {
    int alive = 0;
    object_pool<counted, 4> pool;
    std::vector<counted*> all;
    for (int i = 0; i < 11; ++i) all.push_back(pool.make(alive));
    CHECK(alive == 11);
    CHECK(std::set<counted*>(all.begin(), all.end()).size() == 11);
    for (counted* c : all) pool.destroy(c);
    CHECK(alive == 0);
}

TEST_CASE("object_pool: the last one given back is the next one handed out") {
    int alive = 0;
    object_pool<counted, 2> pool;
    counted* const a = pool.make(alive);
    counted* const b = pool.make(alive);
    pool.destroy(a);
    pool.destroy(b);
    CHECK(pool.make(alive) == b);
    CHECK(pool.make(alive) == a);
    pool.destroy(a);
    pool.destroy(b);
}

TEST_CASE("object_pool: types smaller than a pointer and those that want alignment") {
    object_pool<tiny, 3> small;
    std::vector<tiny*> all;
    for (int i = 0; i < 7; ++i) all.push_back(small.make());
    for (const tiny* t : all) CHECK(t->c == 'x');
    for (tiny* t : all) small.destroy(t);
    object_pool<wide, 3> aligned;
    for (int i = 0; i < 5; ++i) CHECK(reinterpret_cast<std::uintptr_t>(aligned.make()) % 64 == 0);
}
