#include "engine/reactor/deadlines.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

using namespace mira;

namespace {

struct timer final : deadlines::entry {
    explicit timer(deadlines& w) : wheel{w} {}
    void on_deadline() override {
        fired.push_back(wheel.now());
        if (then) then();
    }
    deadlines& wheel;
    std::vector<deadlines::tick> fired;
    std::function<void()> then;
};

using ticks_fired = std::vector<deadlines::tick>;

} // namespace

TEST_CASE("deadlines: an entry fires once, at its tick") {
    deadlines wheel;
    timer t{wheel};
    wheel.schedule(t, 5);
    wheel.advance(4);
    CHECK(t.fired.empty());
    wheel.advance(5);
    CHECK(t.fired == ticks_fired{5});
    wheel.advance(1000);
    CHECK(t.fired.size() == 1);
}

TEST_CASE("deadlines: one that is due already fires with the next tick") {
    deadlines wheel;
    wheel.advance(10);
    timer past{wheel}, now{wheel}, next{wheel};
    wheel.schedule(past, 3);
    wheel.schedule(now, 10);
    wheel.schedule(next, 11);
    wheel.advance(11);
    CHECK(past.fired == ticks_fired{11});
    CHECK(now.fired == ticks_fired{11});
    CHECK(next.fired == ticks_fired{11});
}

TEST_CASE("deadlines: moved later, moved earlier") {
    deadlines wheel;
    timer later{wheel}, earlier{wheel}, to_and_fro{wheel};
    wheel.schedule(later, 5);
    wheel.schedule(later, 20);
    wheel.schedule(earlier, 20);
    wheel.schedule(earlier, 5);
    wheel.schedule(to_and_fro, 5);
    wheel.schedule(to_and_fro, 100);
    wheel.schedule(to_and_fro, 7);
    for (deadlines::tick t = 1; t <= 200; ++t) wheel.advance(t);
    CHECK(later.fired == ticks_fired{20});
    CHECK(earlier.fired == ticks_fired{5});
    CHECK(to_and_fro.fired == ticks_fired{7});
}

