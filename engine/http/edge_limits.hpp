#pragma once
// What a client may ask of the HTTP edge. Defaults follow what servers that face the Internet use; each is a
// setting.
#include "engine/base/clock.hpp"
#include "engine/http/head.hpp"
#include "engine/net/address.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mira::http {

struct edge_limits {
    head_limits head{};
    milliseconds header_timeout{10'000}; // from the first byte of a head to its last
    milliseconds body_timeout{300'000};  // for a whole body
    milliseconds body_grace{10'000};     // after which the minimum rate counts
    std::uint64_t body_bytes_per_second =
        240;                                // the minimum rate, over the time since the body began; 0 = none
    milliseconds idle_timeout{60'000};      // between requests, and before the first
    milliseconds write_timeout{30'000};     // without a byte of an answer being taken
    milliseconds handshake_timeout{10'000}; // TLS, and the PROXY header
    milliseconds linger{2'000};             // how long a refused request's rest is read and dropped
    std::uint32_t pipelined_requests = 16;  // unanswered ones of one connection
    std::uint64_t requests_per_connection = 0; // 0 = unlimited
};

enum class forwarding : std::uint8_t { none, x_forwarded_for, forwarded, proxy_protocol };

// Whom to believe about the client's address.
struct trust {
    std::vector<net::network> proxies{};
    forwarding by = forwarding::none;
    std::uint32_t hops = 1;

    bool trusts(const net::address& peer) const {
        for (const net::network& n : proxies)
            if (n.contains(peer)) return true;
        return false;
    }
};

} // namespace mira::http
