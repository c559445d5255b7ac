#include "engine/http/connection.hpp"

#include "engine/base/ticks.hpp"
#include "engine/http/edge.hpp"
#include "engine/http/exchange.hpp"
#include "engine/net/proxy_protocol.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace mira::http {
namespace {

// After so many reads or writes the other connections have their turn, however much this client has sent.
constexpr int most_rounds = 64;

// Of a request that no route takes: so much of a body is read before the answer. Whether its framing is sound
// counts for more than where it wanted to go, and the connection can be used further.
constexpr std::size_t unmatched_body_bytes = 64 * 1024;

} // namespace

connection::connection(edge& e, int fd, const net::endpoint& peer, net::admission::unit place,
                       std::uint16_t local_port)
    : edge_{e}, fd_{fd}, local_port_{local_port}, peer_{peer.address}, place_{std::move(place)} {
    trusted_peer_ = edge_.trust_.trusts(peer_);
    last_active_ = edge_.home().timeouts().now();
}

connection::~connection() = default;

bool connection::start(std::unique_ptr<net::tls_session> tls, bool expects_proxy_header) {
    tls_ = std::move(tls);
    phase_ = expects_proxy_header ? phase::proxy_header : tls_ ? phase::handshake : phase::open;
    if (!edge_.home().hot().add(fd_, *this)) return false;
    edge_.home().timeouts().schedule(*this, due());
    return true;
}

namespace {

ssize_t receive_from(int fd, char* p, std::size_t size) {
    ssize_t r = -1;
    do r = ::recv(fd, p, size, 0);
    while (r < 0 && errno == EINTR);
    return r;
}

} // namespace

// Only where on_io() would begin with this very call. Until then nothing else reads from the socket: what is
// parsed comes from there.
void connection::read_ahead(std::uint32_t events) {
    if ((events & EPOLLIN) == 0 || phase_ != phase::open || tls_ || reading_ != nullptr || !stash_.empty() ||
        !wants_input())
        return;
    const std::size_t slot = edge_.next_ahead_++ % edge_.ahead_.size();
    const ssize_t r = receive_from(fd_, edge_.ahead_data(slot), edge::ahead_bytes);
    edge_.ahead_[slot] = {r, r < 0 ? errno : 0};
    ahead_ = static_cast<std::int8_t>(slot);
}

void connection::on_io(std::uint32_t events) {
    if (phase_ == phase::closed) return;
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) peer_done_ = true;
    // With TLS a write may have waited for input, and a read for output.
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0 || tls_) readable_ = true;
    if ((events & EPOLLOUT) != 0 || tls_) blocked_ = false;
    advance();
    ahead_ = -1; // still there only where nothing more is read from this client
}

void connection::advance() {
    if (phase_ == phase::proxy_header && readable_) read_proxy_header();
    if (phase_ == phase::handshake) shake_hands();
    if (phase_ == phase::open) pump();
    if (phase_ == phase::lingering && readable_) linger_read();
}

void connection::abandon() noexcept { close_now(); }

// ---- before the first request

void connection::read_proxy_header() {
    // Peeked, so that not one byte of what follows (a TLS hello) is taken.
    char* const p = edge_.scratch_.get();
    const ssize_t n = ::recv(fd_, p, net::longest_proxy_header, MSG_PEEK);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const auto header =
        n > 0 ? net::parse_proxy_header({p, static_cast<std::size_t>(n)}) : net::proxy_header{};
    if (header.outcome == net::proxy_header::need_more && n > 0 && !peer_done_) {
        readable_ = false; // more bytes make a new edge
        return;
    }
    net::admission::unit place;
    if (header.outcome != net::proxy_header::complete ||
        ::recv(fd_, p, header.size, 0) != static_cast<ssize_t>(header.size)) {
        edge_.probe_.handshake_failures.add(1);
        close_now();
        return;
    }
    if (header.client) {
        peer_ = header.client->address;
        place_ = {}; // the balancer's: one connection takes one place
        if (edge_.admission_.enter(peer_, place) != net::admission::verdict::admitted) {
            edge_.probe_.connections_refused.add(1);
            close_now();
            return;
        }
        place_ = std::move(place);
    }
    phase_ = tls_ ? phase::handshake : phase::open;
}

void connection::shake_hands() {
    switch (tls_->handshake()) {
    case net::io_status::done:
        phase_ = phase::open;
        readable_ = true; // OpenSSL may have read further than the handshake
        last_active_ = edge_.home().timeouts().now();
        return;
    case net::io_status::want_read:
    case net::io_status::want_write:
        if (!peer_done_) return;
        [[fallthrough]];
    default: edge_.probe_.handshake_failures.add(1); close_now();
    }
}