TEST_CASE("deadlines: beyond one turn of the wheel") {
    deadlines wheel;
    std::vector<std::unique_ptr<timer>> all;
    for (const deadlines::tick due : {254U, 255U, 256U, 257U, 511U, 512U, 513U, 1000U, 100'000U}) {
        all.push_back(std::make_unique<timer>(wheel));
        wheel.schedule(*all.back(), due);
    }
    for (deadlines::tick t = 1; t <= 100'001; ++t) wheel.advance(t);
    CHECK(all[0]->fired == ticks_fired{254});
    CHECK(all[1]->fired == ticks_fired{255});
    CHECK(all[2]->fired == ticks_fired{256});
    CHECK(all[3]->fired == ticks_fired{257});
    CHECK(all[4]->fired == ticks_fired{511});
    CHECK(all[5]->fired == ticks_fired{512});
    CHECK(all[6]->fired == ticks_fired{513});
    CHECK(all[7]->fired == ticks_fired{1000});
    CHECK(all[8]->fired == ticks_fired{100'000});
}

TEST_CASE("deadlines: after a stall everything due fires, and nothing else") {
    deadlines wheel;
    wheel.advance(7);
    timer soon{wheel}, middle{wheel}, late{wheel}, moved{wheel}, beyond{wheel};
    wheel.schedule(soon, 8);
    wheel.schedule(middle, 200);
    wheel.schedule(late, 9'999);
    wheel.schedule(moved, 10);
    wheel.schedule(moved, 10'001);
    wheel.schedule(beyond, 20'000);
    wheel.advance(10'000);
    CHECK(soon.fired.size() == 1);
    CHECK(middle.fired.size() == 1);
    CHECK(late.fired.size() == 1);
    CHECK(moved.fired.empty());
    CHECK(beyond.fired.empty());
    wheel.advance(10'001);
    CHECK(moved.fired == ticks_fired{10'001});
    for (deadlines::tick t = 10'002; t <= 20'000; ++t) wheel.advance(t);
    CHECK(beyond.fired == ticks_fired{20'000});
}

TEST_CASE("deadlines: cancelled, and cancelled twice") {
    deadlines wheel;
    timer t{wheel};
    wheel.cancel(t); // never scheduled
    wheel.schedule(t, 5);
    wheel.cancel(t);
    wheel.cancel(t);
    wheel.advance(10);
    CHECK(t.fired.empty());
    wheel.schedule(t, 12);
    wheel.advance(12);
    CHECK(t.fired == ticks_fired{12});
}

TEST_CASE("deadlines: an entry that ends leaves the wheel sound") {
    deadlines wheel;
    timer a{wheel}, c{wheel};
    wheel.schedule(a, 5);
    {
        timer b{wheel};
        wheel.schedule(b, 5);
        wheel.schedule(c, 5);
    }
    wheel.advance(5);
    CHECK(a.fired.size() == 1);
    CHECK(c.fired.size() == 1);
}

TEST_CASE("deadlines: entries may outlive the wheel") {
    auto wheel = std::make_unique<deadlines>();
    timer a{*wheel}, b{*wheel}, alone{*wheel};
    wheel->schedule(a, 5);
    wheel->schedule(b, 5);
    wheel->schedule(alone, 6);
    wheel.reset();
}

TEST_CASE("deadlines: an entry may schedule itself and others") {
    deadlines wheel;
    timer again{wheel}, other{wheel}, same_tick{wheel};
    again.then = [&] {
        if (again.fired.size() < 3) wheel.schedule(again, wheel.now() + 10);
        wheel.schedule(other, wheel.now() + 1);
        wheel.schedule(same_tick, wheel.now()); // due already: with the next tick, not in an endless loop
    };
    wheel.schedule(again, 10);
    for (deadlines::tick t = 1; t <= 40; ++t) wheel.advance(t);
    CHECK(again.fired == ticks_fired{10, 20, 30});
    CHECK(other.fired == ticks_fired{11, 21, 31});
    CHECK(same_tick.fired == ticks_fired{11, 21, 31});
}

TEST_CASE("deadlines: an entry may cancel, move and end others of the same tick") {
    for (const bool first : {true, false}) {
        CAPTURE(first); // the one that acts comes before or behind those that it acts upon
        deadlines wheel;
        timer actor{wheel}, cancelled{wheel}, moved{wheel};
        auto ended = std::make_unique<timer>(wheel);
        actor.then = [&] {
            wheel.cancel(cancelled);
            wheel.schedule(moved, 9);
            ended.reset();
        };
        if (first) wheel.schedule(actor, 5);
        wheel.schedule(cancelled, 5);
        wheel.schedule(moved, 5);
        wheel.schedule(*ended, 5);
        if (!first) wheel.schedule(actor, 5);
        for (deadlines::tick t = 1; t <= 20; ++t) wheel.advance(t);
        CHECK(actor.fired.size() == 1);
        CHECK(ended == nullptr);
        if (first) {
            CHECK(cancelled.fired.empty());
            CHECK(moved.fired == ticks_fired{9});
        } else {
            CHECK(moved.fired == ticks_fired{5, 9});
        }
    }
}

TEST_CASE("deadlines: one entry's exception holds up nobody") {
    deadlines wheel;
    timer a{wheel}, thrower{wheel}, b{wheel}, later{wheel};
    thrower.then = [] { throw std::runtime_error("thrown by an entry"); };
    wheel.schedule(a, 5);
    wheel.schedule(thrower, 5);
    wheel.schedule(b, 5);
    wheel.schedule(later, 6);
    CHECK_THROWS_AS(wheel.advance(10), std::runtime_error);
    CHECK(a.fired.size() == 1);
    CHECK(b.fired.size() == 1);
    CHECK(later.fired.size() == 1);
    CHECK(wheel.now() == 10);
    wheel.advance(11); // and the wheel goes on
}

TEST_CASE("deadlines: after() never comes early") {
    deadlines wheel;
    wheel.advance(100);
    using std::chrono::milliseconds;
    // The present tick may be nearly over: the next one counts only as the rest of it.
    CHECK(wheel.after(milliseconds{0}) == 101);
    CHECK(wheel.after(milliseconds{1}) == 102);
    CHECK(wheel.after(milliseconds{250}) == 102);
    CHECK(wheel.after(milliseconds{251}) == 103);
}

TEST_CASE("deadlines: thousands that move at random fire as a simple list would have it") {
    deadlines wheel;
    std::mt19937 engine{4711};
    const auto random = [&](unsigned below) { return static_cast<deadlines::tick>(engine() % below); };
    struct one {
        std::unique_ptr<timer> entry;
        deadlines::tick due = 0; // 0: not scheduled
    };
    std::vector<one> all(500);
    for (one& o : all) o.entry = std::make_unique<timer>(wheel);
    deadlines::tick now = 0;
    int wrong = 0, fired = 0;
    for (int round = 0; round < 3000; ++round) {
        for (int i = 0; i < 5; ++i) {
            one& o = all[random(500)];
            if (random(4) == 0) {
                wheel.cancel(*o.entry);
                o.due = 0;
            } else {
                o.due = now + 1 + random(700);
                wheel.schedule(*o.entry, o.due);
            }
        }
        now += random(50) == 0 ? random(1000) : random(3);
        wheel.advance(now);
        for (one& o : all) {
            const bool must = o.due != 0 && o.due <= now;
            if (o.entry->fired.size() != (must ? 1 : 0)) ++wrong;
            if (!must) continue;
            ++fired;
            o.due = 0;
            o.entry->fired.clear();
        }
    }
    CHECK(wrong == 0);
    CHECK(fired > 1000);
}
