#pragma once
// The readiness of a reactor's hot descriptors: one edge-triggered epoll set, registered once a descriptor
// and never changed, so that a request costs one recv, one send and its share of one epoll_wait. (Asio's
// sockets try a read that finds nothing after every answer, or re-arm by epoll_ctl; see reactor.hpp for how
// the two live in one thread.)
//
// Edge-triggered means: a handler that is told of input reads until a short read or EAGAIN, or remembers that
// it did not.
#include <array>
#include <chrono>
#include <cstdint>
#include <sys/epoll.h>

namespace mira {

// Owner of a descriptor in a poller. Lives on the poller's thread; must stay alive until the end of the turn
// in which it closed its descriptor (see reactor::retire).
class io_handler {
  public:
    // Called for up to poller::read_together handlers in a row, before on_io() of the first of them: a chance
    // to make the system call that on_io() would begin with. The kernel's code and ours then replace each
    // other in the processor's cache once for all of them. Must do nothing else; on_io() of the same events
    // follows in any case.
    virtual void read_ahead(std::uint32_t) {}
    // events: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR. A throw is caught, counted and followed by
    // abandon().
    virtual void on_io(std::uint32_t events) = 0;
    // Give up: an unexpected exception left on_io. Close the descriptor.
    virtual void abandon() noexcept = 0;

  protected:
    ~io_handler() = default;
};

class poller {
  public:
    static constexpr int events_a_turn = 256;
    static constexpr int read_together = 16;

    // Throws std::system_error where the kernel gives no epoll descriptor.
    poller();
    ~poller();
    poller(const poller&) = delete;
    poller& operator=(const poller&) = delete;

    int descriptor() const { return fd_; }

    // Edge-triggered for input, output and the peer's end, for the descriptor's whole life. False on ENOMEM
    // or ENOSPC.
    bool add(int fd, io_handler& h);
    // Level-triggered for input: for listeners, which must not lose a connection that they did not accept
    // yet.
    bool add_listener(int fd, io_handler& h);
    void remove(int fd);

    // Waits at most so long (0 = not at all) and returns the number of ready descriptors, 0 also on EINTR.
    int wait(std::chrono::nanoseconds timeout);
    io_handler& handler(int i) const {
        return *static_cast<io_handler*>(events_[static_cast<std::size_t>(i)].data.ptr);
    }
    std::uint32_t events(int i) const { return events_[static_cast<std::size_t>(i)].events; }

  private:
    int fd_;
    std::array<epoll_event, events_a_turn> events_{};
};

} // namespace mira
