#include "tests/unit/engine/http/live_edge.hpp"

using namespace mira;
using namespace mira::testing;
using std::chrono::steady_clock;

namespace {

// The wheel's ticks are a quarter of a second: a deadline may come so much later than it says.
constexpr milliseconds slack{1000};

struct stopwatch {
    steady_clock::time_point start = steady_clock::now();
    milliseconds elapsed() const {
        return std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
    }
};

} // namespace

TEST_CASE("edge: limits of the head reach the client with their status") {
    live_edge e{{.limits = {.head = {.head_bytes = 1000, .target_bytes = 100, .fields = 5}}}};
    const auto status_of = [&](const std::string& request) {
        raw_client c{e.port()};
        REQUIRE(c.send(request));
        const reply r = c.receive();
        if (r.status != 200 && r.status != 404) CHECK(c.at_end());
        return r.status;
    };
    CHECK(status_of(get("/now")) == 200);
    CHECK(status_of(get("/" + std::string(99, 'a'))) == 404);
    CHECK(status_of(get("/" + std::string(100, 'a'))) == 414);
    CHECK(status_of("GET /" + std::string(5000, 'a')) == 414); // before the line ends
    CHECK(status_of(get("/now", "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n")) == 200);
    CHECK(status_of(get("/now", "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n")) == 431);
    CHECK(status_of(get("/now", "A: " + std::string(900, 'v') + "\r\n")) == 200);
    CHECK(status_of(get("/now", "A: " + std::string(1000, 'v') + "\r\n")) == 431);
    CHECK(status_of("GET /now HTTP/1.1\r\nA: " + std::string(5000, 'v')) == 431); // before the line ends
}