// ---- reading (writing: connection_writing.cpp; ending and time: connection_ending.cpp)

bool connection::wants_input() const {
    if (reading_ != nullptr) return true;
    return !closing_ && in_flight_ < edge_.limits_.pipelined_requests;
}

void connection::pump() {
    if (pumping_) return;
    read_and_answer();
    if (phase_ != phase::open) return;
    if (first_ == nullptr && (closing_ || at_end_)) {
        after_last_answer();
        return;
    }
    renew_deadline();
}

// Reads and sends for as long as there is something to do, within reason.
void connection::read_and_answer() {
    struct under_way {
        connection& c;
        explicit under_way(connection& of) : c{of} {
            c.pumping_ = true;
            ++c.edge_.pumps_;
        }
        ~under_way() {
            c.pumping_ = false;
            --c.edge_.pumps_;
        }
    } const marked{*this};
    for (int rounds = 0; phase_ == phase::open; ++rounds) {
        if (rounds == most_rounds) {
            edge_.postpone(*this);
            return;
        }
        if (stash_waits_ && wants_input()) {
            stash_waits_ = false;
            head_started_ = edge_.home().timeouts().now();
            parse_stash(stash_.size());
        } else if (readable_ && wants_input()) {
            read_more();
        } else if (first_ != nullptr && !blocked_ && (first_->answered_ || first_->owes_continue_)) {
            flush(); // may make room for what waits
        } else {
            return;
        }
    }
}

net::io_status connection::receive(char* p, std::size_t size, std::size_t& n) {
    if (!tls_) {
        const ssize_t r = receive_from(fd_, p, size);
        return received(r, errno, size, n);
    }
    const net::io_status s = tls_->read(p, size, n);
    // Any event makes us try again.
    return take_in(s == net::io_status::want_write ? net::io_status::want_read : s, n);
}

// What a recv for so many bytes has brought.
net::io_status connection::received(ssize_t result, int error, std::size_t size, std::size_t& n) {
    n = result > 0 ? static_cast<std::size_t>(result) : 0;
    // A short read has emptied the socket, and what comes next is a new edge; unless the end has come
    // already.
    if (result > 0 && n < size && !peer_done_) readable_ = false;
    return take_in(result > 0        ? net::io_status::done
                   : result == 0     ? net::io_status::closed
                   : error == EAGAIN ? net::io_status::want_read
                                     : net::io_status::failed,
                   n);
}

net::io_status connection::take_in(net::io_status s, std::size_t n) {
    if (s == net::io_status::done) {
        edge_.probe_.bytes_received.add(n);
        return s;
    }
    readable_ = false;
    if (s == net::io_status::closed) {
        at_end_ = true;
        // Half a request will never be whole; answers to whole ones are still owed.
        if (reading_ != nullptr || first_ == nullptr)
            close_now();
        else
            stash_.release();
    } else if (s == net::io_status::failed) {
        close_now();
    }
    return s;
}

void connection::read_more() {
    std::size_t n = 0;
    if (reading_ != nullptr && reading_->chunks_ == nullptr) {
        read_body_directly(*reading_);
        return;
    }
    if (!stash_.empty()) {
        // A head grows by what arrives, bounded by the parser's limits.
        if (stash_.room() == 0 && !stash_.reserve(edge_.buffers_, stash_.size())) {
            refuse(condition::overloaded, fault::none);
            return;
        }
        if (receive(stash_.tail(), stash_.room(), n) != net::io_status::done) return;
        stash_.grew(n);
        parse_stash(n);
        return;
    }
    char* p = edge_.scratch_.get();
    net::io_status s = net::io_status::failed;
    if (ahead_ >= 0) {
        const auto slot = static_cast<std::size_t>(std::exchange(ahead_, std::int8_t{-1}));
        p = edge_.ahead_data(slot);
        s = received(edge_.ahead_[slot].result, edge_.ahead_[slot].error, edge::ahead_bytes, n);
    } else {
        s = receive(p, edge::scratch_bytes, n);
    }
    if (s != net::io_status::done) return;
    const std::string_view bytes{p, n};
    const std::size_t used = parse(bytes);
    if (used == bytes.size() || phase_ != phase::open) return;
    head_started_ = edge_.home().timeouts().now();
    if (!stash_.append(edge_.buffers_, bytes.substr(used))) refuse(condition::overloaded, fault::none);
}

