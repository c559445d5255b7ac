#pragma once
// An HTTP edge on a reactor of its own and on a free loopback port, with routes that each do one thing, for
// tests that talk to it through sockets.
#include "engine/http/edge.hpp"
#include "engine/net/socket.hpp"
#include "engine/reactor/reactors.hpp"
#include "tests/support/eventually.hpp"
#include "tests/unit/engine/http/raw_client.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace mira::testing {

using test::eventually;

// Words each condition plainly, and reads the head as a policy that logs would.
struct plain_policy final : http::edge_policy {
    void answer(http::exchange& x, http::condition c, http::fault why, std::string_view allow) override {
        using http::condition;
        if (throws.exchange(false)) throw std::runtime_error("thrown by the policy");
        {
            const std::lock_guard lock{mutex};
            last_target = x.head().target;
        }
        std::string fields;
        if (c == condition::method_not_allowed) fields = "Allow: " + std::string{allow} + "\r\n";
        x.respond(status_for(c, why), "text/plain", sentence_of(why), fields);
    }
    static int status_for(http::condition c, http::fault why) {
        using http::condition;
        switch (c) {
        case condition::malformed: return status_of(why);
        case condition::not_found: return 404;
        case condition::method_not_allowed: return 405;
        case condition::not_implemented: return 501;
        case condition::body_too_large: return 413;
        case condition::head_timeout:
        case condition::body_timeout: return 408;
        case condition::overloaded: return 503;
        case condition::internal: break;
        }
        return 500;
    }
    std::atomic<bool> throws{false};
    std::mutex mutex;
    std::string last_target;
};

// What the routes share with the test.
struct route_state {
    std::vector<http::exchange*> waiting; // on the reactor's thread
    std::atomic<int> suspended{0};
    std::atomic<int> served{0};
    std::atomic<int> pieces{0}; // that the body watcher saw
    std::atomic<int> states{0}; // stage states that are alive
    std::string large;
    std::vector<std::string> order; // of /mark requests, on the reactor's thread
};

