#include "engine/reactor/poller.hpp"

#include <cerrno>
#include <system_error>
#include <unistd.h>

namespace mira {
namespace {

bool control(int set, int operation, int fd, std::uint32_t events, io_handler* h) {
    epoll_event e{};
    e.events = events;
    e.data.ptr = h;
    return ::epoll_ctl(set, operation, fd, &e) == 0;
}

} // namespace

poller::poller() : fd_{::epoll_create1(EPOLL_CLOEXEC)} {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

poller::~poller() { ::close(fd_); }

bool poller::add(int fd, io_handler& h) {
    return control(fd_, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &h);
}

bool poller::add_listener(int fd, io_handler& h) { return control(fd_, EPOLL_CTL_ADD, fd, EPOLLIN, &h); }

void poller::remove(int fd) { control(fd_, EPOLL_CTL_DEL, fd, 0, nullptr); }

int poller::wait(std::chrono::nanoseconds timeout) {
    int n = 0;
    if (timeout.count() % 1'000'000 == 0) {
        n = ::epoll_wait(fd_, events_.data(), events_a_turn, static_cast<int>(timeout.count() / 1'000'000));
    } else {
        const timespec t{timeout.count() / 1'000'000'000, timeout.count() % 1'000'000'000};
        n = ::epoll_pwait2(fd_, events_.data(), events_a_turn, &t, nullptr);
    }
    return n > 0 ? n : 0;
}

} // namespace mira
