#pragma once
// A client that says exactly what a test tells it to, byte for byte, over a blocking loopback socket, plain
// or TLS. Each read waits ten seconds at most, so that a test fails rather than hangs.
#include "engine/base/unique_fd.hpp"

#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace mira::testing {

struct reply {
    int status = 0;                            // 0: the connection ended before a whole answer
    std::map<std::string, std::string> fields; // names in lower case
    std::string head;
    std::string body;

    std::string field(const std::string& name) const {
        const auto it = fields.find(name);
        return it == fields.end() ? "" : it->second;
    }
    bool closes() const { return field("connection") == "close"; }
};

class raw_client {
  public:
    explicit raw_client(std::uint16_t port, const char* from = nullptr, int receive_buffer = 0)
        : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        const timeval patience{10, 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        const int on = 1;
        ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (receive_buffer > 0)
            ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        sockaddr_in a{};
        a.sin_family = AF_INET;
        if (from != nullptr) {
            ::inet_pton(AF_INET, from, &a.sin_addr);
            REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0);
        }
        a.sin_port = htons(port);
        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0;
    }
    ~raw_client() {
        if (ssl_ != nullptr) SSL_free(ssl_);
    }
    raw_client(const raw_client&) = delete;
    raw_client& operator=(const raw_client&) = delete;

    bool connected() const { return connected_; }
    int descriptor() const { return fd_.get(); }

    // From here on over TLS; false where the handshake fails.
    bool shake_hands(SSL_CTX* context) {
        ssl_ = SSL_new(context);
        SSL_set_fd(ssl_, fd_.get());
        return SSL_connect(ssl_) == 1;
    }
    SSL* tls() { return ssl_; }

    // False where the server has ended the connection.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto n =
                ssl_ != nullptr
                    ? static_cast<ssize_t>(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())))
                    : ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }
    void end_output() { ::shutdown(fd_.get(), SHUT_WR); }
    // Ends the connection with a reset, as a client that crashed.
    void reset() {
        const linger now{1, 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        fd_.reset();
    }
    void close() { fd_.reset(); }

    // One read; empty at the end, on a reset and after ten seconds.
    std::string receive_some() {
        std::string s(65536, '\0');
        errno = 0; // an end of the stream leaves it as it was
        const auto n = ssl_ != nullptr
                           ? static_cast<ssize_t>(SSL_read(ssl_, s.data(), static_cast<int>(s.size())))
                           : ::recv(fd_.get(), s.data(), s.size(), 0);
        was_reset_ = n < 0 && errno == ECONNRESET;
        s.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        return s;
    }

    // The next answer; content by Content-Length, unless the request was HEAD.
    reply receive(bool head_only = false) {
        reply r;
        std::size_t end = std::string::npos;
        while ((end = pending_.find("\r\n\r\n")) == std::string::npos)
            if (!more()) return r;
        r.head = pending_.substr(0, end + 4);
        parse_head(r);
        std::size_t length = 0;
        if (!head_only && r.fields.count("content-length") != 0)
            length = std::stoul(r.field("content-length"));
        while (pending_.size() < end + 4 + length)
            if (!more()) {
                r.status = 0;
                return r;
            }
        r.body = pending_.substr(end + 4, length);
        pending_.erase(0, end + 4 + length);
        return r;
    }

    // Whether the server ends the connection now, without a further byte.
    bool at_end() { return pending_.empty() && receive_some().empty() && !timed_out(); }
    bool was_reset() const { return was_reset_; }
    // Everything up to the end.
    std::string receive_all() {
        while (more()) {
        }
        return std::exchange(pending_, {});
    }
    // Whether nothing arrives for so long.
    bool silent_for(std::chrono::milliseconds d) {
        if (!pending_.empty()) return false;
        const timeval t{d.count() / 1000, d.count() % 1000 * 1000};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
        char c = 0;
        const bool silent =
            ::recv(fd_.get(), &c, 1, MSG_PEEK) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        const timeval patience{10, 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        return silent;
    }

    // TCP segments with data that have come in: what the server sent in one call over loopback is one.
    std::uint32_t data_segments() const {
        // tcpi_data_segs_in of the kernel's struct tcp_info, which the C library's header does not have yet.
        constexpr std::size_t at = 152;
        std::array<char, 256> info{};
        socklen_t size = info.size();
        REQUIRE(::getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, info.data(), &size) == 0);
        REQUIRE(size >= at + 4);
        std::uint32_t n = 0;
        std::memcpy(&n, info.data() + at, sizeof n);
        return n;
    }

  private:
    bool more() {
        const std::string s = receive_some();
        pending_ += s;
        return !s.empty();
    }
    bool timed_out() const { return errno == EAGAIN || errno == EWOULDBLOCK; }
    static void parse_head(reply& r) {
        if (!r.head.starts_with("HTTP/1.1 ")) return;
        r.status = std::stoi(r.head.substr(9, 3));
        for (std::size_t at = r.head.find("\r\n") + 2; at < r.head.size() - 2;) {
            const auto end = r.head.find("\r\n", at);
            const auto colon = r.head.find(": ", at);
            std::string name = r.head.substr(at, colon - at);
            for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            CHECK(r.fields.emplace(name, r.head.substr(colon + 2, end - colon - 2)).second); // no field twice
            at = end + 2;
        }
    }

    unique_fd fd_;
    SSL* ssl_ = nullptr;
    bool connected_ = false;
    bool was_reset_ = false;
    std::string pending_;
};

} // namespace mira::testing
