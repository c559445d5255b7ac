#include "engine/net/socket.hpp"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>

namespace mira::net {
namespace {

// What the kernel queues for a client that reads slowly. By default it is up to 4 MiB a connection, and the
// socket is writable again only when a third of that has gone: a client that reads 40 KB a second would look
// as if it did not read at all.
constexpr int most_unsent_bytes = 128 * 1024;

// Answers are small and go out whole: a pacing algorithm (BBR, where it is the system's choice) would cost a
// timer for each and gain nothing. Connections inherit it from their listener.
constexpr std::string_view congestion_control = "reno"; // in every kernel

error_code last_error() { return {errno, boost::system::system_category()}; }

bool set(int fd, int level, int option, int value) {
    return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

std::optional<address> address_of(const std::string& host) {
    return address::parse(host == "localhost" ? "127.0.0.1" : host);
}

unique_fd tcp_socket_for(const address& a) {
    return unique_fd{
        ::socket(a.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
}

bool bind_to(int fd, const address& a, std::uint16_t port) {
    sockaddr_storage storage{};
    socklen_t size = 0;
    if (a.is_v4()) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(port);
        std::memcpy(&in.sin_addr, a.bytes.data() + 12, 4);
        std::memcpy(&storage, &in, size = sizeof in);
    } else {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        in.sin6_port = htons(port);
        std::memcpy(&in.sin6_addr, a.bytes.data(), 16);
        std::memcpy(&storage, &in, size = sizeof in);
    }
    return ::bind(fd, reinterpret_cast<const sockaddr*>(&storage), size) == 0;
}

} // namespace

result<unique_fd> listen_tcp(const std::string& host, std::uint16_t port, int backlog) {
    const auto a = address_of(host);
    if (!a) return error_code{EINVAL, boost::system::system_category()};
    unique_fd fd = tcp_socket_for(*a);
    if (!fd) return last_error();
    if (!set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1) || !set(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1) ||
        !set(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1) ||
        !set(fd.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, most_unsent_bytes))
        return last_error();
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_CONGESTION, congestion_control.data(), congestion_control.size());
    if (!bind_to(fd.get(), *a, port)) return last_error();
    if (::listen(fd.get(), backlog) != 0) return last_error();
    return fd;
}

error_code probe_port(const std::string& host, std::uint16_t port) {
    const auto a = address_of(host);
    if (!a) return {EINVAL, boost::system::system_category()};
    const unique_fd fd = tcp_socket_for(*a);
    // Without SO_REUSEPORT a port that somebody listens on is in use.
    if (!fd || !set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1) || !bind_to(fd.get(), *a, port))
        return last_error();
    return {};
}

std::uint16_t bound_port(int fd) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
    return endpoint::of(reinterpret_cast<const sockaddr&>(storage)).port;
}

} // namespace mira::net