namespace routes {

using http::exchange;
using http::verdict;

inline route_state& state_of(exchange& x) { return *static_cast<route_state*>(x.services()); }

inline verdict now(exchange& x) {
    ++state_of(x).served;
    x.respond(200, "text/plain", "now");
    return verdict::respond;
}
inline verdict echo(exchange& x) {
    ++state_of(x).served;
    x.respond(200, "application/octet-stream", x.body());
    return verdict::respond;
}
struct alive {
    explicit alive(std::atomic<int>& n) : count{n} { ++count; }
    ~alive() { --count; }
    std::atomic<int>& count;
};
inline verdict later(exchange& x) {
    x.emplace<alive>(state_of(x).states);
    state_of(x).waiting.push_back(&x);
    ++state_of(x).suspended;
    return verdict::suspend;
}
inline verdict after_later(exchange& x) {
    ++state_of(x).served;
    x.respond(200, "text/plain", "later");
    return verdict::respond;
}
inline verdict throws(exchange&) { throw std::runtime_error("thrown by a stage"); }
inline verdict throws_oddly(exchange&) { throw 42; }
inline verdict proceeds(exchange&) { return verdict::proceed; }
inline verdict lies(exchange&) { return verdict::respond; }
inline verdict waits(exchange&) { return verdict::suspend; }
inline verdict refuses(exchange& x) {
    x.respond(403, "text/plain", "refused");
    return verdict::respond;
}
inline verdict says_goodbye(exchange& x) {
    ++state_of(x).served;
    x.close_after();
    x.respond(200, "text/plain", "bye");
    return verdict::respond;
}
inline verdict narrows(exchange& x) {
    x.limit_body(10);
    return verdict::proceed;
}
inline verdict large(exchange& x) {
    x.respond(200, "application/octet-stream", state_of(x).large);
    return verdict::respond;
}
inline verdict who(exchange& x) {
    x.respond(200, "text/plain",
              x.client().text() + " " + (x.secure() ? "secure" : "plain") + " " +
                  std::string{x.request_id()} + " " + std::to_string(x.local_port()));
    return verdict::respond;
}
inline verdict item(exchange& x) {
    x.respond(200, "text/plain",
              std::string{x.parameter(0)} + "|" + std::string{x.parameter(1)} + "|" +
                  std::string{x.head().query} + "|" + std::string{x.head().headers.only("X-Mark")});
    return verdict::respond;
}
inline verdict nothing(exchange& x) {
    x.respond(204, {}, {});
    return verdict::respond;
}
inline verdict mark(exchange& x) {
    state_of(x).order.emplace_back(x.parameter(0));
    x.respond(200, "text/plain", "ok");
    return verdict::respond;
}
struct watcher final : http::body_watcher {
    explicit watcher(exchange& e) : x{e} {}
    void on_body(std::string_view piece) override {
        ++state_of(x).pieces;
        size += piece.size();
        if (piece.find("throw") != std::string_view::npos)
            throw std::runtime_error("thrown by a body watcher");
        if (piece.find("answer") != std::string_view::npos) x.respond(403, "text/plain", "enough");
    }
    exchange& x;
    std::size_t size = 0;
};
inline verdict watch(exchange& x) {
    x.watch_body(&x.emplace<watcher>(x));
    return verdict::proceed;
}
inline verdict watched(exchange& x) {
    x.respond(200, "text/plain",
              std::to_string(x.state<watcher>().size) + " " + std::to_string(x.body().size()));
    return verdict::respond;
}

inline std::span<const http::route> all() {
    using http::method;
    using http::route;
    using http::stage;
    static constexpr std::size_t limit = 1024 * 1024;
    static constexpr std::array now_{stage{"now", now}};
    static constexpr std::array echo_{stage{"echo", echo}};
    static constexpr std::array later_{stage{"proceeds", proceeds}, stage{"later", later},
                                       stage{"after_later", after_later}};
    static constexpr std::array throws_{stage{"throws", throws}};
    static constexpr std::array oddly_{stage{"throws_oddly", throws_oddly}};
    static constexpr std::array late_throw_{stage{"later", later}, stage{"throws_oddly", throws_oddly}};
    static constexpr std::array lies_{stage{"lies", lies}};
    static constexpr std::array waits_{stage{"waits", waits}};
    static constexpr std::array refuses_{stage{"refuses", refuses}};
    static constexpr std::array goodbye_{stage{"says_goodbye", says_goodbye}};
    static constexpr std::array narrows_{stage{"narrows", narrows}};
    static constexpr std::array large_{stage{"large", large}};
    static constexpr std::array who_{stage{"who", who}};
    static constexpr std::array item_{stage{"item", item}};
    static constexpr std::array nothing_{stage{"nothing", nothing}};
    static constexpr std::array mark_{stage{"mark", mark}};
    static constexpr std::array watch_{stage{"watch", watch}};
    static constexpr std::array watched_{stage{"watched", watched}};
    static constexpr std::array table{
        route{"/", {method::get}, {}, now_, limit},
        route{"/now", {method::get, method::post}, {}, now_, limit},
        route{"/echo", {method::post, method::put}, {}, echo_, limit},
        route{"/later", {method::get, method::post}, {}, later_, limit},
        route{"/throws", {method::get, method::post}, {}, throws_, limit},
        route{"/throws-oddly", {method::get}, {}, oddly_, limit},
        route{"/throws-early", {method::post}, throws_, echo_, limit},
        route{"/throws-late", {method::get}, {}, late_throw_, limit},
        route{"/silent", {method::get}, {}, lies_, limit},
        route{"/silent-early", {method::post}, lies_, echo_, limit},
        route{"/empty", {method::get}, {}, {}, limit},
        route{"/waits-early", {method::post}, waits_, echo_, limit},
        route{"/refused", {method::post}, refuses_, echo_, limit},
        route{"/goodbye", {method::get}, {}, goodbye_, limit},
        route{"/narrow", {method::post}, narrows_, echo_, limit},
        route{"/large", {method::get}, {}, large_, limit},
        route{"/who", {method::get}, {}, who_, limit},
        route{"/item/{a}/{b}", {method::get, method::post}, {}, item_, limit},
        route{"/nothing", {method::get}, {}, nothing_, limit},
        route{"/mark/{name}", {method::get}, {}, mark_, limit},
        route{"/watch", {method::post}, watch_, watched_, limit},
    };
    return table;
}

} // namespace routes