TEST_CASE("edge: a head larger than one read arrives whole") {
    live_edge e{{.limits = {.head = {.head_bytes = 200'000, .target_bytes = 1000, .fields = 100}}}};
    raw_client c{e.port()};
    const std::string request =
        get("/item/a/b", "X-Fill: " + std::string(150'000, 'v') + "\r\nX-Mark: m\r\n");
    REQUIRE(c.send(request));
    CHECK(c.receive().body == "a|b||m");
    e.send_piece(c, request.substr(0, 100'000));
    REQUIRE(c.send(request.substr(100'000)));
    CHECK(c.receive().body == "a|b||m");
    CHECK(eventually([&] { return e.held() == 0; }));
}

TEST_CASE("edge: a body above its limit is refused: by its length, by its chunks, by what a stage said") {
    live_edge e;
    const std::size_t limit = 1024 * 1024;
    SUBCASE("length, at the limit and above") {
        raw_client c{e.port()};
        std::thread sender([&] { CHECK(c.send(post("/echo", std::string(limit, 'x')))); });
        const reply ok = c.receive();
        sender.join();
        CHECK(ok.status == 200);
        CHECK(ok.body.size() == limit);
        REQUIRE(c.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(limit + 1) +
                       "\r\n\r\n"));
        const reply r = c.receive();
        CHECK(r.status == 413);
        CHECK(r.closes());
        CHECK(c.at_end());
    }
    SUBCASE("chunks, at the limit and above") {
        raw_client c{e.port()};
        const std::string half(limit / 2, 'x');
        std::thread sender([&] {
            CHECK(
                c.send(post_chunked("/echo", "80000\r\n" + half + "\r\n80000\r\n" + half + "\r\n0\r\n\r\n")));
        });
        const reply ok = c.receive();
        sender.join();
        CHECK(ok.status == 200);
        CHECK(ok.body.size() == limit);
        std::thread another([&] {
            c.send(post_chunked("/echo", "80000\r\n" + half + "\r\n80000\r\n" + half +
                                             "\r\n1\r\nx\r\n0\r\n\r\n" + get("/now")));
        });
        const reply r = c.receive();
        another.join();
        CHECK(r.status == 413);
        CHECK(r.closes());
        CHECK(c.at_end());
    }
    SUBCASE("a stage's own, where the body is at hand: the connection stays") {
        raw_client c{e.port()};
        REQUIRE(c.send(post("/narrow", "0123456789") + post("/narrow", "0123456789a") + get("/now")));
        CHECK(c.receive().body == "0123456789");
        const reply r = c.receive();
        CHECK(r.status == 413);
        CHECK_FALSE(r.closes());
        CHECK(c.receive().body == "now");
    }
    SUBCASE("a stage's own, chunked") {
        raw_client c{e.port()};
        REQUIRE(c.send(post_chunked("/narrow", "a\r\n0123456789\r\n0\r\n\r\n") +
                       post_chunked("/narrow", "9\r\n012345678\r\n2\r\n9a\r\n0\r\n\r\n")));
        CHECK(c.receive().body == "0123456789");
        CHECK(c.receive().status == 413);
        CHECK(c.at_end());
    }
    CHECK(eventually([&] { return e.held() == 0; }));
}

TEST_CASE("edge: a client that goes on sending sees its refusal, not a reset") {
    live_edge e;
    const std::string much(3 * 1024 * 1024, 'x');
    for (const std::string& request :
         {"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(much.size()) + "\r\n\r\n" +
              much,
          post_chunked("/echo", "300000\r\n" + much + "\r\n0\r\n\r\n"),
          "POST /refused HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(much.size()) + "\r\n\r\n" +
              much,
          "nonsense\r\n\r\n" + much}) {
        raw_client c{e.port()};
        CHECK(c.send(request)); // all of it, before a byte is read
        const reply r = c.receive();
        CHECK(r.status >= 400);
        CHECK(r.closes());
        CHECK(c.at_end());
        CHECK_FALSE(c.was_reset());
    }
    CHECK(eventually([&] { return e.open() == 0; }));
}

TEST_CASE("edge: a refused client that neither reads nor ends is let go") {
    live_edge e{{.limits = {.linger = milliseconds{250}}}};
    raw_client c{e.port()};
    const stopwatch w;
    REQUIRE(c.send("nonsense\r\n\r\n"));
    CHECK(eventually([&] { return e.open() == 0; }));
    CHECK(w.elapsed() < milliseconds{250} + slack);
    CHECK(c.receive().status == 400);
    // And one that never stops sending.
    raw_client endless{e.port()};
    std::thread sender([&] {
        endless.send("nonsense\r\n\r\n");
        const std::string more(65536, 'x');
        while (endless.send(more)) {
        }
    });
    sender.join();
    CHECK(eventually([&] { return e.open() == 0; }));
}

TEST_CASE("edge: a head that takes too long") {
    live_edge e{{.limits = {.header_timeout = milliseconds{300}}}};
    raw_client c{e.port()};
    const stopwatch w;
    // Each byte in time, the head not.
    std::thread sender([&] {
        for (const char byte : get("/now")) {
            if (!c.send({&byte, 1})) return;
            std::this_thread::sleep_for(milliseconds{60});
        }
    });
    const reply r = c.receive();
    CHECK(r.status == 408);
    CHECK(r.closes());
    CHECK(w.elapsed() >= milliseconds{300});
    CHECK(w.elapsed() < milliseconds{300} + slack);
    c.end_output();
    sender.join();
    CHECK(e.probe().header_timeouts.value() == 1);
    CHECK(eventually([&] { return e.held() == 0; }));
}

TEST_CASE("edge: the time of a head begins with its first byte, also behind other requests") {
    live_edge e{{.limits = {.header_timeout = milliseconds{300}}}};
    raw_client c{e.port()};
    REQUIRE(c.send(get("/now") + get("/later") + "GET /no"));
    CHECK(c.receive().status == 200);
    CHECK(eventually([&] { return e.probe().header_timeouts.value() == 1; }));
    e.on_reactor([&] { e.resume_one(); }); // a request that was whole is answered all the same, in its place
    CHECK(c.receive().body == "later");
    CHECK(c.receive().status == 408);
    CHECK(c.at_end());
}

TEST_CASE("edge: requests that wait their turn are not timed") {
    live_edge e{{.limits = {.header_timeout = milliseconds{250}, .pipelined_requests = 1}}};
    raw_client c{e.port()};
    REQUIRE(c.send(get("/later") + get("/now")));
    CHECK(eventually([&] { return e.state.suspended == 1; }));
    std::this_thread::sleep_for(milliseconds{900});
    e.on_reactor([&] { e.resume_one(); });
    CHECK(c.receive().body == "later");
    CHECK(c.receive().body == "now");
    CHECK(e.probe().header_timeouts.value() == 0);
}

TEST_CASE("edge: an idle connection ends, before and between requests") {
    live_edge e{{.limits = {.idle_timeout = milliseconds{300}}}};
    raw_client fresh{e.port()}, used{e.port()}, busy{e.port()};
    REQUIRE(used.send(get("/now")));
    CHECK(used.receive().status == 200);
    const stopwatch w;
    while (w.elapsed() < milliseconds{1200}) {
        REQUIRE(busy.send(get("/now")));
        CHECK(busy.receive().status == 200);
        std::this_thread::sleep_for(milliseconds{20});
    }
    CHECK(fresh.at_end());
    CHECK(used.at_end());
    CHECK(e.probe().idle_timeouts.value() == 2);
    CHECK(e.open() == 1);
}

TEST_CASE("edge: a request that waits is not idle") {
    live_edge e{{.limits = {.header_timeout = milliseconds{250},
                            .body_timeout = milliseconds{250},
                            .idle_timeout = milliseconds{250},
                            .write_timeout = milliseconds{250}}}};
    raw_client c{e.port()};
    REQUIRE(c.send(get("/later")));
    std::this_thread::sleep_for(milliseconds{1100});
    e.on_reactor([&] { e.resume_one(); });
    CHECK(c.receive().body == "later");
    CHECK(e.probe().idle_timeouts.value() == 0);
    // From its answer on it is.
    const stopwatch w;
    CHECK(c.at_end());
    CHECK(w.elapsed() < milliseconds{250} + slack);
}

TEST_CASE("edge: a body that takes too long") {
    live_edge e{{.limits = {.body_timeout = milliseconds{300}, .body_bytes_per_second = 0}}};
    for (const bool chunked : {false, true}) {
        CAPTURE(chunked);
        raw_client c{e.port()};
        const stopwatch w;
        REQUIRE(c.send(chunked ? post_chunked("/echo", "5\r\nhe") : post("/echo", "hello").substr(0, 53)));
        const reply r = c.receive();
        CHECK(r.status == 408);
        CHECK(r.closes());
        CHECK(c.at_end());
        CHECK(w.elapsed() >= milliseconds{300});
        CHECK(w.elapsed() < milliseconds{300} + slack);
    }
    CHECK(e.probe().body_timeouts.value() == 2);
    CHECK(e.held() == 0);
}

TEST_CASE("edge: a body slower than the minimum rate is refused, one that keeps it is not") {
    live_edge e{{.limits = {.body_grace = milliseconds{250}, .body_bytes_per_second = 10}}};
    raw_client slow{e.port()}, steady{e.port()};
    const stopwatch w;
    REQUIRE(slow.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 60\r\n\r\nx"));
    REQUIRE(steady.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 60\r\n\r\n"));
    std::thread sender([&] {
        for (int i = 0; i < 12; ++i) {
            steady.send("01234"); // 50 a second
            std::this_thread::sleep_for(milliseconds{100});
        }
    });
    CHECK(slow.receive().status == 408);
    CHECK(w.elapsed() >= milliseconds{300});
    CHECK(w.elapsed() < milliseconds{300} + slack);
    CHECK(steady.receive().status == 200);
    sender.join();
    CHECK(e.probe().body_timeouts.value() == 1);
}

TEST_CASE("edge: a client that does not read its answer is let go") {
    live_edge e{{.limits = {.write_timeout = milliseconds{400}}}};
    e.state.large = std::string(32 * 1024 * 1024, 'L');
    raw_client c{e.port(), nullptr, 4096};
    const stopwatch w;
    REQUIRE(c.send(get("/large")));
    CHECK(eventually([&] { return e.open() == 0; }));
    CHECK(w.elapsed() >= milliseconds{400});
    CHECK(w.elapsed() < milliseconds{400} + slack);
    CHECK(e.probe().write_timeouts.value() == 1);
    CHECK(c.receive().status == 0);
}

TEST_CASE("edge: a client that reads slowly gets all of its answer") {
    live_edge e{{.limits = {.idle_timeout = milliseconds{750}, .write_timeout = milliseconds{750}}}};
    e.state.large.resize(8 * 1024 * 1024);
    for (std::size_t i = 0; i < e.state.large.size(); ++i)
        e.state.large[i] = static_cast<char>('a' + i / 7 % 26);
    raw_client c{e.port(), nullptr, 65536};
    REQUIRE(c.send(get("/large") + get("/now")));
    const stopwatch w;
    // Longer in all than any time-out, never without progress for as long.
    std::string got;
    while (w.elapsed() < milliseconds{2000}) {
        got += c.receive_some();
        std::this_thread::sleep_for(milliseconds{60});
    }
    CHECK(got.size() < e.state.large.size());
    while (got.size() < e.state.large.size() || !got.ends_with("now")) {
        const std::string s = c.receive_some();
        REQUIRE_FALSE(s.empty());
        got += s;
    }
    const auto body = got.find("\r\n\r\n") + 4;
    CHECK(got.compare(body, e.state.large.size(), e.state.large) == 0);
    CHECK(e.probe().write_timeouts.value() == 0);
}

TEST_CASE("edge: connections in all, at and above the limit") {
    live_edge e{{.admission = {.connections = 2, .connections_per_address = 10}}};
    auto a = std::make_unique<raw_client>(e.port());
    raw_client b{e.port()};
    REQUIRE(a->send(get("/now")));
    CHECK(a->receive().status == 200);
    REQUIRE(b.send(get("/now")));
    CHECK(b.receive().status == 200);
    raw_client refused{e.port()};
    const reply r = refused.receive();
    CHECK(r.status == 503);
    CHECK(r.field("retry-after") == "1");
    CHECK(r.closes());
    CHECK(refused.at_end());
    CHECK(e.probe().connections_refused.value() == 1);
    a.reset();
    CHECK(eventually([&] { return e.places() == 1; }));
    raw_client again{e.port()};
    REQUIRE(again.send(get("/now")));
    CHECK(again.receive().status == 200);
}

TEST_CASE("edge: connections of one address, at and above the limit") {
    live_edge e{{.admission = {.connections = 10, .connections_per_address = 1}}};
    raw_client a{e.port(), "127.0.0.2"};
    REQUIRE(a.send(get("/now")));
    CHECK(a.receive().status == 200);
    raw_client same{e.port(), "127.0.0.2"};
    CHECK(same.receive().status == 503);
    raw_client other{e.port(), "127.0.0.3"};
    REQUIRE(other.send(get("/now")));
    CHECK(other.receive().status == 200);
}

TEST_CASE("edge: memory for bodies and heads is bounded, and its end is a 503") {
    live_edge e{{.memory = 64 * 1024}};
    raw_client holder{e.port()};
    // The first holds most of it: 32 KiB of body.
    e.send_piece(holder, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 30000\r\n\r\n" +
                             std::string(20'000, 'x'));
    CHECK(e.held() > 16 * 1024);
    {
        raw_client c{e.port()};
        e.send_piece(c, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n");
        std::thread sender([&] { c.send(std::string(60'000, 'y')); });
        const reply r = c.receive();
        sender.join();
        CHECK(r.status == 503);
        CHECK(r.closes());
        CHECK(c.at_end());
    }
    {
        raw_client c{e.port()};
        std::thread sender(
            [&] { c.send(post_chunked("/echo", "ffff\r\n" + std::string(65'535, 'y') + "\r\n0\r\n\r\n")); });
        CHECK(c.receive().status == 503);
        sender.join();
    }
    REQUIRE(holder.send(std::string(10'000, 'x')));
    CHECK(holder.receive().status == 200);
    // What is small enough to be handled where it was read needs none.
    raw_client c{e.port()};
    REQUIRE(c.send(post("/echo", std::string(30'000, 'z'))));
    CHECK(c.receive().status == 200);
    CHECK(eventually([&] { return e.held() == 0; }));
}

TEST_CASE("edge: without any memory for half a head: a 503") {
    live_edge e{{.memory = 0}};
    raw_client c{e.port()};
    REQUIRE(c.send("GET /now HT"));
    CHECK(c.receive().status == 503);
    CHECK(c.at_end());
    raw_client body{e.port()};
    REQUIRE(body.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n"));
    CHECK(body.receive().status == 503);
    raw_client whole{e.port()};
    REQUIRE(whole.send(post("/echo", "abc")));
    CHECK(whole.receive().body == "abc");
}

TEST_CASE("edge: memory is given back as soon as it was used") {
    live_edge e;
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int i = 0; i < 50; ++i) {
        clients.push_back(std::make_unique<raw_client>(e.port()));
        raw_client& c = *clients.back();
        e.send_piece(c, i % 2 == 0 ? post("/echo", "hello").substr(0, 53)
                                   : std::string{"POST /echo HTTP/1.1\r\nHo"});
    }
    CHECK(e.held() >= 50 * http::buffer_pool::smallest);
    for (int i = 0; i < 50; ++i) {
        raw_client& c = *clients[static_cast<std::size_t>(i)];
        REQUIRE(c.send(i % 2 == 0 ? post("/echo", "hello").substr(53) : post("/echo", "hello").substr(23)));
        CHECK(c.receive().body == "hello");
    }
    CHECK(e.open() == 50);
    CHECK(e.held() == 0);
}

TEST_CASE("edge: a client that never stops does not hold up the others") {
    live_edge e;
    constexpr int greedy_requests = 4000;
    raw_client greedy{e.port()}, modest{e.port()};
    std::string all;
    for (int i = 0; i < greedy_requests; ++i) all += get("/mark/greedy");
    // The reactor is held until both have sent.
    std::latch ready{1}, held{1};
    e.post([&] {
        held.count_down();
        ready.wait();
    });
    held.wait();
    std::thread sender([&] { CHECK(greedy.send(all)); });
    std::this_thread::sleep_for(milliseconds{50});
    REQUIRE(modest.send(get("/mark/modest")));
    ready.count_down();
    CHECK(modest.receive().status == 200);
    int answers = 0;
    while (answers < greedy_requests && greedy.receive().status == 200) ++answers;
    sender.join();
    CHECK(answers == greedy_requests);
    e.on_reactor([&] {
        const auto& order = e.state.order;
        const auto at = std::find(order.begin(), order.end(), "modest") - order.begin();
        CHECK(at < greedy_requests * 2 / 3);
    });
}

TEST_CASE("edge: a connection that is closed while it waits for its next turn") {
    live_edge e;
    std::string all;
    for (int i = 0; i < 4000; ++i) all += get("/mark/x");
    for (int i = 0; i < 20; ++i) {
        raw_client c{e.port()};
        std::thread sender([&] { c.send(all); });
        c.receive();
        e.on_reactor([&] { e.edge().close_all(); });
        sender.join();
    }
    CHECK(e.open() == 0);
}
