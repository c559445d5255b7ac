#include "engine/net/client_tls.hpp"

#include "engine/net/address.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdlib>
#include <unistd.h>

namespace mira::net {

client_tls::client_tls() : context_{boost::asio::ssl::context::tls_client} {}

std::string client_tls::system_roots() {
    if (const char* named = std::getenv("SSL_CERT_FILE"); named != nullptr && *named != '\0') return named;
    for (const char* file : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                             "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"})
        if (::access(file, R_OK) == 0) return file;
    return {};
}

std::unique_ptr<client_tls> client_tls::make(const std::string& roots, std::string& why) {
    const std::string file = roots.empty() ? system_roots() : roots;
    if (file.empty()) {
        why = "this system has no root certificates; install ca-certificates, or name a PEM file";
        return nullptr;
    }
    ERR_clear_error();
    std::unique_ptr<client_tls> made{new client_tls};
    SSL_CTX* const c = made->context_.native_handle();
    SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
    SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    static constexpr unsigned char protocol[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(c, protocol, sizeof protocol - 1);
    if (SSL_CTX_load_verify_file(c, file.c_str()) != 1) {
        std::array<char, 256> text{};
        ERR_error_string_n(ERR_get_error(), text.data(), text.size());
        ERR_clear_error();
        why = "root certificates " + file + ": " + text.data();
        return nullptr;
    }
    return made;
}

bool client_tls::expect(ssl_st* connection, const std::string& host) {
    X509_VERIFY_PARAM* const rules = SSL_get0_param(connection);
    if (address::parse(host)) return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size()) == 1 &&
           SSL_set_tlsext_host_name(connection, host.c_str()) == 1;
}

} // namespace mira::net
