#include "engine/reactor/reactor.hpp"

#include "engine/base/log.hpp"

#include <algorithm>
#include <exception>
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
    mailbox_.deliver_all();
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

void reactor::run() {
    arm();
    tick();
    while (!stopping_.load(std::memory_order_relaxed)) {
        try {
            io_.run();
        } catch (const std::exception& e) {
            caught(e.what());
        } catch (...) {
            caught("not a std::exception");
        }
    }
}

void reactor::arm() {
    hot_.async_wait(stream_descriptor::wait_read, [this](const boost::system::error_code& ec) {
        if (ec) return;
        on_hot();
        arm();
    });
}

void reactor::tick() {
    timer_.expires_after(deadlines::tick_length);
    timer_.async_wait([this](const boost::system::error_code& ec) {
        if (ec) return;
        tick(); // first, so that a throw below does not end time
        read_clocks();
        deadlines_.advance(static_cast<deadlines::tick>((now_ - started_) / deadlines::tick_length));
        end_turn(true);
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
            if (patience > nanoseconds{0}) read_clocks();
            patience = end_turn(true);
        }
        if (now_ >= until) {
            end_turn(true);
            return;
        }
    }
}

void reactor::handle_events(int n) {
    turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    for (int i = 0; i < n; ++i) {
        io_handler& h = poller_.handler(i);
        // An edge is told once: a throw must not lose the events behind it.
        try {
            h.on_io(poller_.events(i));
        } catch (const std::exception& e) {
            caught(e.what());
            h.abandon();
        } catch (...) {
            caught("not a std::exception");
            h.abandon();
        }
    }
}

nanoseconds reactor::end_turn(bool quiet) {
    nanoseconds patience = turn_listener::no_hurry;
    for (turn_listener* l : turn_listeners_) patience = std::min(patience, l->on_turn(quiet));
    while (retired_ != nullptr) std::exchange(retired_, retired_->next_retired_)->bury();
    return patience;
}

} // namespace mira