struct edge_setup {
    http::edge_limits limits{};
    http::trust trust{};
    net::admission_limits admission{};
    std::size_t memory = 64 * 1024 * 1024;
    std::shared_ptr<net::tls_context> tls{};
};

class live_edge {
  public:
    explicit live_edge(edge_setup s = {})
        : admission_{s.admission}, memory_{s.memory}, router_{routes::all()}, loop_{1} {
        loop_.start();
        loop_.run_on_each([&](reactor& r) {
            edge_ = std::make_unique<http::edge>(r, router_, policy, admission_, memory_, &state);
            edge_->set_limits(s.limits);
            edge_->set_trust(s.trust);
            auto fd = net::listen_tcp("127.0.0.1", 0, 128);
            port_ = net::bound_port(fd.value().get());
            edge_->listen(std::move(fd.value()), {s.tls});
        });
    }
    ~live_edge() {
        on_reactor([&] {
            resume_all();
            edge_->close_all();
        });
        loop_.stop();
        edge_.reset();
        CHECK(memory_.held() == 0);
        CHECK(state.states == 0);
        CHECK(admission_.connections() == 0);
    }

    // Runs f on the reactor and waits for it.
    void on_reactor(const std::function<void()>& f) {
        loop_.run_on_each([&](reactor&) { f(); });
    }
    void post(std::function<void()> f) { loop_[0].post(std::move(f)); }

    // On the reactor's thread: one suspended exchange goes on, the oldest first.
    void resume_one() {
        http::exchange* const x = state.waiting.front();
        state.waiting.erase(state.waiting.begin());
        --state.suspended;
        x->resume();
    }
    void resume_all() {
        while (!state.waiting.empty()) resume_one();
    }

    std::uint16_t port() const { return port_; }
    http::edge& edge() { return *edge_; }
    const http::edge_probe& probe() const { return edge_->probe(); }
    std::size_t held() const { return memory_.held(); }
    std::uint32_t places() const { return admission_.connections(); }
    reactor& home() { return loop_[0]; }
    std::size_t open() {
        std::size_t n = 0;
        on_reactor([&] { n = edge_->open_connections(); });
        return n;
    }
    // Sends a piece and waits until the edge has read it, so that the next piece is a read of its own.
    void send_piece(raw_client& c, std::string_view piece) {
        const std::uint64_t before = probe().bytes_received.value();
        CHECK(c.send(piece));
        CHECK(eventually([&] { return probe().bytes_received.value() >= before + piece.size(); }));
    }

    plain_policy policy;
    route_state state;

  private:
    net::admission admission_;
    http::memory_budget memory_;
    http::router router_;
    reactors loop_;
    std::unique_ptr<http::edge> edge_;
    std::uint16_t port_ = 0;
};

inline std::string get(std::string_view path, std::string_view fields = "") {
    return "GET " + std::string{path} + " HTTP/1.1\r\nHost: h\r\n" + std::string{fields} + "\r\n";
}
inline std::string post(std::string_view path, std::string_view body, std::string_view fields = "") {
    return "POST " + std::string{path} +
           " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string{fields} + "\r\n" + std::string{body};
}
inline std::string post_chunked(std::string_view path, std::string_view chunks,
                                std::string_view fields = "") {
    return "POST " + std::string{path} + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n" +
           std::string{fields} + "\r\n" + std::string{chunks};
}

} // namespace mira::testing
