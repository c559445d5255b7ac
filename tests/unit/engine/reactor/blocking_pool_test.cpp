#include "engine/reactor/blocking_pool.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>

using namespace mira;

TEST_CASE("blocking_pool: its queue is bounded, at, below and above") {
    std::latch begun{1}, go_on{1};
    std::atomic<int> done{0};
    {
        blocking_pool pool{1, 2};
        REQUIRE(pool.submit([&] {
            begun.count_down();
            go_on.wait();
            ++done;
        }));
        begun.wait(); // the thread is busy: from here on jobs queue
        CHECK(pool.submit([&] { ++done; }));
        CHECK(pool.submit([&] { ++done; }));
        CHECK(pool.queued() == 2);
        CHECK_FALSE(pool.submit([&] { ++done; }));
        CHECK(pool.queued() == 2);
        go_on.count_down();
    }
    CHECK(done == 3); // what was queued is run before the threads end
}

TEST_CASE("blocking_pool: a job that throws takes nobody along") {
    std::atomic<int> done{0};
    {
        blocking_pool pool{1, 10};
        CHECK(pool.submit([] { throw std::runtime_error("thrown by a job"); }));
        CHECK(pool.submit([] { throw 42; }));
        CHECK(pool.submit([&] { ++done; }));
    }
    CHECK(done == 1);
}

TEST_CASE("blocking_pool: what a job holds may submit as it ends") {
    // Its end must not come while the pool's lock is held.
    std::latch second{1};
    blocking_pool pool{1, 10};
    const auto submits = [&](void*) { pool.submit([&] { second.count_down(); }); };
    {
        std::shared_ptr<void> held{nullptr, submits};
        CHECK(pool.submit([held] {}));
    }
    second.wait();
    CHECK(second.try_wait());
}

TEST_CASE("blocking_pool: several threads work at once") {
    std::latch all{3};
    blocking_pool pool{3, 10};
    for (int i = 0; i < 3; ++i)
        CHECK(pool.submit([&] {
            all.arrive_and_wait(); // ends only where the others run too
        }));
    all.wait();
    CHECK(all.try_wait());
}
