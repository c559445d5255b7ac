#pragma once
// One reactor's accepting socket. Accepts in bounded bites, so that a flood of connections does not starve
// those that are already there; pauses for a moment when the process is out of descriptors instead of
// spinning.
#include "engine/net/socket.hpp"
#include "engine/reactor/reactor.hpp"

namespace mira::net {

class acceptor {
  public:
    // A new, non-blocking connection; ownership of fd passes.
    virtual void on_accept(int fd, const endpoint& peer) = 0;

  protected:
    ~acceptor() = default;
};

class listener final : public io_handler, private deadlines::entry {
  public:
    // Takes connections from fd on r's thread from now on and hands them to a.
    listener(reactor& r, unique_fd fd, acceptor& a);
    ~listener();

    // Accepts what the kernel has already queued, then closes the socket: closing it first would reset those
    // connections.
    void drain_and_close();

    void on_io(std::uint32_t events) override;
    void abandon() noexcept override;

  private:
    bool accept_some(int at_most);
    void on_deadline() override;

    reactor& reactor_;
    unique_fd fd_;
    acceptor& acceptor_;
};

} // namespace mira::net
