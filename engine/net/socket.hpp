#pragma once
// The few socket calls that listeners need.
#include "engine/base/result.hpp"
#include "engine/base/unique_fd.hpp"
#include "engine/net/address.hpp"

#include <cstdint>
#include <string>

namespace mira::net {

// A non-blocking TCP listener with SO_REUSEPORT (each reactor binds its own; a new process can bind beside an
// old one), and with TCP_NODELAY and a bound on unsent bytes, which accepted sockets inherit. host: an
// address, or "localhost"; port 0 lets the kernel choose.
result<unique_fd> listen_tcp(const std::string& host, std::uint16_t port, int backlog);

// Whether a listener could have the port to itself: no error, or why not (EADDRINUSE, EACCES, EADDRNOTAVAIL).
error_code probe_port(const std::string& host, std::uint16_t port);

// The port that a listener is bound to.
std::uint16_t bound_port(int fd);

} // namespace mira::net
