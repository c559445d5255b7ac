#include "engine/net/listener.hpp"

#include "engine/base/log.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <system_error>

namespace mira::net {
namespace {

constexpr int connections_a_turn = 64;
constexpr milliseconds pause_without_descriptors{500};

} // namespace

listener::listener(reactor& r, unique_fd fd, acceptor& a) : reactor_{r}, fd_{std::move(fd)}, acceptor_{a} {
    if (!reactor_.hot().add_listener(fd_.get(), *this))
        throw std::system_error(errno, std::generic_category(), "epoll_ctl of a listener");
}

listener::~listener() { reactor_.timeouts().cancel(*this); }

void listener::on_io(std::uint32_t) {
    if (fd_) accept_some(connections_a_turn);
}

void listener::abandon() noexcept {
    // The connection that threw is gone; the listener goes on.
}

// True while there may be more.
bool listener::accept_some(int at_most) {
    for (int i = 0; i < at_most; ++i) {
        sockaddr_storage storage{};
        socklen_t size = sizeof storage;
        auto* const sa = reinterpret_cast<sockaddr*>(&storage);
        const int fd = ::accept4(fd_.get(), sa, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            acceptor_.on_accept(fd, endpoint::of(*sa));
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno == EAGAIN) return false;
        // EMFILE, ENFILE, ENOBUFS, ENOMEM: the connection stays queued, and epoll would call again at once.
        log::warn("listener.cannot_accept", {{"reason", std::strerror(errno)}});
        reactor_.hot().remove(fd_.get());
        reactor_.timeouts().schedule(*this, reactor_.timeouts().after(pause_without_descriptors));
        return false;
    }
    return true;
}

void listener::on_deadline() {
    if (fd_ && !reactor_.hot().add_listener(fd_.get(), *this))
        reactor_.timeouts().schedule(*this, reactor_.timeouts().after(pause_without_descriptors));
}

void listener::drain_and_close() {
    if (!fd_) return;
    while (accept_some(connections_a_turn)) {
    }
    reactor_.timeouts().cancel(*this);
    reactor_.hot().remove(fd_.get());
    fd_.reset();
}

} // namespace mira::net
