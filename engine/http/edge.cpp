#include "engine/http/edge.hpp"

#include "engine/base/encoding.hpp"
#include "engine/base/ticks.hpp"
#include "engine/net/forwarded.hpp"

#include <exception>
#include <random>
#include <sys/socket.h>
#include <unistd.h>

namespace mira::http {
namespace {

constexpr std::string_view too_many_connections =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

// What a client may give as its request's id: it is echoed and logged.
bool usable_request_id(std::string_view s) {
    if (s.empty() || s.size() > 64) return false;
    for (const char c : s)
        if ((c < '0' || c > '9') && ((c | 0x20) < 'a' || (c | 0x20) > 'z') && c != '-' && c != '_' &&
            c != '.')
            return false;
    return true;
}

} // namespace

edge::edge(reactor& r, const router& routes, edge_policy& policy, net::admission& admission,
           memory_budget& memory, void* services)
    : reactor_{r}, router_{routes}, policy_{policy}, admission_{admission}, services_{services},
      scratch_{std::make_unique_for_overwrite<char[]>(scratch_bytes)},
      head_{std::make_unique<request_head>()}, ahead_scratch_{std::make_unique_for_overwrite<char[]>(
                                                   poller::read_together * ahead_bytes)},
      buffers_{memory} {
    for (std::size_t i = 0; i < router_.stage_names().size(); ++i)
        stage_latency_.push_back(std::make_unique<telemetry::histogram>());
    std::random_device device;
    request_ids_ = static_cast<std::uint64_t>(device()) << 32 | static_cast<std::uint64_t>(reactor_.index())
                                                                    << 24;
    reactor_.listen_to_turns(*this);
}

edge::~edge() {
    close_all();
    reactor_.forget_turns(*this);
    reactor_.bury_retired(); // the connections' memory ends here
}

edge::port::port(edge& e, unique_fd fd, edge_listener_options o)
    : owner{e}, options{std::move(o)}, number{net::bound_port(fd.get())}, listening{e.reactor_, std::move(fd),
                                                                                    *this} {}

void edge::port::on_accept(int fd, const net::endpoint& peer) { owner.accept(fd, peer, *this); }

void edge::listen(unique_fd fd, edge_listener_options o) {
    ports_.push_back(std::make_unique<port>(*this, std::move(fd), std::move(o)));
}

void edge::set_tls(std::shared_ptr<net::tls_context> c) {
    for (const auto& p : ports_)
        if (p->options.tls) p->options.tls = c;
}

void edge::accept(int fd, const net::endpoint& peer, port& on) {
    net::admission::unit place;
    if (admission_.enter(peer.address, place) != net::admission::verdict::admitted) {
        probe_.connections_refused.add(1);
        if (!on.options.tls) [[maybe_unused]]
            const auto n = ::send(fd, too_many_connections.data(), too_many_connections.size(), MSG_NOSIGNAL);
        ::close(fd);
        return;
    }
    connection* const c = connections_.make(*this, fd, peer, std::move(place), on.number);
    std::unique_ptr<net::tls_session> session;
    if (on.options.tls) session = net::tls_session::make(on.options.tls, fd);
    c->next_ = all_;
    if (all_ != nullptr) all_->previous_ = c;
    all_ = c;
    ++open_;
    probe_.connections_accepted.add(1);
    const bool proxied = trust_.by == forwarding::proxy_protocol && c->trusted_peer_;
    if ((on.options.tls && !session) || !c->start(std::move(session), proxied)) c->close_now();
}

void edge::ended(connection& c) {
    (c.previous_ != nullptr ? c.previous_->next_ : all_) = c.next_;
    if (c.next_ != nullptr) c.next_->previous_ = c.previous_;
    c.previous_ = c.next_ = nullptr;
    for (connection** p = &postponed_; *p != nullptr; p = &(*p)->next_ready_)
        if (*p == &c) {
            *p = c.next_ready_;
            break;
        }
    --open_;
    probe_.connections_closed.add(1);
    if (draining_ && open_ == 0 && drained_) std::exchange(drained_, nullptr)();
}

void edge::flush_ready() {
    if (pumps_ != 0) return;   // a stage's views into the scratch memory must hold
    std::exception_ptr thrown; // one connection's exception must not hold up the others
    while (ready_ != nullptr) {
        connection* const c = std::exchange(ready_, ready_->next_ready_);
        try {
            c->flush_and_continue();
        } catch (...) {
            c->abandon();
            thrown = std::current_exception();
        }
    }
    if (thrown) std::rethrow_exception(thrown);
}

// c has more to do than one turn may take.
void edge::postpone(connection& c) {
    if (std::exchange(c.listed_ready_, true)) return;
    c.next_ready_ = std::exchange(postponed_, &c);
}

void edge::take_postponed() {
    while (postponed_ != nullptr) {
        connection* const c = std::exchange(postponed_, postponed_->next_ready_);
        c->next_ready_ = std::exchange(ready_, c);
    }
}

nanoseconds edge::on_turn(bool) {
    take_postponed();
    flush_ready();
    return postponed_ != nullptr ? nanoseconds{0} : no_hurry;
}

void edge::drain(std::function<void()> done) {
    draining_ = true;
    for (const auto& p : ports_) p->listening.drain_and_close();
    if (open_ == 0) {
        done();
        return;
    }
    drained_ = std::move(done);
    for (connection* c = all_; c != nullptr;) {
        connection* const next = c->next_; // it may end at once
        c->begin_drain();
        c = next;
    }
}

void edge::close_all() {
    while (all_ != nullptr) all_->close_now();
}

void edge::make_request_id(exchange& x, const request_head& h) {
    const std::string_view given = h.headers.only("X-Request-Id");
    if (usable_request_id(given)) {
        x.request_id_size_ = static_cast<std::uint8_t>(given.copy(x.request_id_.data(), given.size()));
        return;
    }
    const std::uint64_t id = ++request_ids_;
    std::array<unsigned char, 8> bytes{};
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(id >> (56 - 8 * i));
    to_hex(bytes, x.request_id_.data());
    x.request_id_size_ = 16;
}

// The client that the nearest trusted hops vouch for. An element that is no address leaves the peer itself.
net::address edge::client_of(const request_head& h, const net::address& peer) const {
    if (trust_.by != forwarding::x_forwarded_for && trust_.by != forwarding::forwarded) return peer;
    const bool xff = trust_.by == forwarding::x_forwarded_for;
    std::size_t hop = trust_.hops;
    const auto all = h.headers.all();
    for (std::size_t i = all.size(); i-- > 0;) {
        if (!equal_ignoring_case(all[i].name, xff ? "X-Forwarded-For" : "Forwarded")) continue;
        const net::forwarded_hop found =
            xff ? net::nth_from_right(all[i].value, hop) : net::nth_for_from_right(all[i].value, hop);
        if (hop <= found.elements) return found.client.value_or(peer);
        hop -= found.elements;
    }
    return peer;
}

} // namespace mira::http
