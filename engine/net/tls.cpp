#include "engine/net/tls.hpp"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <array>
#include <string_view>

namespace mira::net {
namespace {

constexpr const char* tls12_suites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* groups = "X25519:P-256:P-384";
// Name, HMAC key and AES key of RFC 5077 tickets, as OpenSSL wants them.
using ticket_keys = std::array<unsigned char, 80>;

std::string openssl_reason() {
    const unsigned long code = ERR_get_error();
    std::array<char, 256> text{};
    ERR_error_string_n(code, text.data(), text.size());
    ERR_clear_error();
    return text.data();
}

// RFC 7301 section 3.2: we speak http/1.1 only; a client that names protocols and not this one is refused, so
// that nobody can make a browser speak another protocol to us (the ALPACA attack).
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned in_size, void*) {
    static constexpr std::string_view ours = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                              static_cast<unsigned>(ours.size()), in, in_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

bool configure(SSL_CTX* c, const tls_settings& s, ticket_keys& tickets, std::string& why) {
    SSL_CTX_set_min_proto_version(c, s.tls13_only ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Moving buffers: a retried write may come from another copy of the same bytes. Released buffers: an idle
    // connection holds none. Read-ahead: one recv a record instead of two.
    SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(c, 1);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(c, select_protocol, nullptr);
    static constexpr unsigned char session_scope[] = "mira";
    SSL_CTX_set_session_id_context(c, session_scope, sizeof session_scope - 1);
    if (SSL_CTX_set_cipher_list(c, tls12_suites) != 1 || SSL_CTX_set1_groups_list(c, groups) != 1 ||
        SSL_CTX_set_tlsext_ticket_keys(c, tickets.data(), tickets.size()) != 1) {
        why = "TLS settings: " + openssl_reason();
        return false;
    }
    // Without this OpenSSL would ask the terminal for the password of an encrypted key.
    SSL_CTX_set_default_passwd_cb(c, [](char*, int, int, void*) { return -1; });
    if (SSL_CTX_use_certificate_chain_file(c, s.certificate.c_str()) != 1) {
        why = "certificate " + s.certificate + ": " + openssl_reason();
        return false;
    }
    if (SSL_CTX_use_PrivateKey_file(c, s.key.c_str(), SSL_FILETYPE_PEM) != 1) {
        why = "key " + s.key + ": " + openssl_reason();
        return false;
    }
    if (SSL_CTX_check_private_key(c) != 1) {
        why = "key " + s.key + " does not belong to certificate " + s.certificate;
        return false;
    }
    return true;
}

} // namespace

tls_context::~tls_context() { SSL_CTX_free(context_); }

std::vector<std::shared_ptr<tls_context>> tls_context::make(const tls_settings& s, std::size_t count,
                                                            std::string& why) {
    ERR_clear_error();
    ticket_keys tickets{};
    if (RAND_bytes(tickets.data(), tickets.size()) != 1) {
        why = "no random numbers: " + openssl_reason();
        return {};
    }
    std::vector<std::shared_ptr<tls_context>> all;
    for (std::size_t i = 0; i < count; ++i) {
        SSL_CTX* const c = SSL_CTX_new(TLS_server_method());
        if (c == nullptr) {
            why = openssl_reason();
            return {};
        }
        all.push_back(std::shared_ptr<tls_context>{new tls_context{c}});
        if (!configure(c, s, tickets, why)) return {};
    }
    return all;
}

std::unique_ptr<tls_session> tls_session::make(std::shared_ptr<tls_context> context, int fd) {
    SSL* const s = SSL_new(context->native());
    if (s == nullptr) return nullptr;
    if (SSL_set_fd(s, fd) != 1) {
        SSL_free(s);
        return nullptr;
    }
    SSL_set_accept_state(s);
    return std::unique_ptr<tls_session>{new tls_session{std::move(context), s}};
}

tls_session::~tls_session() { SSL_free(ssl_); }

io_status tls_session::status_of(int result) {
    const int e = SSL_get_error(ssl_, result);
    if (e == SSL_ERROR_WANT_READ) return io_status::want_read;
    if (e == SSL_ERROR_WANT_WRITE) return io_status::want_write;
    ERR_clear_error();
    return e == SSL_ERROR_ZERO_RETURN ? io_status::closed : io_status::failed;
}

// SSL_get_error() looks at the thread's error queue first: what other code left there must not be taken for a
// failure of this connection. Hence ERR_clear_error() before each call.
io_status tls_session::handshake() {
    ERR_clear_error();
    const int r = SSL_do_handshake(ssl_);
    return r == 1 ? io_status::done : status_of(r);
}

io_status tls_session::read(char* p, std::size_t size, std::size_t& n) {
    ERR_clear_error();
    const int r = SSL_read_ex(ssl_, p, size, &n);
    return r == 1 ? io_status::done : status_of(r);
}

io_status tls_session::write(const char* p, std::size_t size, std::size_t& n) {
    ERR_clear_error();
    const int r = SSL_write_ex(ssl_, p, size, &n);
    return r == 1 ? io_status::done : status_of(r);
}

void tls_session::close() {
    if (SSL_is_init_finished(ssl_) != 0) SSL_shutdown(ssl_);
    ERR_clear_error();
}

} // namespace mira::net
