#include "engine/config/snapshot.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace mira::config;

namespace {

struct tracked {
    explicit tracked(int v) : value{v} { ++alive; }
    tracked(const tracked&) = delete;
    tracked& operator=(const tracked&) = delete;
    ~tracked() {
        --alive;
        destroyed_on = std::this_thread::get_id();
    }
    int value;
    static inline std::atomic<int> alive{0};
    static inline std::thread::id destroyed_on;
};

using slot = snapshot_slot<tracked>;

} // namespace

TEST_CASE("config snapshot: empty before the first publication") {
    const slot s;
    CHECK_FALSE(s.acquire());
}

TEST_CASE("config snapshot: a holder keeps what it started with") {
    slot s;
    s.publish(std::make_shared<const tracked>(1));
    {
        const auto first = s.acquire();
        s.publish(std::make_shared<const tracked>(2));
        CHECK(first->value == 1);
        CHECK(s.acquire()->value == 2);
        CHECK(tracked::alive == 2);
    }
    CHECK(tracked::alive == 1); // the old one went with its last handle
    s.publish(std::make_shared<const tracked>(3));
    CHECK(tracked::alive == 1); // without one, it goes at once
    CHECK((*s.acquire()).value == 3);
}

TEST_CASE("config snapshot: copies and moves of handles count") {
    slot s;
    s.publish(std::make_shared<const tracked>(1));
    auto a = s.acquire();
    auto b = a;
    auto c = std::move(a);
    const auto* moved = &a;
    CHECK_FALSE(*moved); // empty, and holds nothing up
    s.publish(std::make_shared<const tracked>(2));
    b = s.acquire();
    CHECK(tracked::alive == 2);
    const auto& same = c;
    c = same; // onto itself
    CHECK(c->value == 1);
    c = slot::handle{};
    CHECK(tracked::alive == 1);
    CHECK(b->value == 2);
}

TEST_CASE("config snapshot: handles may outlive the slot") {
    slot::handle left;
    {
        slot s;
        s.publish(std::make_shared<const tracked>(7));
        left = s.acquire();
    }
    CHECK(left->value == 7);
    CHECK(tracked::alive == 1);
    left = {};
    CHECK(tracked::alive == 0);
}

TEST_CASE("config snapshot: acquiring leaves the shared count alone") {
    const auto published = std::make_shared<const tracked>(1);
    slot s;
    s.publish(published);
    const auto a = s.acquire();
    const auto b = s.acquire();
    CHECK(published.use_count() == 2); // ours and the slot's
}

TEST_CASE("config snapshot: retired ones are destroyed by whoever collects") {
    retired_snapshots<tracked> retired;
    slot s;
    const auto publish = [&](int v) {
        auto next = std::make_shared<const tracked>(v);
        retired.keep(next);
        s.publish(std::move(next));
    };
    publish(1);
    auto request = s.acquire();
    publish(2);
    CHECK(retired.collect() == 2); // one in a request's hands, one current
    request = {};
    CHECK(tracked::alive == 2); // no reactor destroys it
    CHECK(retired.collect() == 1);
    CHECK(tracked::alive == 1);
}

// The picture in which it is used: a control thread publishes, reactors take over by a message and go on
// serving.
TEST_CASE("config snapshot: published to a reactor thread, destroyed on the control thread") {
    retired_snapshots<tracked> retired;
    std::mutex m;
    std::condition_variable changed;
    std::shared_ptr<const tracked> message;
    bool stop = false;
    int taken = 0;

    std::thread reactor{[&] {
        slot s;
        slot::handle request;
        for (;;) {
            std::unique_lock lock{m};
            changed.wait(lock, [&] { return message || stop; });
            if (stop) return;
            s.publish(std::exchange(message, nullptr));
            lock.unlock();
            request = s.acquire(); // the request before ends, another begins
            CHECK(request->value == taken + 1);
            lock.lock();
            ++taken;
            changed.notify_all();
        }
    }};
    for (int i = 1; i <= 50; ++i) {
        auto next = std::make_shared<const tracked>(i);
        retired.keep(next);
        std::unique_lock lock{m};
        message = std::move(next);
        changed.notify_all();
        changed.wait(lock, [&] { return taken == i; });
        lock.unlock();
        retired.collect();
    }
    {
        const std::lock_guard lock{m};
        stop = true;
    }
    changed.notify_all();
    reactor.join();
    CHECK(retired.collect() == 0);
    CHECK(tracked::alive == 0);
    CHECK(tracked::destroyed_on == std::this_thread::get_id());
}
