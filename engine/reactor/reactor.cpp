#include "engine/reactor/reactor.hpp"

#include "engine/base/log.hpp"

#include <algorithm>
#include <csignal>
#include <exception>
#include <pthread.h>
#include <utility>

namespace mira {
namespace {

// How long the poller may keep Asio's descriptors waiting.
constexpr milliseconds slice{1};

class posted final : public message {
  public:
    explicit posted(std::function<void()> f) : f_{std::move(f)} {}
    void deliver() override {
        const std::unique_ptr<posted> self{this};
        f_();
    }

  private:
    std::function<void()> f_;
};

} // namespace

reactor::reactor(std::uint32_t index)
    : index_{index}, io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO}, mailbox_{poller_},
      hot_{io_.get_executor(), poller_.descriptor()}, timer_{io_.get_executor()} {
    read_clocks();
    started_ = now_;
}

reactor::~reactor() {
    hot_.release(); // the poller closes it
    guarded([this] { mailbox_.deliver_all(); });
    end_turn(false);
}

void reactor::read_clocks() {
    now_ = system_clocks().mono();
    wall_ = system_clocks().wall();
}

void reactor::forget_turns(turn_listener& l) { std::erase(turn_listeners_, &l); }

void reactor::retire(retired& r) {
    r.next_retired_ = retired_;
    retired_ = &r;
}

void reactor::post(std::function<void()> f) { mailbox_.send(*new posted{std::move(f)}); }

void reactor::stop() {
    stopping_.store(true, std::memory_order_relaxed);
    asio::post(io_, [this] { io_.stop(); });
}

void reactor::caught(const char* what) {
    exceptions_.fetch_add(1, std::memory_order_relaxed);
    log::error("reactor.exception", {{"reactor", index_}, {"what", what}});
}

// Whether f returned rather than threw.
template <class F>
bool reactor::guarded(F f) {
    try {
        f();
        return true;
    } catch (const std::exception& e) {
        caught(e.what());
    } catch (...) {
        caught("not a std::exception");
    }
    return false;
}

void reactor::run() {
    sigset_t broken_pipe;
    ::sigemptyset(&broken_pipe);
    ::sigaddset(&broken_pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    arm();
    tick();
    while (!stopping_.load(std::memory_order_relaxed)) guarded([this] { io_.run(); });
}

void reactor::arm() {
    hot_.async_wait(stream_descriptor::wait_read, [this](const boost::system::error_code& ec) {
        if (ec) return;
        guarded([this] { on_hot(); }); // whatever happens, the poller must be looked at again
        arm();
    });
}

void reactor::tick() {
    timer_.expires_after(deadlines::tick_length);
    timer_.async_wait([this](const boost::system::error_code& ec) {
        if (ec) return;
        tick(); // first, so that a throw below does not end time
        read_clocks();
        guarded([this] {
            deadlines_.advance(static_cast<deadlines::tick>((now_ - started_) / deadlines::tick_length));
        });
        end_last_turn();
    });
}

void reactor::on_hot() {
    read_clocks();
    const mono_time until = now_ + slice;
    nanoseconds patience{0};
    for (;;) {
        const int n = poller_.wait(patience);
        if (n > 0) {
            read_clocks();
            handle_events(n);
            end_turn(false);
            patience = nanoseconds{0};
        } else {
            if (patience >= turn_listener::no_hurry)
                return; // nothing for a whole millisecond: Asio may block
            read_clocks();
            patience = end_turn(true);
        }
        if (now_ >= until) {
            end_last_turn();
            return;
        }
    }
}

// Asio's turn comes next, and it may block: whoever is in a hurry must not wait for that.
void reactor::end_last_turn() {
    if (end_turn(true) < turn_listener::no_hurry) mailbox_.wake();
}

void reactor::handle_events(int n) {
    turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    for (int from = 0; from < n; from += poller::read_together) {
        const int to = std::min(n, from + poller::read_together);
        if (to - from > 1)
            for (int i = from; i < to; ++i) poller_.handler(i).read_ahead(poller_.events(i));
        for (int i = from; i < to; ++i) {
            io_handler& h = poller_.handler(i);
            // An edge is told once: a throw must not lose the events behind it.
            if (!guarded([&] { h.on_io(poller_.events(i)); })) h.abandon();
        }
    }
}

nanoseconds reactor::end_turn(bool quiet) {
    nanoseconds patience = turn_listener::no_hurry;
    for (turn_listener* l : turn_listeners_)
        guarded([&] { patience = std::min(patience, l->on_turn(quiet)); });
    bury_retired();
    return patience;
}

void reactor::bury_retired() {
    while (retired_ != nullptr) std::exchange(retired_, retired_->next_retired_)->bury();
}

} // namespace mira
