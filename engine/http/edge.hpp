#pragma once
// One reactor's side of the HTTP server: its listeners, its connections, the memory that they share, and its
// counters. On the reactor's thread, except what says otherwise.
#include "engine/http/buffer.hpp"
#include "engine/http/connection.hpp"
#include "engine/http/edge_limits.hpp"
#include "engine/http/edge_probe.hpp"
#include "engine/http/exchange.hpp"
#include "engine/http/object_pool.hpp"
#include "engine/http/response.hpp"
#include "engine/http/router.hpp"
#include "engine/net/admission.hpp"
#include "engine/net/listener.hpp"
#include "engine/net/tls.hpp"
#include "engine/reactor/reactor.hpp"
#include "engine/telemetry/histogram.hpp"

#include <array>
#include <functional>
#include <memory>
#include <sys/types.h>
#include <vector>

namespace mira::http {

// Why the edge itself must answer.
enum class condition : std::uint8_t {
    malformed,          // see the fault
    not_found,          // no such path
    method_not_allowed, // the path exists; allow says what it takes
    not_implemented,    // a method that nobody here knows
    body_too_large,
    head_timeout,
    body_timeout,
    overloaded, // no memory for the body
    internal,   // a stage threw, or none answered
};

// How the layer above words such an answer. Must call exchange::respond().
class edge_policy {
  public:
    virtual void answer(exchange& x, condition c, fault why, std::string_view allow) = 0;

  protected:
    ~edge_policy() = default;
};

struct edge_listener_options {
    std::shared_ptr<net::tls_context> tls; // null: plain
};

class edge final : private turn_listener {
  public:
    edge(reactor& r, const router& routes, edge_policy& policy, net::admission& admission,
         memory_budget& memory, void* services);
    // After the reactor's loop has ended; each suspended exchange must have been resumed before.
    ~edge();
    edge(const edge&) = delete;
    edge& operator=(const edge&) = delete;

    void listen(unique_fd fd, edge_listener_options o);
    // New connections on TLS listeners use it; those that are there keep theirs.
    void set_tls(std::shared_ptr<net::tls_context> c);
    void set_limits(const edge_limits& l) { limits_ = l; }
    void set_trust(trust t) { trust_ = std::move(t); }

    // Accepts what is queued, closes the listeners, answers what is in flight with "Connection: close" and
    // calls done when the last connection has ended.
    void drain(std::function<void()> done);
    // Ends what is left.
    void close_all();
    bool draining() const { return draining_; }
    std::size_t open_connections() const { return open_; }

    reactor& home() { return reactor_; }
    void* services() { return services_; }
    // Any thread may read.
    const edge_probe& probe() const { return probe_; }
    const telemetry::histogram& stage_latency(std::size_t stage_id) const {
        return *stage_latency_[stage_id];
    }
    const telemetry::histogram& request_latency() const { return request_latency_; }

    // Sends the answers that became ready since the last call: for whoever completes many exchanges at once.
    // Called by a stage it does nothing; the answers go out when the turn ends.
    void flush_ready();

  private:
    friend class connection;
    friend class exchange;

    struct port final : net::acceptor {
        port(edge& e, unique_fd fd, edge_listener_options o);
        void on_accept(int fd, const net::endpoint& peer) override;
        edge& owner;
        edge_listener_options options;
        std::uint16_t number;
        net::listener listening;
    };

    nanoseconds on_turn(bool quiet) override;
    void accept(int fd, const net::endpoint& peer, port& on);
    void ended(connection& c);
    void postpone(connection& c);
    void take_postponed();
    void make_request_id(exchange& x, const request_head& h);
    net::address client_of(const request_head& h, const net::address& peer) const;

    reactor& reactor_;
    const router& router_;
    edge_policy& policy_;
    net::admission& admission_;
    void* services_;
    edge_limits limits_;
    trust trust_;

    // Where input is read to and heads are parsed in: hot in the cache and free again before the next
    // connection's turn.
    static constexpr std::size_t scratch_bytes = 64 * 1024;
    std::unique_ptr<char[]> scratch_;
    std::unique_ptr<request_head> head_;
    date_line date_;

    // What connections have read ahead (io_handler::read_ahead): each slot is used or dropped before its turn
    // comes again.
    struct ahead {
        ssize_t result;
        int error;
    };
    static constexpr std::size_t ahead_bytes = 16 * 1024; // of a slot; requests seldom are larger
    char* ahead_data(std::size_t slot) { return ahead_scratch_.get() + slot * ahead_bytes; }
    std::unique_ptr<char[]> ahead_scratch_;
    std::array<ahead, poller::read_together> ahead_{};
    std::size_t next_ahead_ = 0;

    buffer_pool buffers_;
    object_pool<connection> connections_;
    object_pool<exchange> exchanges_;
    object_pool<chunked_decoder, 16> decoders_;
    std::vector<std::unique_ptr<port>> ports_;
    connection* all_ = nullptr;       // intrusive list
    connection* ready_ = nullptr;     // have answers to send
    connection* postponed_ = nullptr; // go on in the next turn
    int pumps_ = 0;                   // connections that are reading or sending now
    std::size_t open_ = 0;
    bool draining_ = false;
    std::function<void()> drained_;
    std::uint64_t request_ids_;

    edge_probe probe_;
    std::vector<std::unique_ptr<telemetry::histogram>> stage_latency_;
    telemetry::histogram request_latency_;
};

} // namespace mira::http
