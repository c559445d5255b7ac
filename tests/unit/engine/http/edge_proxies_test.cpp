#include "tests/unit/engine/http/live_edge.hpp"

using namespace mira;
using namespace mira::testing;
using namespace std::string_literals;
using http::forwarding;

namespace {

http::trust trusting(std::string_view network, forwarding by, std::uint32_t hops = 1) {
    return {.proxies = {*net::network::parse(network)}, .by = by, .hops = hops};
}

// The client as /who tells it.
std::string client_of(live_edge& e, std::string_view fields, std::string_view before = "") {
    raw_client c{e.port()};
    REQUIRE(c.send(std::string{before} + get("/who", fields)));
    const reply r = c.receive();
    return r.status == 200 ? r.body.substr(0, r.body.find(' ')) : std::to_string(r.status);
}

const std::string v2_header = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C"s +
                              "\xC0\x00\x02\x09\xC6\x33\x64\x07\x12\x67\x01\xBB"s; // from 192.0.2.9

} // namespace

TEST_CASE("edge: who a request comes from, without proxies") {
    live_edge e;
    raw_client c{e.port()};
    REQUIRE(c.send(get("/who", "X-Request-Id: r\r\n")));
    CHECK(c.receive().body == "127.0.0.1 plain r " + std::to_string(e.port()));
    CHECK(client_of(e, "X-Forwarded-For: 192.0.2.1\r\n") == "127.0.0.1");
    CHECK(client_of(e, "Forwarded: for=192.0.2.1\r\n") == "127.0.0.1");
}

TEST_CASE("edge: X-Forwarded-For is believed from trusted proxies only") {
    SUBCASE("trusted, one hop") {
        live_edge e{{.trust = trusting("127.0.0.0/8", forwarding::x_forwarded_for)}};
        CHECK(client_of(e, "X-Forwarded-For: 203.0.113.9, 192.0.2.1\r\n") == "192.0.2.1");
        CHECK(client_of(e, "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 192.0.2.1\r\n") == "192.0.2.1");
        CHECK(client_of(e, "X-Forwarded-For: [2001:db8::1]:80\r\n") == "2001:db8::1");
        CHECK(client_of(e, "") == "127.0.0.1");
        CHECK(client_of(e, "X-Forwarded-For: garbage\r\n") == "127.0.0.1");
        CHECK(client_of(e, "X-Forwarded-For: \"\r\nX-Forwarded-For: 192.0.2.1\r\n") == "192.0.2.1");
        CHECK(client_of(e, "X-Forwarded-For: \", 192.0.2.1\r\n") == "192.0.2.1");
        CHECK(client_of(e, "Forwarded: for=192.0.2.1\r\n") == "127.0.0.1"); // the other header
        CHECK(client_of(e, "X_Forwarded_For: 192.0.2.1\r\n") == "400");
        CHECK(client_of(e, "", "PROXY TCP4 192.0.2.9 192.0.2.8 1 2\r\n") == "400");
    }
    SUBCASE("trusted, two hops over several lines") {
        live_edge e{{.trust = trusting("127.0.0.1", forwarding::x_forwarded_for, 2)}};
        CHECK(client_of(e, "X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.0.0.1\r\n") == "192.0.2.1");
        CHECK(client_of(e, "X-Forwarded-For: 203.0.113.9, 192.0.2.1\r\nX-Forwarded-For: 10.0.0.1\r\n") ==
              "192.0.2.1");
        CHECK(client_of(e, "X-Forwarded-For: 192.0.2.1\r\nA: b\r\nx-forwarded-for: 10.0.0.1\r\n") ==
              "192.0.2.1");
        CHECK(client_of(e, "X-Forwarded-For: 192.0.2.1\r\n") == "127.0.0.1"); // fewer than there are hops
    }
    SUBCASE("not trusted") {
        live_edge e{{.trust = trusting("10.0.0.0/8", forwarding::x_forwarded_for)}};
        CHECK(client_of(e, "X-Forwarded-For: 192.0.2.1\r\n") == "127.0.0.1");
    }
}

TEST_CASE("edge: Forwarded is believed from trusted proxies only") {
    live_edge e{{.trust = trusting("127.0.0.0/8", forwarding::forwarded)}};
    CHECK(client_of(e, "Forwarded: for=203.0.113.9, for=\"[2001:db8::1]:4711\";proto=https\r\n") ==
          "2001:db8::1");
    CHECK(client_of(e, "Forwarded: for=\"x\r\nForwarded: for=192.0.2.1\r\n") == "192.0.2.1");
    CHECK(client_of(e, "X-Forwarded-For: 192.0.2.1\r\n") == "127.0.0.1");
    live_edge stranger{{.trust = trusting("10.0.0.0/8", forwarding::forwarded)}};
    CHECK(client_of(stranger, "Forwarded: for=192.0.2.1\r\n") == "127.0.0.1");
}

