#include "tests/unit/engine/http/live_edge.hpp"
#include "tests/unit/engine/net/test_certificate.hpp"

#include <openssl/x509.h>

using namespace mira;
using namespace mira::testing;

namespace {

std::shared_ptr<net::tls_context> context_for(const test_certificate& files) {
    std::string why;
    const auto all =
        net::tls_context::make({.certificate = files.certificate(), .key = files.private_key()}, 1, why);
    REQUIRE(all.size() == 1);
    return all[0];
}

const test_certificate& first_certificate() {
    static const test_certificate c{"first.example"};
    return c;
}

struct client_context {
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    explicit client_context(int version = 0) {
        SSL_CTX_set_min_proto_version(context, version);
        SSL_CTX_set_max_proto_version(context, version);
    }
    ~client_context() { SSL_CTX_free(context); }
};

std::string name_in_certificate(raw_client& c) {
    X509* const x = SSL_get1_peer_certificate(c.tls());
    std::array<char, 100> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name.data(), name.size());
    X509_free(x);
    return name.data();
}

} // namespace

TEST_CASE("edge: TLS 1.2 and 1.3, one request after another") {
    live_edge e{{.tls = context_for(first_certificate())}};
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        client_context context{version};
        raw_client c{e.port()};
        REQUIRE(c.shake_hands(context.context));
        for (int i = 0; i < 5; ++i) {
            REQUIRE(c.send(get("/now")));
            const reply r = c.receive();
            CHECK(r.status == 200);
            CHECK(r.field("strict-transport-security") == "max-age=63072000");
        }
        REQUIRE(c.send(get("/who", "X-Request-Id: r\r\n")));
        CHECK(c.receive().body == "127.0.0.1 secure r " + std::to_string(e.port()));
        CHECK(e.held() == 0);
    }
}

