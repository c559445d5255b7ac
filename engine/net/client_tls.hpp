#pragma once
// TLS of outbound connections: 1.2 or newer, the server's certificate checked up to a root that is trusted
// and against the host that was meant. The roots are read once, at the start, so that no connection waits for
// a file. No revocation lists are asked.
//
// Immutable once made; one reactor uses it.
#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>
#include <string_view>

struct ssl_st;

namespace mira::net {

class client_tls {
  public:
    // roots: a PEM file; empty: the system's. Null, with a sentence in why, where there are none.
    static std::unique_ptr<client_tls> make(const std::string& roots, std::string& why);
    // Where the system keeps its roots: SSL_CERT_FILE, else the first known file that exists; empty where
    // there is none.
    static std::string system_roots();

    boost::asio::ssl::context& context() { return context_; }
    // Before the handshake: asks for the host by name (SNI; not for a bare address) and lets only its
    // certificate pass. host: without brackets or port. False where OpenSSL is out of memory.
    static bool expect(ssl_st* connection, const std::string& host);

  private:
    client_tls();
    boost::asio::ssl::context context_;
};

} // namespace mira::net
