#include "engine/reactor/mailbox.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace mira;

namespace {

struct note final : message {
    note(std::vector<int>& l, int n) : log{l}, number{n} {}
    void deliver() override { log.push_back(number); }
    std::vector<int>& log;
    int number;
};

// As the reactor does: waits for the poller and calls the handlers.
int serve(poller& p, std::chrono::milliseconds wait = std::chrono::milliseconds{0}) {
    const int n = p.wait(wait);
    for (int i = 0; i < n; ++i) p.handler(i).on_io(p.events(i));
    return n;
}

} // namespace

TEST_CASE("mailbox: messages of one sender arrive in order") {
    poller p;
    mailbox box{p};
    std::vector<int> log;
    note a{log, 1}, b{log, 2}, c{log, 3};
    box.send(a);
    box.send(b);
    box.send(c);
    CHECK(log.empty());
    CHECK(serve(p) == 1);
    CHECK(log == std::vector{1, 2, 3});
    box.send(a); // the same object again
    CHECK(serve(p) == 1);
    CHECK(log == std::vector{1, 2, 3, 1});
}

TEST_CASE("mailbox: a burst is one wake-up, and an empty box wakes nobody") {
    poller p;
    mailbox box{p};
    serve(p); // a new descriptor is writable, and the poller says so once
    CHECK(serve(p) == 0);
    std::vector<int> log;
    std::vector<std::unique_ptr<note>> burst;
    for (int i = 0; i < 1000; ++i) {
        burst.push_back(std::make_unique<note>(log, i));
        box.send(*burst.back());
    }
    CHECK(serve(p) == 1);
    CHECK(log.size() == 1000);
    CHECK(serve(p) == 0);
    box.wake();
    CHECK(serve(p) == 1);
    CHECK(log.size() == 1000);
}

TEST_CASE("mailbox: a message that is sent while others are delivered is not lost") {
    struct echo final : message {
        echo(mailbox& b, int n) : box{b}, left{n} {}
        void deliver() override {
            if (left-- > 0) box.send(*this);
        }
        mailbox& box;
        int left;
    };
    poller p;
    mailbox box{p};
    echo e{box, 5};
    box.send(e);
    int turns = 0;
    while (serve(p) > 0) ++turns;
    CHECK(e.left == -1);
    CHECK(turns == 6);
}

TEST_CASE("mailbox: a message may end itself") {
    struct last final : message {
        explicit last(int& n) : ended{n} {}
        ~last() override { ++ended; }
        void deliver() override { delete this; }
        int& ended;
    };
    poller p;
    mailbox box{p};
    int ended = 0;
    for (int i = 0; i < 3; ++i) box.send(*new last{ended});
    serve(p);
    CHECK(ended == 3);
}

TEST_CASE("mailbox: one message's exception loses none of the others") {
    struct thrower final : message {
        void deliver() override { throw std::runtime_error("thrown by a message"); }
    };
    poller p;
    mailbox box{p};
    std::vector<int> log;
    note a{log, 1}, b{log, 2};
    thrower t;
    box.send(a);
    box.send(t);
    box.send(b);
    CHECK_THROWS_AS(box.deliver_all(), std::runtime_error);
    CHECK(log == std::vector{1, 2});
}

TEST_CASE("mailbox: many threads, each in its order, nothing lost") {
    constexpr int threads = 4, each = 5000;
    struct numbered final : message {
        void deliver() override {
            in_order = in_order && number == (*next)++;
            ++*delivered;
        }
        int number = 0;
        int* next = nullptr;
        int* delivered = nullptr;
        bool in_order = true;
    };
    poller p;
    mailbox box{p};
    std::vector<std::vector<numbered>> all(threads);
    std::vector<int> next(threads, 0);
    int delivered = 0;
    for (int t = 0; t < threads; ++t) {
        all[static_cast<std::size_t>(t)] = std::vector<numbered>(each);
        int i = 0;
        for (numbered& n : all[static_cast<std::size_t>(t)]) {
            n.number = i++;
            n.next = &next[static_cast<std::size_t>(t)];
            n.delivered = &delivered;
        }
    }
    std::vector<std::thread> senders;
    for (auto& mine : all)
        senders.emplace_back([&box, &mine] {
            for (numbered& n : mine) box.send(n);
        });
    // A lost wake-up would let this wait end with nothing.
    while (delivered < threads * each && serve(p, std::chrono::milliseconds{5000}) > 0) {
    }
    for (std::thread& t : senders) t.join();
    CHECK(delivered == threads * each);
    for (const auto& mine : all)
        for (const numbered& n : mine) REQUIRE(n.in_order);
}