TEST_CASE("edge: TLS with a request in many records, and many requests in one") {
    live_edge e{{.tls = context_for(first_certificate())}};
    client_context context;
    raw_client c{e.port()};
    REQUIRE(c.shake_hands(context.context));
    for (const char byte : post("/echo", "hello")) REQUIRE(c.send({&byte, 1}));
    CHECK(c.receive().body == "hello");
    std::string all;
    for (int i = 0; i < 40; ++i) all += get("/item/n/" + std::to_string(i));
    REQUIRE(c.send(all));
    for (int i = 0; i < 40; ++i) CHECK(c.receive().body == "n|" + std::to_string(i) + "||");
    REQUIRE(c.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
    CHECK(c.receive().status == 100);
    REQUIRE(c.send("hello"));
    CHECK(c.receive().body == "hello");
}

TEST_CASE("edge: TLS with large bodies both ways") {
    live_edge e{{.tls = context_for(first_certificate())}};
    e.state.large.resize(4 * 1024 * 1024);
    for (std::size_t i = 0; i < e.state.large.size(); ++i)
        e.state.large[i] = static_cast<char>('a' + i / 11 % 26);
    client_context context;
    raw_client c{e.port(), nullptr, 16384};
    REQUIRE(c.shake_hands(context.context));
    const std::string body = e.state.large.substr(0, 1024 * 1024);
    REQUIRE(c.send(post("/echo", body)));
    CHECK((c.receive().body == body));
    std::string chunks;
    for (std::size_t at = 0; at < body.size(); at += 4096)
        chunks += "1000\r\n" + body.substr(at, 4096) + "\r\n";
    REQUIRE(c.send(post_chunked("/echo", chunks + "0\r\n\r\n")));
    CHECK((c.receive().body == body));
    REQUIRE(c.send(get("/large") + get("/now")));
    CHECK((c.receive().body == e.state.large));
    CHECK(c.receive().body == "now");
    CHECK(eventually([&] { return e.held() == 0; }));
}

TEST_CASE("edge: TLS, a suspended request and one whose client goes") {
    live_edge e{{.tls = context_for(first_certificate())}};
    client_context context;
    raw_client c{e.port()};
    REQUIRE(c.shake_hands(context.context));
    REQUIRE(c.send(get("/later") + get("/now")));
    CHECK(eventually([&] { return e.state.suspended == 1; }));
    e.on_reactor([&] { e.resume_one(); });
    CHECK(c.receive().body == "later");
    CHECK(c.receive().body == "now");
    REQUIRE(c.send(get("/later")));
    CHECK(eventually([&] { return e.state.suspended == 1; }));
    c.reset();
    CHECK(eventually([&] { return e.open() == 0; }));
    e.on_reactor([&] { e.resume_one(); });
    CHECK(e.probe().answers_dropped.value() == 1);
}

TEST_CASE("edge: TLS, a client that ended its output politely still gets its answer") {
    live_edge e{{.tls = context_for(first_certificate())}};
    client_context context;
    raw_client c{e.port()};
    REQUIRE(c.shake_hands(context.context));
    REQUIRE(c.send(get("/later")));
    CHECK(eventually([&] { return e.state.suspended == 1; }));
    SSL_shutdown(c.tls());
    std::this_thread::sleep_for(milliseconds{20});
    e.on_reactor([&] { e.resume_one(); });
    CHECK(c.receive().body == "later");
    CHECK(c.at_end());
}

TEST_CASE("edge: TLS 1.1, other protocols and plain text are refused in the handshake") {
    live_edge e{{.tls = context_for(first_certificate())}};
    {
        client_context old{TLS1_1_VERSION};
        SSL_CTX_set_cipher_list(old.context, "DEFAULT:@SECLEVEL=0");
        raw_client c{e.port()};
        CHECK_FALSE(c.shake_hands(old.context));
    }
    {
        raw_client c{e.port()};
        REQUIRE(c.send(get("/now")));
        CHECK(c.receive().status == 0);
    }
    {
        raw_client c{e.port()};
        c.end_output();
        CHECK(c.receive_all().empty());
    }
    CHECK(eventually([&] { return e.open() == 0; }));
    CHECK(e.probe().handshake_failures.value() == 3);
    CHECK(e.state.served == 0);
    ERR_clear_error();
}

TEST_CASE("edge: TLS, a handshake has its time") {
    live_edge e{
        {.limits = {.handshake_timeout = milliseconds{300}}, .tls = context_for(first_certificate())}};
    raw_client c{e.port()};
    REQUIRE(c.send("\x16\x03\x01"));
    CHECK(c.receive_all().empty());
    CHECK(e.probe().handshake_failures.value() == 1);
}

TEST_CASE("edge: TLS, a certificate that is replaced serves new connections and leaves old ones alone") {
    const test_certificate second{"second.example"};
    live_edge e{{.tls = context_for(first_certificate())}};
    client_context context;
    raw_client before{e.port()};
    REQUIRE(before.shake_hands(context.context));
    REQUIRE(before.send(get("/now")));
    CHECK(before.receive().status == 200);
    auto replacement = context_for(second);
    e.on_reactor([&] { e.edge().set_tls(std::move(replacement)); });
    raw_client after{e.port()};
    REQUIRE(after.shake_hands(context.context));
    CHECK(name_in_certificate(before) == "first.example");
    CHECK(name_in_certificate(after) == "second.example");
    for (raw_client* c : {&before, &after}) {
        REQUIRE(c->send(get("/now")));
        CHECK(c->receive().status == 200);
    }
}

TEST_CASE("edge: TLS behind the PROXY protocol") {
    http::trust trust{.proxies = {*net::network::parse("127.0.0.0/8")},
                      .by = http::forwarding::proxy_protocol};
    live_edge e{{.trust = trust, .tls = context_for(first_certificate())}};
    client_context context;
    raw_client c{e.port()};
    REQUIRE(c.send("PROXY TCP4 192.0.2.9 192.0.2.8 1 2\r\n"));
    REQUIRE(c.shake_hands(context.context));
    REQUIRE(c.send(get("/who")));
    CHECK(c.receive().body.starts_with("192.0.2.9 secure "));
    raw_client without{e.port()};
    CHECK_FALSE(without.shake_hands(context.context));
    ERR_clear_error();
}

TEST_CASE("edge: TLS, a refusal is seen by a client that goes on sending") {
    live_edge e{{.tls = context_for(first_certificate())}};
    client_context context;
    raw_client c{e.port()};
    REQUIRE(c.shake_hands(context.context));
    c.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n" + std::string(3'000'000, 'x'));
    const reply r = c.receive();
    CHECK(r.status == 413);
    CHECK(r.closes());
    ERR_clear_error();
}

TEST_CASE("edge: TLS, a slow reader that keeps sending does not live for ever") {
    live_edge e{{.limits = {.write_timeout = milliseconds{400}}, .tls = context_for(first_certificate())}};
    e.state.large = std::string(32 * 1024 * 1024, 'L');
    client_context context;
    raw_client c{e.port(), nullptr, 4096};
    REQUIRE(c.shake_hands(context.context));
    REQUIRE(c.send(get("/large")));
    // A byte now and then is an event, and an event is no progress.
    bool gone = false;
    for (int i = 0; i < 30 && !gone; ++i) {
        gone = !c.send("G");
        std::this_thread::sleep_for(milliseconds{100});
        gone = gone || e.open() == 0;
    }
    CHECK(gone);
    CHECK(e.probe().write_timeouts.value() == 1);
    ERR_clear_error();
}

TEST_CASE("edge: TLS, a 100 (Continue) that is under way is not taken back") {
    // The socket is full, so that the 100's record waits inside TLS; then the body comes and the answer with
    // it.
    live_edge e{{.tls = context_for(first_certificate())}};
    client_context context;
    for (const std::size_t size : {300'000U, 1'000'000U, 3'000'000U, 6'000'000U}) {
        e.on_reactor([&] { e.state.large = std::string(size, 'L'); });
        raw_client c{e.port(), nullptr, 4096};
        REQUIRE(c.shake_hands(context.context));
        REQUIRE(
            c.send(get("/large") +
                   "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
        std::this_thread::sleep_for(milliseconds{30});
        REQUIRE(c.send("hello"));
        CHECK(c.receive().body.size() == size);
        reply r = c.receive();
        if (r.status == 100) r = c.receive();
        CHECK(r.status == 200);
        CHECK(r.body == "hello");
    }
}
