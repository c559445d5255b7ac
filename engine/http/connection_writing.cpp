// Sending: answers in the order of their requests, several in one call where several are ready.
#include "engine/base/ticks.hpp"
#include "engine/http/connection.hpp"
#include "engine/http/edge.hpp"
#include "engine/http/exchange.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <sys/uio.h>

namespace mira::http {
namespace {

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

} // namespace

void connection::answer_ready(exchange& x) {
    // A 100 (Continue) that is not on its way yet has become pointless.
    if (x.owes_continue_ && !(first_ == &x && interim_begun_)) x.owes_continue_ = false;
    if (reading_ == &x) { // answered before its body was read: the rest is of no use
        reading_ = nullptr;
        refused_ = true;
    }
    if (x.close_) closing_ = true;
    if (pumping_ || listed_ready_ || phase_ != phase::open) return;
    listed_ready_ = true;
    next_ready_ = std::exchange(edge_.ready_, this);
}

void connection::flush_and_continue() {
    listed_ready_ = false;
    if (phase_ == phase::open) pump();
}

net::io_status connection::send_bytes(std::string_view bytes, std::size_t& sent) {
    if (tls_) {
        const net::io_status s = tls_->write(bytes.data(), bytes.size(), sent);
        return s == net::io_status::want_read ? net::io_status::want_write : s;
    }
    ssize_t r = -1;
    do r = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    while (r < 0 && errno == EINTR);
    sent = r > 0 ? static_cast<std::size_t>(r) : 0;
    if (r >= 0) return net::io_status::done;
    return errno == EAGAIN ? net::io_status::want_write : net::io_status::failed;
}

// Sends what is ready, in order, several answers at once where the client has pipelined its requests.
void connection::flush() {
    while (phase_ == phase::open && first_ != nullptr && !blocked_) {
        std::size_t sent = 0;
        net::io_status s = net::io_status::done;
        std::size_t wanted = 0;
        if (!first_->owes_continue_ && !first_->answered_) return;
        if (!first_->owes_continue_ && first_->next_ != nullptr && first_->next_->answered_ && !tls_) {
            s = send_several(wanted, sent);
        } else {
            const std::string_view all = first_->owes_continue_ ? continue_line : first_->out_.view();
            wanted = all.size() - sent_;
            interim_begun_ = first_->owes_continue_;
            s = send_bytes(all.substr(sent_), sent);
        }
        if (s == net::io_status::failed || s == net::io_status::closed) {
            close_now();
            return;
        }
        edge_.probe_.bytes_sent.add(sent);
        if (sent > 0) stalled_ = false;
        // TLS sends a record at a time; only what a plain socket leaves over means that it is full.
        if (s == net::io_status::want_write || (!tls_ && sent < wanted)) {
            blocked_ = true;
            if (!std::exchange(stalled_, true)) write_stalled_ = edge_.home().timeouts().now();
        }
        account_sent(sent);
    }
}

net::io_status connection::send_several(std::size_t& wanted, std::size_t& sent) {
    std::array<iovec, 16> pieces{};
    std::size_t count = 0;
    for (exchange* x = first_; x != nullptr && x->answered_ && !x->owes_continue_ && count < pieces.size();
         x = x->next_) {
        std::string_view bytes = x->out_.view();
        if (count == 0) bytes.remove_prefix(sent_);
        pieces[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
        wanted += bytes.size();
    }
    msghdr m{};
    m.msg_iov = pieces.data();
    m.msg_iovlen = count;
    ssize_t r = -1;
    do r = ::sendmsg(fd_, &m, MSG_NOSIGNAL);
    while (r < 0 && errno == EINTR);
    sent = r > 0 ? static_cast<std::size_t>(r) : 0;
    if (r >= 0) return net::io_status::done;
    return errno == EAGAIN ? net::io_status::want_write : net::io_status::failed;
}

// sent more bytes are out: ends the exchanges whose answers are complete.
void connection::account_sent(std::size_t sent) {
    sent_ += sent;
    while (first_ != nullptr && phase_ == phase::open) {
        const bool interim = first_->owes_continue_;
        if (!interim && !first_->answered_) return;
        const std::size_t size = interim ? continue_line.size() : first_->out_.view().size();
        if (sent_ < size) return;
        sent_ -= size;
        if (interim)
            first_->owes_continue_ = interim_begun_ = false;
        else
            drop_first();
        if (sent_ == 0) return;
    }
}

void connection::drop_first() {
    exchange* const x = first_;
    first_ = x->next_;
    if (first_ == nullptr) last_ = nullptr;
    --in_flight_;
    last_active_ = edge_.home().timeouts().now();
    edge_.request_latency_.record(ticks::nanos_between(x->arrival_, ticks::now()));
    edge_.probe_.count_response(x->status_);
    if (x->close_) closing_ = true;
    edge_.exchanges_.destroy(x);
}

} // namespace mira::http
