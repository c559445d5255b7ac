#pragma once
// How much unverified work a peer may cause. Every request spends from its address's budget when it arrives
// and gets it back when its signature proves genuine, so honest traffic is held only by how much of it may be
// unverified at one time, and whoever sends bad signatures can make us hash so much and no more.
//
// One per reactor, on its thread, local to the process: the connections of an address are spread over the
// reactors, so each has its share of the budget, and an address whose connections all fall on one reactor has
// that share alone. Of IPv6 the first 64 bits count (client_of). An address whose budget is full is not
// remembered; at most max_peers are, and of these the one that was quiet for longest leaves, which is counted
// unless its budget was full again.
#include "handlers/limits/keys.hpp"
#include "handlers/limits/lru_table.hpp"
#include "handlers/limits/probes.hpp"
#include "storage/ports/token_bucket.hpp"

#include <cstddef>
#include <cstdint>

namespace mira::limits {

class peer_admission {
  public:
    struct settings {
        // Units of work, for the whole process: a burst, and what comes back with time.
        std::int64_t budget = 1'000;
        std::int64_t refill = 100;
        nanoseconds period = seconds{1};
        std::int64_t reactors = 1;
        std::size_t max_peers = 10'000; // per reactor
    };
    struct answer {
        bool admitted;
        nanoseconds retry_after; // when not admitted
    };

    explicit peer_admission(const settings& s);

    // The units of a request whose body has so many bytes: one, and one more for each full 64 KiB. A body
    // whose length is not known beforehand is admitted as empty, and again by one unit for each 64 KiB as it
    // arrives.
    static constexpr std::int64_t cost_of(std::uint64_t body) {
        return 1 + static_cast<std::int64_t>(body >> 16);
    }

    // Costs more than the whole budget count as the whole budget. Denied, nothing is spent.
    answer admit(const address& a, std::int64_t cost, mono_time now);
    // The request was genuine: its units come back, up to the full budget.
    void genuine(const address& a, std::int64_t cost, mono_time now);

    const peer_probe& probe() const { return probe_; }

  private:
    struct client {
        std::array<std::uint64_t, 2> number{};
        bool operator==(const client&) const = default;
        std::array<std::uint64_t, 2> words() const { return number; }
    };
    std::uint32_t remember(const client& c, mono_time now);
    void forget(std::uint32_t i);

    const ports::bucket_spec spec_;
    lru_table<client, ports::token_bucket> peers_;
    peer_probe probe_;
};

} // namespace mira::limits
