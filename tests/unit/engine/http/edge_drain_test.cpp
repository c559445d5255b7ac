#include "tests/unit/engine/http/live_edge.hpp"

using namespace mira;
using namespace mira::testing;
using std::chrono::steady_clock;

namespace {

struct draining {
    explicit draining(live_edge& e) {
        e.on_reactor([&] { e.edge().drain([this] { done = true; }); });
    }
    std::atomic<bool> done{false};
};

} // namespace

TEST_CASE("edge: draining without connections is done at once") {
    live_edge e;
    const draining d{e};
    CHECK(d.done);
    raw_client c{e.port()};
    CHECK_FALSE(c.connected());
}

TEST_CASE("edge: what is in flight is answered, says that it closes, and then the drain is done") {
    live_edge e;
    raw_client suspended{e.port()}, in_body{e.port()}, in_head{e.port()};
    REQUIRE(suspended.send(get("/later")));
    e.send_piece(in_body, post("/echo", "hello").substr(0, 53));
    e.send_piece(in_head, "GET /now HT");
    CHECK(eventually([&] { return e.state.suspended == 1; }));
    draining d{e};
    CHECK_FALSE(d.done);
    raw_client late{e.port()};
    CHECK_FALSE(late.connected());
    REQUIRE(in_body.send("llo"));
    reply r = in_body.receive();
    CHECK(r.body == "hello");
    CHECK(r.closes());
    CHECK(in_body.at_end());
    REQUIRE(in_head.send("TP/1.1\r\nHost: h\r\n\r\n"));
    r = in_head.receive();
    CHECK(r.body == "now");
    CHECK(r.closes());
    CHECK(in_head.at_end());
    CHECK_FALSE(d.done);
    e.on_reactor([&] { e.resume_one(); });
    r = suspended.receive();
    CHECK(r.body == "later");
    CHECK(r.closes());
    CHECK(suspended.at_end());
    CHECK(eventually([&] { return d.done.load(); }));
}

TEST_CASE("edge: requests that were pipelined before a drain are all answered, the last one closing") {
    live_edge e;
    raw_client c{e.port()};
    REQUIRE(c.send(get("/later") + get("/later")));
    CHECK(eventually([&] { return e.state.suspended == 2; }));
    const draining d{e};
    e.on_reactor([&] { e.resume_one(); });
    reply r = c.receive();
    CHECK(r.body == "later");
    CHECK_FALSE(r.closes());
    e.on_reactor([&] { e.resume_one(); });
    r = c.receive();
    CHECK(r.body == "later");
    CHECK(r.closes());
    CHECK(c.at_end());
    CHECK(eventually([&] { return d.done.load(); }));
}

TEST_CASE("edge: connections that the kernel has queued are served before the listener closes") {
    live_edge e;
    std::latch held{1}, connected{1};
    std::atomic<bool> done{false};
    e.post([&] {
        held.count_down();
        connected.wait();
        e.edge().drain([&] { done = true; });
    });
    held.wait();
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(std::make_unique<raw_client>(e.port()));
        REQUIRE(clients.back()->connected());
        REQUIRE(clients.back()->send(get("/now")));
    }
    connected.count_down();
    for (const auto& c : clients) {
        const reply r = c->receive();
        CHECK(r.status == 200);
        CHECK(r.closes());
        CHECK(c->at_end());
    }
    CHECK(eventually([&] { return done.load(); }));
}

TEST_CASE("edge: an idle connection is let go soon, a busy one may still ask") {
    live_edge e;
    raw_client idle{e.port()}, busy{e.port()};
    for (raw_client* c : {&idle, &busy}) {
        REQUIRE(c->send(get("/now")));
        CHECK(c->receive().status == 200);
    }
    const auto start = steady_clock::now();
    const draining d{e};
    REQUIRE(busy.send(get("/now")));
    const reply r = busy.receive();
    CHECK(r.status == 200);
    CHECK(r.closes());
    CHECK(busy.at_end());
    CHECK(idle.at_end());
    CHECK(steady_clock::now() - start < seconds{3});
    CHECK(eventually([&] { return d.done.load(); }));
}

TEST_CASE("edge: a drain during which a client goes") {
    live_edge e;
    raw_client c{e.port()};
    REQUIRE(c.send(get("/later")));
    CHECK(eventually([&] { return e.state.suspended == 1; }));
    const draining d{e};
    c.reset();
    CHECK(eventually([&] { return d.done.load(); }));
    e.on_reactor([&] { e.resume_one(); });
    CHECK(e.probe().answers_dropped.value() == 1);
}

TEST_CASE("edge: close_all ends what is left, and the drain") {
    live_edge e;
    raw_client c{e.port()};
    REQUIRE(c.send(get("/later") + post("/echo", "hello").substr(0, 53)));
    CHECK(eventually([&] { return e.state.suspended == 1; }));
    const draining d{e};
    e.on_reactor([&] { e.edge().close_all(); });
    CHECK(d.done);
    CHECK(c.receive().status == 0);
    CHECK(e.held() == 0);
}

TEST_CASE("edge: it may end with connections open and with none ever") {
    { live_edge e; }
    // Without close_all() before the loop ends: the destructor closes what is left.
    reactors loop{1};
    net::admission admission{net::admission_limits{}};
    http::memory_budget memory{1 << 20};
    const http::router router{routes::all()};
    plain_policy policy;
    route_state state;
    std::unique_ptr<http::edge> edge;
    std::uint16_t port = 0;
    loop.start();
    loop.run_on_each([&](reactor& r) {
        edge = std::make_unique<http::edge>(r, router, policy, admission, memory, &state);
        auto fd = net::listen_tcp("127.0.0.1", 0, 16);
        port = net::bound_port(fd.value().get());
        edge->listen(std::move(fd.value()), {});
    });
    raw_client c{port};
    REQUIRE(c.send(get("/now") + "GET /no"));
    CHECK(c.receive().status == 200);
    loop.stop();
    edge.reset();
    CHECK(admission.connections() == 0);
    CHECK(memory.held() == 0);
}
