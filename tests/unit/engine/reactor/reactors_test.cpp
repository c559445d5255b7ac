#include "engine/reactor/reactors.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

using namespace mira;

TEST_CASE("reactors: each has a thread of its own") {
    reactors all{3};
    CHECK(all.size() == 3);
    all.start();
    std::mutex mutex;
    std::set<std::thread::id> threads;
    std::set<std::uint32_t> indices;
    all.run_on_each([&](reactor& r) {
        const std::lock_guard lock{mutex};
        threads.insert(std::this_thread::get_id());
        indices.insert(r.index());
    });
    CHECK(threads.size() == 3);
    CHECK(indices == std::set<std::uint32_t>{0, 1, 2});
    all.stop();
    all.stop(); // may be called again
}

TEST_CASE("reactors: 0 is one a core") {
    const reactors all{0};
    CHECK(all.size() >= 1);
    CHECK(all.size() <= std::thread::hardware_concurrency());
}

TEST_CASE("reactors: run_on_each hands an exception to its caller, after all have run") {
    reactors all{3};
    all.start();
    std::atomic<int> ran{0};
    CHECK_THROWS_AS(all.run_on_each([&](reactor& r) {
        ++ran;
        if (r.index() == 1) throw std::runtime_error("no port for reactor 1");
    }),
                    std::runtime_error);
    CHECK(ran == 3);
    all.run_on_each([&](reactor&) { ++ran; });
    CHECK(ran == 6);
}

TEST_CASE("reactors: never started is stopped all the same") { reactors all{2}; }
