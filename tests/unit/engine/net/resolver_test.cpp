#include "engine/net/resolver.hpp"
#include "engine/reactor/reactors.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <optional>
#include <thread>

using namespace mira;
using namespace mira::net;

namespace {

resolver::addresses ask(resolver& r, reactor& home, const std::string& name) {
    std::promise<resolver::addresses> told;
    auto answer = told.get_future();
    r.resolve(home, name, [&](resolver::addresses a) { told.set_value(std::move(a)); });
    return answer.get();
}

} // namespace

TEST_CASE("resolver: an address is its own answer, a name is looked up elsewhere, the answer comes home") {
    reactors all{1};
    all.start();
    std::thread::id where, home;
    std::string asked;
    {
        resolver r{[&](const std::string& name) -> resolver::addresses {
            where = std::this_thread::get_id();
            asked = name;
            if (name == "no.example") return make_error_code(boost::system::errc::host_unreachable);
            return std::vector{*address::parse("192.0.2.1"), *address::parse("2001:db8::1")};
        }};
        auto a = ask(r, all[0], "10.0.0.1");
        REQUIRE(a.has_value());
        CHECK(*a == std::vector{*address::parse("10.0.0.1")});
        CHECK(asked.empty());
        a = ask(r, all[0], "some.example");
        REQUIRE(a.has_value());
        CHECK(a->size() == 2);
        CHECK(asked == "some.example");
        a = ask(r, all[0], "no.example");
        CHECK(a.error() == boost::system::errc::host_unreachable);
        std::promise<void> told;
        r.resolve(all[0], "some.example", [&](const resolver::addresses&) {
            home = std::this_thread::get_id();
            told.set_value();
        });
        told.get_future().wait();
    }
    std::thread::id reactor_thread;
    all.run_on_each([&](reactor&) { reactor_thread = std::this_thread::get_id(); });
    CHECK(home == reactor_thread);
    CHECK(where != reactor_thread);
    all.stop();
}

TEST_CASE("resolver: so many wait and no more, and those that still wait at the end are answered at once") {
    reactors all{1};
    all.start();
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false;
    int looked_up = 0;
    std::atomic<int> refused{0}, cancelled{0}, found{0};
    std::latch begun{1};
    std::optional<resolver> r;
    r.emplace(
        [&](const std::string&) -> resolver::addresses {
            std::unique_lock lock{mutex};
            if (++looked_up == 1) begun.count_down();
            changed.wait(lock, [&] { return open; });
            return std::vector{*address::parse("192.0.2.1")};
        },
        1);
    const auto count = [&](const resolver::addresses& a) {
        if (a)
            ++found;
        else if (a.error() == boost::system::errc::operation_canceled)
            ++cancelled;
        else if (a.error() == boost::system::errc::resource_unavailable_try_again)
            ++refused;
    };
    r->resolve(all[0], "first.example", count);
    begun.wait(); // it is under way, so that it waits no more
    for (std::size_t i = 0; i < resolver::most_waiting; ++i) r->resolve(all[0], "more.example", count);
    r->resolve(all[0], "above.example", count);
    std::thread ending{[&] { r.reset(); }};
    {
        const std::lock_guard lock{mutex};
        open = true;
        changed.notify_all();
    }
    ending.join();
    all.run_on_each([](reactor&) {}); // what was posted before has been heard
    CHECK(refused == 1);
    CHECK(found + cancelled == static_cast<int>(resolver::most_waiting) + 1);
    CHECK(found == looked_up);
    all.stop();
}

TEST_CASE("resolver: the system's look-up knows this machine") {
    const auto a = resolver::system_look_up("localhost");
    REQUIRE(a.has_value());
    for (const address& each : *a) CHECK(each.is_loopback());
}
