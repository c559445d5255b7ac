// How a connection ends: after its last answer, by draining, by time.
#include "engine/http/connection.hpp"
#include "engine/http/edge.hpp"
#include "engine/http/exchange.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

namespace mira::http {
namespace {

// Of a refused request's rest, so many bytes are read and dropped before the connection ends in spite of it.
constexpr std::size_t most_lingering_bytes = 4 * 1024 * 1024;
// While draining, an idle connection that says nothing for this long is closed.
constexpr milliseconds draining_idle{1'000};
// How often a connection that waits for its answers is looked at.
constexpr milliseconds waiting_check{60'000};

deadlines::tick ticks_of(milliseconds d) {
    return static_cast<deadlines::tick>((d + deadlines::tick_length - milliseconds{1}) /
                                        deadlines::tick_length) +
           1;
}

} // namespace

void connection::after_last_answer() {
    if (reading_ != nullptr) return;
    if (at_end_ || (!refused_ && !readable_ && stash_.empty()))
        close_now();
    else
        begin_linger();
}

// Closing with unread input would reset the connection, and the client might never see its answer.
void connection::begin_linger() {
    phase_ = phase::lingering;
    stash_.release();
    sent_ = 0; // from here on: bytes dropped
    if (tls_) tls_->close();
    ::shutdown(fd_, SHUT_WR);
    edge_.home().timeouts().schedule(*this, edge_.home().timeouts().now() + ticks_of(edge_.limits_.linger));
    linger_read();
}

void connection::linger_read() {
    for (;;) {
        const ssize_t n = ::recv(fd_, edge_.scratch_.get(), edge::scratch_bytes, 0);
        if (n > 0) {
            sent_ += static_cast<std::size_t>(n);
            if (sent_ < most_lingering_bytes) continue;
        } else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            readable_ = false;
            if (!peer_done_) return;
        }
        close_now();
        return;
    }
}

void connection::begin_drain() {
    if (phase_ == phase::open && first_ == nullptr && stash_.empty())
        edge_.home().timeouts().schedule(*this, due());
}

void connection::close_now() {
    if (phase_ == phase::closed) return;
    phase_ = phase::closed;
    while (first_ != nullptr) {
        exchange* const x = std::exchange(first_, first_->next_);
        // One that waits for the journal, say, must still hear of it; the others end here.
        if (x->suspended_)
            x->connection_ = nullptr;
        else
            edge_.exchanges_.destroy(x);
    }
    last_ = reading_ = nullptr;
    stash_.release();
    if (tls_) tls_->close();
    tls_.reset();
    ::close(fd_);
    fd_ = -1;
    edge_.home().timeouts().cancel(*this);
    place_ = {};
    edge_.ended(*this);
    edge_.home().retire(*this);
}

void connection::bury() { edge_.connections_.destroy(this); }

// ---- time

deadlines::tick connection::due() const {
    const edge_limits& l = edge_.limits_;
    switch (phase_) {
    case phase::proxy_header:
    case phase::handshake: return last_active_ + ticks_of(l.handshake_timeout);
    case phase::lingering: return last_active_ + ticks_of(l.linger);
    default: break;
    }
    const deadlines::tick t = input_due();
    return first_ != nullptr && blocked_ ? std::min(t, write_due()) : t;
}

deadlines::tick connection::write_due() const {
    return write_stalled_ + ticks_of(edge_.limits_.write_timeout);
}

// What the client still owes, else how long it may be idle.
deadlines::tick connection::input_due() const {
    const edge_limits& l = edge_.limits_;
    if (reading_ != nullptr) {
        deadlines::tick t = ticks_of(l.body_timeout);
        if (l.body_bytes_per_second != 0) {
            const auto earned = milliseconds{reading_->body_memory_.size() * 1000 / l.body_bytes_per_second};
            t = std::min(t, ticks_of(l.body_grace + earned));
        }
        return reading_->body_started_ + t;
    }
    if (!stash_.empty() && !stash_waits_) return head_started_ + ticks_of(l.header_timeout);
    // Not later than an idle connection would be looked at: it is one as soon as it has its answer.
    if (first_ != nullptr)
        return edge_.home().timeouts().now() + ticks_of(std::min(waiting_check, l.idle_timeout));
    return last_active_ + ticks_of(edge_.draining_ ? draining_idle : l.idle_timeout);
}

// Only states with a deadline nearer than the idle one need the wheel at once; it finds out about the others
// by itself.
void connection::renew_deadline() {
    if (!stash_.empty() || reading_ != nullptr || blocked_ || edge_.draining_)
        edge_.home().timeouts().schedule(*this, due());
}

void connection::on_deadline() {
    if (phase_ == phase::closed) return;
    try {
        time_out();
    } catch (...) {
        close_now(); // as after a throw in on_io
        throw;
    }
}

void connection::time_out() {
    if (due() > edge_.home().timeouts().now()) {
        edge_.home().timeouts().schedule(*this, due());
        return;
    }
    edge_probe& probe = edge_.probe_;
    const bool write_overdue = phase_ == phase::open && first_ != nullptr && blocked_ &&
                               write_due() <= edge_.home().timeouts().now();
    if (write_overdue) {
        probe.write_timeouts.add(1);
        close_now();
        return;
    }
    if (phase_ == phase::open && reading_ != nullptr) {
        probe.body_timeouts.add(1);
        refuse_reading(condition::body_timeout, fault::none);
        pump();
    } else if (phase_ == phase::open && !stash_.empty() && !stash_waits_) {
        probe.header_timeouts.add(1);
        refuse(condition::head_timeout, fault::none);
        pump();
    } else {
        if (phase_ == phase::handshake || phase_ == phase::proxy_header)
            probe.handshake_failures.add(1);
        else if (phase_ == phase::open)
            probe.idle_timeouts.add(1);
        close_now();
        return;
    }
    if (phase_ == phase::open) edge_.home().timeouts().schedule(*this, due());
}

} // namespace mira::http
