#pragma once
// Names to addresses for outbound connections, by the system's own resolver (getaddrinfo, so /etc/hosts and
// resolv.conf count) on threads of its own: a reactor never waits for a name server, and a slow one takes no
// thread from files and databases.
//
// Bounded: at most most_waiting names wait, at most most_addresses of an answer are looked at, and one
// look-up takes some ten seconds at most with three dead name servers. A name is never completed with a
// search domain. Whoever asks has a deadline of his own and may stop listening; the thread finishes what it
// began.
//
// Owned by the composition root; must go before the reactors that ask. Its destructor waits for the look-ups
// under way, one a thread; those that wait behind them are answered errc::operation_canceled.
#include "engine/base/result.hpp"
#include "engine/net/address.hpp"
#include "engine/reactor/blocking_pool.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace mira {
class reactor;
}

namespace mira::net {

class resolver {
  public:
    static constexpr std::size_t most_waiting = 32;
    static constexpr std::size_t most_addresses = 16;

    using addresses = result<std::vector<address>>;
    using look_up = std::function<addresses(const std::string& name)>;

    // how: what a thread does for one name; a test brings its own.
    explicit resolver(look_up how = system_look_up, std::size_t threads = 2);
    ~resolver();

    // Any thread. done is called on home, once, whatever comes: at least one address, or an error;
    // errc::resource_unavailable_try_again where too many are waiting. A text that is an address is
    // its own answer.
    void resolve(reactor& home, const std::string& name, std::function<void(addresses)> done);

    // Blocks.
    static addresses system_look_up(const std::string& name);

  private:
    look_up how_;
    std::atomic<bool> closing_{false};
    blocking_pool threads_;
};

} // namespace mira::net
