#include "engine/net/tls.hpp"
#include "tests/unit/engine/net/test_certificate.hpp"

#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <fstream>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

using namespace mira::net;
using mira::testing::test_certificate;

TEST_CASE("tls: a context for each reactor, from one pair of files") {
    const test_certificate files{"a.example"};
    std::string why;
    const auto contexts =
        tls_context::make({.certificate = files.certificate(), .key = files.private_key()}, 3, why);
    CHECK(why.empty());
    REQUIRE(contexts.size() == 3);
    CHECK(contexts[0]->native() != contexts[1]->native());
    // The same ticket keys, so that a client may resume on any of them.
    std::array<std::array<unsigned char, 80>, 2> keys{};
    for (std::size_t i = 0; i < 2; ++i)
        REQUIRE(SSL_CTX_get_tlsext_ticket_keys(contexts[i]->native(), keys[i].data(), 80) == 1);
    CHECK(keys[0] == keys[1]);
    CHECK(keys[0] != std::array<unsigned char, 80>{});
}

TEST_CASE("tls: what does not fit is said, with the file's name") {
    const test_certificate files{"a.example"}, others{"b.example"}, locked{"c.example", "secret"};
    const auto why_not = [](const tls_settings& s) {
        std::string why;
        CHECK(tls_context::make(s, 2, why).empty());
        CHECK(ERR_peek_error() == 0);
        return why;
    };
    CHECK(why_not({.certificate = "/none.pem", .key = files.private_key()}).find("/none.pem") !=
          std::string::npos);
    CHECK(why_not({.certificate = files.certificate(), .key = "/none.pem"}).find("/none.pem") !=
          std::string::npos);
    CHECK(why_not({.certificate = files.certificate(), .key = others.private_key()})
              .find(others.private_key()) != std::string::npos);
    CHECK(
        why_not({.certificate = files.private_key(), .key = files.private_key()}).find(files.private_key()) !=
        std::string::npos);
    // Asks nobody for a password.
    CHECK(why_not({.certificate = locked.certificate(), .key = locked.private_key()})
              .find(locked.private_key()) != std::string::npos);
    const std::string broken = files.certificate() + ".broken";
    std::ofstream{broken} << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    CHECK(why_not({.certificate = broken, .key = files.private_key()}).find(broken) != std::string::npos);
}

namespace {

// A server session and an OpenSSL client over a socket pair, driven in turns.
struct pair {
    explicit pair(const tls_settings& s) {
        std::string why;
        const auto contexts = tls_context::make(s, 1, why);
        REQUIRE(contexts.size() == 1);
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
        server = tls_session::make(contexts[0], ends[0]);
        context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE);
        client = SSL_new(context);
        SSL_set_fd(client, ends[1]);
    }
    ~pair() {
        SSL_free(client);
        SSL_CTX_free(context);
        server.reset();
        ::close(ends[0]);
        ::close(ends[1]);
    }
    bool shake_hands() {
        for (int i = 0; i < 10; ++i) {
            const int c = SSL_connect(client);
            const io_status s = server->handshake();
            if (c == 1 && s == io_status::done) return true;
            if (s == io_status::failed || s == io_status::closed) return false;
        }
        return false;
    }
    std::array<int, 2> ends{};
    std::unique_ptr<tls_session> server;
    SSL_CTX* context = nullptr;
    SSL* client = nullptr;
};

void leave_an_error_behind() { ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR); }

} // namespace

TEST_CASE("tls: what other code left in OpenSSL's error queue concerns no connection") {
    const test_certificate files{"a.example"};
    pair p{{.certificate = files.certificate(), .key = files.private_key()}};
    leave_an_error_behind();
    CHECK(p.server->handshake() == io_status::want_read);
    REQUIRE(p.shake_hands());
    std::array<char, 64> buffer{};
    std::size_t n = 0;
    leave_an_error_behind();
    CHECK(p.server->read(buffer.data(), buffer.size(), n) == io_status::want_read);
    const std::string much(1 << 20, 'x');
    io_status s = io_status::done;
    while (s == io_status::done) {
        leave_an_error_behind();
        s = p.server->write(much.data(), much.size(), n);
    }
    CHECK(s == io_status::want_write);
    ERR_clear_error();
}

