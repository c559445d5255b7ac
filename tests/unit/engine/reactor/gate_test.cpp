#include "engine/reactor/gate.hpp"

#include <doctest/doctest.h>

using namespace mira;

TEST_CASE("gate: closing waits for what is inside") {
    gate g;
    int empty = 0;
    {
        auto a = g.enter();
        auto b = g.enter();
        REQUIRE(a);
        REQUIRE(b);
        CHECK(g.inside() == 2);
        g.close([&] { ++empty; });
        CHECK(g.closed());
        CHECK_FALSE(g.enter()); // nobody comes in any more
        a.reset();
        CHECK(empty == 0);
    }
    CHECK(empty == 1);
    CHECK(g.inside() == 0);
}

TEST_CASE("gate: an empty one tells at once, and once") {
    gate g;
    int empty = 0;
    { const auto before = g.enter(); }
    g.close([&] { ++empty; });
    CHECK(empty == 1);
}

TEST_CASE("gate: a pass counts once, however it moves") {
    gate g;
    int empty = 0;
    {
        auto a = g.enter();
        gate::pass b{std::move(*a)};
        a.reset();
        CHECK(g.inside() == 1);
        auto c = g.enter();
        b = std::move(*c);
        CHECK(g.inside() == 2);
        c.reset(); // it holds b's old place now
        CHECK(g.inside() == 1);
        g.close([&] { ++empty; });
        CHECK(empty == 0);
    }
    CHECK(empty == 1);
}