void connection::parse_stash(std::size_t new_bytes) {
    // A head that arrives byte by byte is parsed once a line, not once a byte.
    const std::string_view all = stash_.view();
    const bool new_line = std::memchr(all.data() + all.size() - new_bytes, '\n', new_bytes) != nullptr;
    if (!new_line && reading_ == nullptr && all.size() <= edge_.limits_.head.target_bytes) return;
    const std::size_t used = parse(all);
    if (used > 0 && !stash_.empty()) { // a refused request has dropped it
        stash_.consume(used);
        head_started_ = edge_.home().timeouts().now();
    }
}

std::size_t connection::parse(std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && phase_ == phase::open) {
        const std::string_view rest = bytes.substr(used);
        if (reading_ != nullptr) {
            used += feed_body(rest);
            continue;
        }
        if (closing_) return bytes.size(); // nothing that follows will be answered
        if (!wants_input()) {
            stash_waits_ = true;
            break;
        }
        const std::size_t n = begin_exchange(rest);
        if (n == 0) break;
        used += n;
    }
    return used;
}

exchange& connection::new_exchange() {
    exchange* const x = edge_.exchanges_.make(edge_, this);
    (last_ != nullptr ? last_->next_ : first_) = x;
    last_ = x;
    ++in_flight_;
    x->arrival_ = x->last_tick_ = ticks::now();
    x->client_ = peer_;
    x->local_port_ = local_port_;
    x->secure_ = tls_ != nullptr;
    return *x;
}

// Bytes used; 0 where the head is not complete.
std::size_t connection::begin_exchange(std::string_view bytes) {
    request_head& h = *edge_.head_;
    const head_result r = parse_head(bytes, edge_.limits_.head, h);
    if (r.outcome == head_result::need_more) return 0;
    if (r.outcome == head_result::refused) {
        refuse(condition::malformed, r.why);
        return bytes.size();
    }
    exchange& x = new_exchange();
    edge_.probe_.requests.add(1);
    ++requests_;
    const auto most = edge_.limits_.requests_per_connection;
    x.http10_ = h.minor_version == 0;
    x.head_only_ = h.verb == method::head;
    x.close_ = !h.keep_alive || edge_.draining_ || (most != 0 && requests_ >= most);
    x.body_unread_ = h.has_body() && (h.chunked || bytes.size() - h.size < h.content_length);
    x.trusted_ = trusted_peer_;
    if (trusted_peer_) x.client_ = edge_.client_of(h, peer_);
    edge_.make_request_id(x, h);
    closing_ = x.close_;

    const std::size_t head_size = h.size;
    const router::match m = edge_.router_.find(h.verb, h.path);
    if (m.found != nullptr) {
        x.entry_ = m.found;
        x.parameters_ = m.parameters;
        x.body_limit_ = m.found->route->body_limit;
        x.run_before_body();
    } else if (h.verb == method::unknown || h.verb == method::trace || h.verb == method::connect) {
        // Behind a body that was longer than it said, the next request line begins with the rest of it:
        // nothing that follows can be trusted to be a request.
        if (h.verb == method::unknown) x.close_after();
        edge_.policy_.answer(x, condition::not_implemented, fault::none, {});
    } else if (!h.has_body() || h.expects_continue) {
        answer_unmatched(x);
    } else {
        x.body_limit_ = unmatched_body_bytes; // and the answer follows the body
    }
    return head_size + begin_body(x, bytes.substr(0, head_size), bytes.substr(head_size));
}

// No route takes the request in the scratch head: says what would be taken.
void connection::answer_unmatched(exchange& x) {
    const request_head& h = *edge_.head_;
    const router::match m = edge_.router_.find(h.verb, h.path);
    if (h.verb == method::options && (m.path_known || h.path == "*")) {
        const methods allowed = m.path_known ? m.allowed : methods{method::get, method::post};
        x.respond(204, {}, {}, "Allow: " + allowed.allow_value() + "\r\n");
    } else if (m.path_known) {
        edge_.policy_.answer(x, condition::method_not_allowed, fault::none, m.allowed.allow_value());
    } else {
        edge_.policy_.answer(x, condition::not_found, fault::none, {});
    }
}

// The head is complete and its stages have run; rest is what follows it. Bytes of rest used.
std::size_t connection::begin_body(exchange& x, std::string_view head_bytes, std::string_view rest) {
    const request_head& h = *edge_.head_;
    const std::uint64_t length = h.content_length;
    if (!x.answered_ && length > x.body_limit_) {
        if (x.entry_ == nullptr)
            answer_unmatched(x);
        else
            edge_.policy_.answer(x, condition::body_too_large, fault::none, {});
    }
    if (x.answered_) {
        if (!x.body_unread_) return length; // the body is at hand: skip it and go on
        refused_ = closing_ = true;
        return rest.size();
    }
    if (!x.body_unread_) {
        x.run_after_body(rest.substr(0, length));
        return length;
    }
    if (!x.head_memory_.append(edge_.buffers_, head_bytes)) {
        edge_.policy_.answer(x, condition::overloaded, fault::none, {});
        refused_ = closing_ = true;
        return rest.size();
    }
    reading_ = &x;
    x.body_left_ = length;
    x.body_started_ = edge_.home().timeouts().now();
    if (h.chunked) x.chunks_ = edge_.decoders_.make();
    x.owes_continue_ = h.expects_continue && rest.empty();
    return 0; // the caller feeds what follows
}