TEST_CASE("tls: reading ends with the peer's close_notify, and with an end without one") {
    const test_certificate files{"a.example"};
    std::array<char, 64> buffer{};
    std::size_t n = 0;
    for (const bool politely : {true, false}) {
        pair p{{.certificate = files.certificate(), .key = files.private_key()}};
        REQUIRE(p.shake_hands());
        CHECK(SSL_write(p.client, "hello", 5) == 5);
        CHECK(p.server->read(buffer.data(), buffer.size(), n) == io_status::done);
        CHECK(std::string_view{buffer.data(), n} == "hello");
        if (politely)
            SSL_shutdown(p.client);
        else
            ::shutdown(p.ends[1], SHUT_WR);
        CHECK(p.server->read(buffer.data(), buffer.size(), n) == io_status::closed);
    }
}

TEST_CASE("tls: versions and suites of the intermediate profile only") {
    const test_certificate files{"a.example"};
    const auto negotiated = [&](int version, const char* suites, bool only13 = false) {
        pair p{{.certificate = files.certificate(), .key = files.private_key(), .tls13_only = only13}};
        SSL_set_min_proto_version(p.client, version);
        SSL_set_max_proto_version(p.client, version);
        SSL_set_cipher_list(p.client, suites);
        return p.shake_hands() ? std::string{SSL_get_version(p.client)} + " " + SSL_get_cipher_name(p.client)
                               : "none";
    };
    CHECK(negotiated(TLS1_3_VERSION, "DEFAULT").starts_with("TLSv1.3 "));
    CHECK(negotiated(TLS1_2_VERSION, "DEFAULT").starts_with("TLSv1.2 ECDHE-ECDSA-"));
    CHECK(negotiated(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256") ==
          "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256");
    CHECK(negotiated(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256") == "none"); // CBC
    CHECK(negotiated(TLS1_2_VERSION, "AES128-GCM-SHA256") == "none");         // no forward secrecy
    CHECK(negotiated(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-CCM") == "none");
    CHECK(negotiated(TLS1_1_VERSION, "DEFAULT:@SECLEVEL=0") == "none");
    CHECK(negotiated(TLS1_VERSION, "DEFAULT:@SECLEVEL=0") == "none");
    CHECK(negotiated(TLS1_3_VERSION, "DEFAULT", true).starts_with("TLSv1.3 "));
    CHECK(negotiated(TLS1_2_VERSION, "DEFAULT", true) == "none");
}

TEST_CASE("tls: the protocol is http/1.1, or none was named (RFC 7301)") {
    const test_certificate files{"a.example"};
    const auto selected = [&](std::string_view offered) {
        pair p{{.certificate = files.certificate(), .key = files.private_key()}};
        if (!offered.empty())
            SSL_set_alpn_protos(p.client, reinterpret_cast<const unsigned char*>(offered.data()),
                                static_cast<unsigned>(offered.size()));
        if (!p.shake_hands()) return std::string{"refused"};
        const unsigned char* name = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(p.client, &name, &size);
        return std::string{reinterpret_cast<const char*>(name), size};
    };
    CHECK(selected("\x08http/1.1") == "http/1.1");
    CHECK(selected("\x02h2\x08http/1.1") == "http/1.1");
    CHECK(selected("").empty());
    CHECK(selected("\x02h2") == "refused");
    CHECK(selected("\x04smtp") == "refused");
}

TEST_CASE("tls: no renegotiation, no compression") {
    const test_certificate files{"a.example"};
    pair p{{.certificate = files.certificate(), .key = files.private_key()}};
    SSL_set_max_proto_version(p.client, TLS1_2_VERSION);
    REQUIRE(p.shake_hands());
    CHECK(SSL_get_current_compression(p.client) == nullptr);
    std::array<char, 64> buffer{};
    std::size_t n = 0;
    SSL_renegotiate(p.client);
    SSL_do_handshake(p.client);
    p.server->read(buffer.data(), buffer.size(), n);
    CHECK(SSL_do_handshake(p.client) != 1);
    CHECK(SSL_get_error(p.client, -1) == SSL_ERROR_SSL);
    ERR_clear_error();
}