TEST_CASE("edge: the PROXY protocol is mandatory from trusted peers") {
    live_edge e{{.trust = trusting("127.0.0.0/8", forwarding::proxy_protocol)}};
    CHECK(client_of(e, "", "PROXY TCP4 192.0.2.9 192.0.2.8 4711 80\r\n") == "192.0.2.9");
    CHECK(client_of(e, "", "PROXY TCP6 2001:db8::1 2001:db8::2 4711 80\r\n") == "2001:db8::1");
    CHECK(client_of(e, "", v2_header) == "192.0.2.9");
    CHECK(client_of(e, "", "PROXY UNKNOWN\r\n") == "127.0.0.1");
    CHECK(client_of(e, "X-Forwarded-For: 203.0.113.9\r\n", "PROXY TCP4 192.0.2.9 192.0.2.8 1 2\r\n") ==
          "192.0.2.9");
    CHECK(e.probe().handshake_failures.value() == 0);
    for (const std::string& start : {get("/who"), "PROXY TCP4 nonsense\r\n"s, "\x16\x03\x01\x02"s, "X"s}) {
        raw_client c{e.port()};
        REQUIRE(c.send(start));
        CHECK(c.at_end());
    }
    CHECK(e.probe().handshake_failures.value() == 4);
    // Once a connection, not once a request.
    raw_client c{e.port()};
    REQUIRE(c.send(v2_header + get("/who") + get("/who")));
    CHECK(c.receive().body.starts_with("192.0.2.9 "));
    CHECK(c.receive().body.starts_with("192.0.2.9 "));
    REQUIRE(c.send(v2_header));
    CHECK(c.receive().status == 400);
}

TEST_CASE("edge: a PROXY header in pieces, together with the request, and cut short") {
    live_edge e{{.limits = {.handshake_timeout = milliseconds{400}},
                 .trust = trusting("127.0.0.0/8", forwarding::proxy_protocol)}};
    for (const std::string& header : {"PROXY TCP4 192.0.2.9 192.0.2.8 4711 80\r\n"s, v2_header}) {
        raw_client c{e.port()};
        for (const char byte : header) {
            REQUIRE(c.send({&byte, 1}));
            std::this_thread::sleep_for(milliseconds{1});
        }
        REQUIRE(c.send(get("/who")));
        CHECK(c.receive().body.starts_with("192.0.2.9 "));

        raw_client half{e.port()};
        REQUIRE(half.send(header.substr(0, header.size() - 1)));
        half.end_output();
        CHECK(half.at_end());
        raw_client silent{e.port()};
        REQUIRE(silent.send(header.substr(0, 3)));
        CHECK(silent.at_end()); // by the time-out
    }
    CHECK(eventually([&] { return e.open() == 0; }));
    CHECK(e.probe().handshake_failures.value() == 4);
}

TEST_CASE("edge: the PROXY protocol is refused from others") {
    live_edge e{{.trust = trusting("10.0.0.0/8", forwarding::proxy_protocol)}};
    CHECK(client_of(e, "") == "127.0.0.1");
    CHECK(client_of(e, "", "PROXY TCP4 192.0.2.9 192.0.2.8 4711 80\r\n") == "400");
    CHECK(client_of(e, "", v2_header) == "400");
}

TEST_CASE("edge: a proxied connection counts once, for its client") {
    live_edge e{{.trust = trusting("127.0.0.0/8", forwarding::proxy_protocol),
                 .admission = {.connections = 3, .connections_per_address = 2}}};
    const auto connect = [&](std::string_view from) {
        auto c = std::make_unique<raw_client>(e.port());
        REQUIRE(c->send("PROXY TCP4 " + std::string{from} + " 192.0.2.8 1 2\r\n" + get("/who")));
        return std::pair{std::move(c), 0};
    };
    auto a = connect("192.0.2.1");
    CHECK(a.first->receive().status == 200);
    auto b = connect("192.0.2.1");
    CHECK(b.first->receive().status == 200);
    auto over = connect("192.0.2.1"); // the third of this client
    CHECK(over.first->at_end());
    auto c = connect("192.0.2.2"); // the third in all: at the limit
    CHECK(c.first->receive().status == 200);
    CHECK(e.places() == 3);
    CHECK(e.probe().connections_refused.value() == 1);
}