std::size_t connection::feed_body(std::string_view bytes) {
    exchange& x = *reading_;
    if (x.chunks_ != nullptr) return feed_chunks(x, bytes);
    const std::string_view piece = bytes.substr(0, x.body_left_);
    if (!store_body(x, piece)) return bytes.size();
    x.body_left_ -= piece.size();
    if (x.body_left_ == 0) finish_body(x);
    return piece.size();
}

std::size_t connection::feed_chunks(exchange& x, std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size()) {
        const chunked_decoder::step s = x.chunks_->next(bytes.substr(used));
        used += s.consumed;
        if (s.why != fault::none) {
            refuse_reading(condition::malformed, s.why);
            return bytes.size();
        }
        if (!s.data.empty()) {
            if (x.body_memory_.size() + s.data.size() > x.body_limit_) {
                refuse_reading(condition::body_too_large, fault::none);
                return bytes.size();
            }
            if (!store_body(x, s.data)) return bytes.size();
        }
        if (x.chunks_->finished()) {
            finish_body(x);
            break;
        }
    }
    return used;
}

// Keeps a piece of the body; false where the request ends here: no memory, or already answered.
bool connection::store_body(exchange& x, std::string_view piece) {
    if (!x.body_memory_.append(edge_.buffers_, piece)) {
        refuse_reading(condition::overloaded, fault::none);
        return false;
    }
    if (x.watcher_ != nullptr) x.watcher_->on_body(piece);
    return reading_ == &x;
}

// A body of known length is read to where it is kept.
void connection::read_body_directly(exchange& x) {
    buffer& b = x.body_memory_;
    if (b.room() == 0) {
        // Grows with what arrives, not with what was announced.
        const std::size_t more = std::max(b.size(), buffer_pool::smallest);
        if (!b.reserve(edge_.buffers_, std::min<std::size_t>(more, x.body_left_))) {
            refuse_reading(condition::overloaded, fault::none);
            return;
        }
    }
    std::size_t n = 0;
    const std::size_t wanted = std::min<std::size_t>(b.room(), x.body_left_);
    if (receive(b.tail(), wanted, n) != net::io_status::done) return;
    const std::string_view piece{b.tail(), n};
    b.grew(n);
    if (x.watcher_ != nullptr) x.watcher_->on_body(piece);
    x.body_left_ -= n;
    if (x.body_left_ == 0 && reading_ == &x) finish_body(x);
}

void connection::finish_body(exchange& x) {
    reading_ = nullptr;
    x.body_unread_ = false;
    if (first_ != &x || !interim_begun_) x.owes_continue_ = false;
    if (x.chunks_ != nullptr) edge_.decoders_.destroy(std::exchange(x.chunks_, nullptr));
    x.last_tick_ = ticks::now();
    restore_head(x);
    x.run_after_body(x.body_memory_.view());
}

// Other requests have used the scratch head since: reads it again from the bytes that were kept.
void connection::restore_head(exchange& x) {
    // They were within the limits of their time, which may have been narrowed since.
    constexpr head_limits none{
        .head_bytes = SIZE_MAX, .target_bytes = SIZE_MAX / 2, .fields = fields::capacity};
    request_head& h = *edge_.head_;
    parse_head(x.head_memory_.view(), none, h);
    x.parameters_ = edge_.router_.find(h.verb, h.path).parameters;
}

// Answers in place of a request that could not be read.
void connection::refuse(condition c, fault why) {
    exchange& x = new_exchange();
    edge_.probe_.refused.add(1);
    x.close_ = refused_ = closing_ = true;
    stash_.release();
    stash_waits_ = false;
    edge_.head_->forget(); // another request's, or half of one
    edge_.policy_.answer(x, c, why, {});
}

// Answers the request whose body is being received.
void connection::refuse_reading(condition c, fault why) {
    exchange& x = *std::exchange(reading_, nullptr);
    edge_.probe_.refused.add(1);
    refused_ = closing_ = true;
    restore_head(x);
    edge_.policy_.answer(x, c, why, {});
    x.head_memory_.release();
    x.body_memory_.release();
}

} // namespace mira::http
