#pragma once
// TLS 1.2 and 1.3 for accepted connections, on OpenSSL over non-blocking sockets. Cipher suites, groups and
// options follow Mozilla's intermediate profile (guideline 5.7): ECDHE with AEAD only, no renegotiation, no
// compression.
//
// A tls_context is immutable; a reload makes a new one and new connections use it while old ones keep theirs.
// There is one per reactor (OpenSSL's reference counts are shared between threads otherwise) with the same
// session ticket keys, so that a client may resume on any of them.
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace mira::net {

struct tls_settings {
    std::string certificate; // PEM file: the certificate and its chain
    std::string key;         // PEM file
    bool tls13_only = false;
};

class tls_context {
  public:
    ~tls_context();
    tls_context(const tls_context&) = delete;
    tls_context& operator=(const tls_context&) = delete;

    // Reads the files once and makes count contexts; empty, with a sentence in why, where they do not fit.
    static std::vector<std::shared_ptr<tls_context>> make(const tls_settings& s, std::size_t count,
                                                          std::string& why);

    ssl_ctx_st* native() const { return context_; }

  private:
    explicit tls_context(ssl_ctx_st* c) : context_{c} {}
    ssl_ctx_st* context_;
};

enum class io_status { done, want_read, want_write, closed, failed };

// One connection's TLS state over a descriptor that the connection owns.
class tls_session {
  public:
    // Null where OpenSSL is out of memory.
    static std::unique_ptr<tls_session> make(std::shared_ptr<tls_context> context, int fd);
    ~tls_session();

    io_status handshake();
    // On done, n is what was read or written (at least 1).
    io_status read(char* p, std::size_t size, std::size_t& n);
    io_status write(const char* p, std::size_t size, std::size_t& n);
    // Sends close_notify, without waiting for the peer's.
    void close();

  private:
    tls_session(std::shared_ptr<tls_context> c, ssl_st* s) : context_{std::move(c)}, ssl_{s} {}
    io_status status_of(int result);

    std::shared_ptr<tls_context> context_;
    ssl_st* ssl_;
};

} // namespace mira::net
