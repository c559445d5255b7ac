#include "engine/reactor/reactor.hpp"
#include "tests/support/eventually.hpp"

#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <future>
#include <latch>
#include <pthread.h>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace mira;
using mira::test::eventually;
using std::chrono::steady_clock;

namespace {

// A reactor on a thread of its own.
struct running {
    reactor r{0};
    std::thread thread{[this] { r.run(); }};
    ~running() {
        r.stop();
        thread.join();
    }
    // Runs f on the reactor and waits for it.
    void on_reactor(const std::function<void()>& f) {
        std::latch done{1};
        r.post([&] {
            f();
            done.count_down();
        });
        done.wait();
    }
};

// One end of a socket pair in the poller, the other in the test's hand.
struct ear final : io_handler {
    explicit ear(reactor& of) : r{of} {
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
    }
    ~ear() {
        for (const int fd : ends)
            if (fd >= 0) ::close(fd);
    }
    void on_io(std::uint32_t events) override {
        if (then) then(events);
    }
    void abandon() noexcept override { ++abandoned; }
    void tell() const { CHECK(::write(ends[1], "x", 1) == 1); }
    reactor& r;
    std::array<int, 2> ends{-1, -1};
    std::function<void(std::uint32_t)> then;
    int abandoned = 0;
};

} // namespace

