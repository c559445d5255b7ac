#include "engine/base/event_id.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace mira;

TEST_CASE("event_id: text and back, sorted by time") {
    event_id_generator g;
    const wall_time t{milliseconds{1'800'000'000'123}};
    const event_id a = g.next(t);
    const event_id b = g.next(t + milliseconds{1});
    CHECK(a.millis() == 1'800'000'000'123);
    CHECK(a.text().size() == event_id::text_size);
    CHECK(a.text() < b.text());
    CHECK(event_id::parse(a.text()) == a);
}

TEST_CASE("event_id: no two alike, also across generators") {
    std::set<event_id> seen;
    for (int g = 0; g < 10; ++g) {
        event_id_generator generator;
        for (int i = 0; i < 1000; ++i) CHECK(seen.insert(generator.next(wall_time{})).second);
    }
}

TEST_CASE("event_id: parse refuses what write does not make") {
    event_id_generator g;
    const std::string good = g.next(system_clocks().wall()).text();
    CHECK(event_id::parse(good));
    CHECK_FALSE(event_id::parse(good.substr(1)));
    CHECK_FALSE(event_id::parse(good + "0"));
    CHECK_FALSE(event_id::parse("evt_" + std::string(25, '0') + "u"));
    CHECK_FALSE(event_id::parse("evt_8" + std::string(25, '0'))); // the 129th bit
    CHECK(event_id::parse("evt_7" + std::string(25, 'z')));
    CHECK(event_id::parse("evt_" + std::string(26, '0'))->is_nil());
}
