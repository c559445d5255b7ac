#include "tests/unit/engine/http/live_edge.hpp"

using namespace mira;
using namespace mira::testing;

namespace {

std::string chunked(std::string_view verb_and_path, std::string_view chunks) {
    return std::string{verb_and_path} + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
           std::string{chunks};
}

} // namespace

TEST_CASE("edge: what no route takes is answered behind its body, and the connection goes on") {
    live_edge e;
    raw_client c{e.port()};
    const auto ask = [&](const std::string& request) {
        REQUIRE(c.send(request));
        return c.receive();
    };
    CHECK(ask(post("/nowhere", "hello")).status == 404);
    const reply wrong = ask(post("/large", "hello"));
    CHECK(wrong.status == 405);
    CHECK(wrong.field("allow") == "GET, HEAD, OPTIONS");
    CHECK(ask(chunked("POST /nowhere", "5\r\nhello\r\n0\r\n\r\n")).status == 404);
    CHECK(ask(chunked("POST /large", "5\r\nhello\r\n0\r\nX-Trailer: t\r\n\r\n")).status == 405);
    // In pieces, with another's request in between.
    const std::string slow = post("/large", "hello");
    e.send_piece(c, slow.substr(0, slow.size() - 3));
    raw_client other{e.port()};
    REQUIRE(other.send(get("/now")));
    CHECK(other.receive().body == "now");
    CHECK(ask(slow.substr(slow.size() - 3)).field("allow") == "GET, HEAD, OPTIONS");
    CHECK(ask(post("/nowhere", "hello") + get("/now")).status == 404);
    CHECK(c.receive().body == "now");
    CHECK(e.probe().connections_accepted.value() == 2);
    CHECK(eventually([&] { return e.held() == 0; }));
}

TEST_CASE("edge: a malformed body is refused wherever it wanted to go") {
    live_edge e;
    for (const char* path : {"POST /echo", "POST /large", "POST /nowhere"}) {
        CAPTURE(path);
        raw_client c{e.port()};
        REQUIRE(c.send(chunked(path, "-5\r\nhello\r\n0\r\n\r\n") + get("/now")));
        const reply r = c.receive();
        CHECK(r.status == 400);
        CHECK(r.closes());
        CHECK(c.at_end());
    }
}

TEST_CASE("edge: so much of an unwanted body is read, and not a byte more") {
    live_edge e;
    constexpr std::size_t most = 64 * 1024;
    raw_client c{e.port()};
    for (const std::size_t size : {most - 1, most}) {
        REQUIRE(c.send(post("/nowhere", std::string(size, 'x'))));
        const reply r = c.receive();
        CHECK(r.status == 404);
        CHECK_FALSE(r.closes());
    }
    REQUIRE(c.send(post("/nowhere", std::string(most + 1, 'x'))));
    reply r = c.receive();
    CHECK(r.status == 404);
    CHECK(r.closes());

    raw_client pieces{e.port()};
    REQUIRE(pieces.send(chunked("POST /nowhere", "10001\r\n" + std::string(most + 1, 'x'))));
    r = pieces.receive();
    CHECK(r.status == 413);
    CHECK(r.closes());
}

TEST_CASE("edge: who asks first is told at once that nobody takes it") {
    live_edge e;
    raw_client c{e.port()};
    REQUIRE(c.send("POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
    const reply r = c.receive();
    CHECK(r.status == 404);
    CHECK(r.closes());
}

TEST_CASE("edge: many that are ready at once: whole, larger than what is read ahead, in pieces, gone") {
    live_edge e;
    constexpr std::size_t slot = 16 * 1024; // what is read ahead of one
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int i = 0; i < 50; ++i) clients.push_back(std::make_unique<raw_client>(e.port()));
    CHECK(eventually([&] { return e.probe().connections_accepted.value() == 50; }));
    const auto body_of = [&](int i) {
        const std::size_t head = post("/echo", std::string(10'000, 'x')).size() - 10'000;
        const std::size_t sizes[] = {3, slot - head - 1, slot - head, slot - head + 1, 40'000};
        return std::string(sizes[i % 5], static_cast<char>('a' + i % 26));
    };
    for (int round = 0; round < 3; ++round) {
        // While the reactor is busy with this, all of them become ready.
        e.on_reactor([&] {
            for (int i = 0; i < 50; ++i) {
                const std::string request = post("/echo", body_of(i));
                clients[static_cast<std::size_t>(i)]->send(i % 7 == 0 ? request.substr(0, request.size() - 2)
                                                                      : request);
                if (i % 10 == 8 && i % 7 != 0 && round == 2)
                    clients[static_cast<std::size_t>(i)]->end_output();
            }
        });
        for (int i = 0; i < 50; i += 7)
            REQUIRE(clients[static_cast<std::size_t>(i)]->send(body_of(i).substr(0, 2)));
        for (int i = 0; i < 50; ++i) {
            CAPTURE(i);
            const reply r = clients[static_cast<std::size_t>(i)]->receive();
            CHECK(r.status == 200);
            CHECK(r.body == body_of(i));
        }
    }
    e.on_reactor([&] {
        for (auto& c : clients) c->close();
    });
    CHECK(eventually([&] { return e.probe().connections_closed.value() == 50; }));
    CHECK(e.held() == 0);
}
