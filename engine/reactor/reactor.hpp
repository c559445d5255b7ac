#pragma once
// One thread's event loop: an Asio io_context for everything that is not hot (timers, outbound connections,
// coroutines), and inside it a poller for what is (client connections, listeners, the mailbox).
//
// How the two live together: the poller's own descriptor is one descriptor of the io_context. When it becomes
// readable the reactor stays with the poller for as long as it has work, at most one slice (1 ms) at a time,
// then lets Asio look at its own descriptors. Under load a turn costs one epoll_wait; Asio's side waits at
// most a slice.
//
// All members are for the reactor's own thread unless they say otherwise.
#include "engine/base/clock.hpp"
#include "engine/reactor/deadlines.hpp"
#include "engine/reactor/gate.hpp"
#include "engine/reactor/mailbox.hpp"
#include "engine/reactor/poller.hpp"
#include "engine/reactor/types.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace mira {

// Told after each batch of events, and once more when the poller has run out of them: the moment to hand on
// what was gathered (the journal's batch, say).
class turn_listener {
  public:
    static constexpr nanoseconds no_hurry = milliseconds{1};
    // The longest that the reactor may wait for events before it calls again; at most a millisecond counts.
    // A throw is caught and counted, and the other listeners are told all the same.
    virtual nanoseconds on_turn(bool quiet) = 0;

  protected:
    ~turn_listener() = default;
};

// An object whose end must wait until no event of the current turn can refer to it.
class retired {
  public:
    virtual void bury() = 0;

  protected:
    virtual ~retired() = default;

  private:
    friend class reactor;
    retired* next_retired_ = nullptr;
};

class reactor {
  public:
    // Throws std::system_error where the kernel refuses descriptors.
    explicit reactor(std::uint32_t index);
    ~reactor();
    reactor(const reactor&) = delete;
    reactor& operator=(const reactor&) = delete;

    std::uint32_t index() const { return index_; }
    asio::io_context& context() { return io_; }
    poller& hot() { return poller_; }
    mailbox& mail() { return mailbox_; } // send() from any thread
    deadlines& timeouts() { return deadlines_; }
    gate& background() { return gate_; }

    // The clocks as they stood when this turn began: cheap, and equal for all that happens in one turn.
    mono_time now() const { return now_; }
    wall_time wall() const { return wall_; }

    void listen_to_turns(turn_listener& l) { turn_listeners_.push_back(&l); }
    void forget_turns(turn_listener& l);

    // Calls bury() at the end of the turn.
    void retire(retired& r);
    // Calls bury() now, for an owner that ends when the loop does not run.
    void bury_retired();

    // Any thread: f runs on the reactor's thread. Allocates; for control, not for requests.
    void post(std::function<void()> f);

    // Runs until stop(), once. A handler that throws is logged and counted, and the loop goes on. SIGPIPE is
    // blocked in the thread: OpenSSL's writes cannot ask for EPIPE alone.
    void run();
    // Any thread.
    void stop();

    // Any thread.
    std::uint64_t exceptions() const { return exceptions_.load(std::memory_order_relaxed); }
    std::uint64_t turns() const { return turns_.load(std::memory_order_relaxed); }

  private:
    void arm();
    void on_hot();
    void handle_events(int n);
    nanoseconds end_turn(bool quiet);
    void end_last_turn();
    template <class F>
    bool guarded(F f);
    void read_clocks();
    void tick();
    void caught(const char* what);

    const std::uint32_t index_;
    asio::io_context io_;
    poller poller_;
    mailbox mailbox_;
    deadlines deadlines_;
    gate gate_;
    stream_descriptor hot_;
    steady_timer timer_;
    mono_time started_;
    mono_time now_;
    wall_time wall_;
    std::vector<turn_listener*> turn_listeners_;
    retired* retired_ = nullptr;
    std::atomic<bool> stopping_{false};
    std::atomic<std::uint64_t> exceptions_{0};
    std::atomic<std::uint64_t> turns_{0};
};

} // namespace mira