TEST_CASE("reactor: posted functions run in order, on its thread") {
    running host;
    std::vector<int> log;
    std::thread::id where;
    std::latch done{1};
    for (int i = 0; i < 100; ++i) host.r.post([&log, i] { log.push_back(i); });
    host.r.post([&] {
        where = std::this_thread::get_id();
        host.r.post([&] { done.count_down(); }); // from within, too
    });
    done.wait();
    CHECK(where == host.thread.get_id());
    REQUIRE(log.size() == 100);
    for (int i = 0; i < 100; ++i) CHECK(log[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("reactor: what was posted and never run is ended with the reactor") {
    bool ran = false;
    {
        reactor r{0};
        r.post([&] { ran = true; });
    }
    CHECK(ran);
}

TEST_CASE("reactor: a handler that throws is told to give up, and the events behind it are served") {
    running host;
    std::vector<std::unique_ptr<ear>> ears;
    std::atomic<int> heard{0};
    for (int i = 0; i < 5; ++i) {
        ears.push_back(std::make_unique<ear>(host.r));
        ears.back()->then = [&heard, i](std::uint32_t events) {
            if ((events & EPOLLIN) == 0) return;
            if (i == 1) throw std::runtime_error("thrown by a handler");
            if (i == 3) throw 42;
            ++heard;
        };
    }
    host.on_reactor([&] {
        for (const auto& e : ears) {
            CHECK(host.r.hot().add(e->ends[0], *e));
            e->tell();
        }
    });
    CHECK(eventually([&] { return heard == 3; }));
    host.on_reactor([&] {
        CHECK(ears[1]->abandoned == 1);
        CHECK(ears[3]->abandoned == 1);
        CHECK(ears[0]->abandoned == 0);
    });
    CHECK(host.r.exceptions() == 2);
    ears[0]->tell(); // and the loop goes on
    CHECK(eventually([&] { return heard == 4; }));
    host.on_reactor([&] {
        for (const auto& e : ears) host.r.hot().remove(e->ends[0]);
    });
}

TEST_CASE("reactor: throwing posts, turn listeners, deadlines and Asio handlers do not stop it") {
    struct thrower final : turn_listener {
        nanoseconds on_turn(bool) override {
            ++calls;
            if (throwing) throw std::runtime_error("thrown by a turn listener");
            return no_hurry;
        }
        bool throwing = true;
        int calls = 0;
    };
    struct counter final : turn_listener {
        nanoseconds on_turn(bool) override {
            ++calls;
            return no_hurry;
        }
        int calls = 0;
    };
    struct bomb final : deadlines::entry {
        void on_deadline() override { throw std::runtime_error("thrown by a deadline"); }
    };
    running host;
    thrower first;
    counter second;
    bomb third;
    const auto exceptions_after = [&](const std::function<void()>& f) {
        const auto before = host.r.exceptions();
        host.r.post(f);
        CHECK(eventually([&] { return host.r.exceptions() > before; }));
    };
    exceptions_after([] { throw std::runtime_error("thrown by a posted function"); });
    exceptions_after([] { throw 42; });
    exceptions_after(
        [&] { asio::post(host.r.context(), [] { throw std::runtime_error("thrown in Asio"); }); });
    exceptions_after([&] { host.r.timeouts().schedule(third, host.r.timeouts().now()); });
    exceptions_after([&] {
        host.r.listen_to_turns(first);
        host.r.listen_to_turns(second);
    });
    host.on_reactor([&] {
        CHECK(first.calls > 0);
        CHECK(second.calls > 0); // in spite of the first
        first.throwing = false;
    });
    // The poller and the clock are still looked at.
    std::atomic<bool> heard{false};
    ear e{host.r};
    e.then = [&](std::uint32_t events) { heard = heard || (events & EPOLLIN) != 0; };
    host.on_reactor([&] { CHECK(host.r.hot().add(e.ends[0], e)); });
    e.tell();
    CHECK(eventually([&] { return heard.load(); }));
    deadlines::tick then = 0;
    host.on_reactor([&] { then = host.r.timeouts().now(); });
    CHECK(eventually([&] {
        deadlines::tick now = 0;
        host.on_reactor([&] { now = host.r.timeouts().now(); });
        return now > then;
    }));
    host.on_reactor([&] {
        host.r.forget_turns(first);
        host.r.forget_turns(second);
        host.r.hot().remove(e.ends[0]);
    });
}

TEST_CASE("reactor: Asio's timers run while the poller is never without work") {
    running host;
    ear e{host.r};
    std::atomic<bool> going{true};
    // Each event makes the next: the poller always has one.
    e.then = [&](std::uint32_t events) {
        char c = 0;
        if ((events & EPOLLIN) == 0 || ::read(e.ends[0], &c, 1) != 1) return;
        if (going) e.tell();
    };
    std::atomic<int> fired{0};
    std::unique_ptr<steady_timer> timer;
    std::function<void(const boost::system::error_code&)> again = [&](const boost::system::error_code& ec) {
        if (ec || !timer) return; // it may have passed just before it was ended
        ++fired;
        timer->expires_after(milliseconds{2});
        timer->async_wait([&](const boost::system::error_code& x) { again(x); });
    };
    host.on_reactor([&] {
        CHECK(host.r.hot().add(e.ends[0], e));
        timer = std::make_unique<steady_timer>(host.r.context().get_executor());
        again({});
    });
    e.tell();
    CHECK(eventually([&] { return fired >= 20; }));
    going = false;
    host.on_reactor([&] {
        timer.reset();
        host.r.hot().remove(e.ends[0]);
    });
}

TEST_CASE("reactor: a turn listener in a hurry is called again, and Asio is not starved by it") {
    struct busy final : turn_listener {
        nanoseconds on_turn(bool) override {
            ++calls;
            return calls < 100'000 && hurried ? nanoseconds{0} : no_hurry;
        }
        bool hurried = true;
        int calls = 0;
    };
    running host;
    busy b;
    std::latch timer_fired{1};
    std::unique_ptr<steady_timer> timer;
    int calls = 0;
    host.on_reactor([&] {
        host.r.listen_to_turns(b);
        timer = std::make_unique<steady_timer>(host.r.context().get_executor(), milliseconds{5});
        timer->async_wait([&](const boost::system::error_code&) {
            calls = b.calls;
            b.hurried = false;
            timer_fired.count_down();
        });
    });
    timer_fired.wait();
    // With nothing else to do it was called all the while, rather than once every quarter of a second.
    CHECK(calls > 50);
    CHECK(calls < 100'000);
    host.on_reactor([&] {
        host.r.forget_turns(b);
        timer.reset();
    });
}

TEST_CASE("reactor: a turn listener is told that all is quiet within its patience") {
    struct patient final : turn_listener {
        nanoseconds on_turn(bool quiet) override {
            (quiet ? quiet_calls : busy_calls) += 1;
            return milliseconds{1};
        }
        std::atomic<int> quiet_calls{0}, busy_calls{0};
    };
    running host;
    patient p;
    host.on_reactor([&] { host.r.listen_to_turns(p); });
    CHECK(eventually([&] { return p.busy_calls >= 1 && p.quiet_calls >= 1; }));
    host.on_reactor([&] { host.r.forget_turns(p); });
}

TEST_CASE("reactor: what is retired is buried at the end of the turn, not before") {
    struct corpse final : retired {
        explicit corpse(int& n) : buried{n} {}
        void bury() override {
            ++buried;
            delete this;
        }
        int& buried;
    };
    running host;
    int buried = 0;
    host.on_reactor([&] {
        for (int i = 0; i < 3; ++i) host.r.retire(*new corpse{buried});
        CHECK(buried == 0);
    });
    host.on_reactor([&] { CHECK(buried == 3); });
    // Without a loop, too: for those who end with the reactor or after it.
    {
        reactor idle{1};
        idle.retire(*new corpse{buried});
        idle.bury_retired();
        CHECK(buried == 4);
        idle.retire(*new corpse{buried});
    }
    CHECK(buried == 5);
}

TEST_CASE("reactor: stop from another thread, from within, and before it began") {
    {
        running host;
        host.r.stop();
    }
    {
        running host;
        host.r.post([&] { host.r.stop(); });
    }
    reactor r{0};
    r.stop();
    r.run();
}

TEST_CASE("reactor: its clocks move with its turns, its ticks with time") {
    running host;
    mono_time before, after;
    deadlines::tick tick_before = 0, tick_after = 0;
    host.on_reactor([&] {
        before = host.r.now();
        tick_before = host.r.timeouts().now();
    });
    std::this_thread::sleep_for(milliseconds{600});
    host.on_reactor([&] {
        after = host.r.now();
        tick_after = host.r.timeouts().now();
        CHECK(std::chrono::abs(host.r.wall() - std::chrono::system_clock::now()) < seconds{1});
    });
    CHECK(after - before >= milliseconds{590});
    CHECK(tick_after > tick_before);
    CHECK(tick_after - tick_before <= 4);
}

TEST_CASE("reactor: a broken pipe does not end the process") {
    running host;
    bool blocked = false;
    host.on_reactor([&] {
        sigset_t set;
        ::pthread_sigmask(SIG_BLOCK, nullptr, &set);
        blocked = ::sigismember(&set, SIGPIPE) == 1;
    });
    CHECK(blocked);
}
