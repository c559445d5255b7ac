#pragma once
// The PROXY protocol, versions 1 and 2 (HAProxy's specification of 2020-03-05), without I/O: the header by
// which a load balancer tells whom a connection comes from. Read only from peers that the configuration
// trusts to send it.
#include "engine/net/address.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace mira::net {

struct proxy_header {
    enum kind : std::uint8_t { need_more, malformed, complete };
    kind outcome = need_more;
    std::size_t size = 0; // bytes that the header takes, when complete
    std::optional<endpoint>
        client; // nothing for LOCAL, UNKNOWN and families other than TCP over IP: the peer itself
};

// The most bytes that a header may take, TLVs included; a longer one is malformed.
constexpr std::size_t longest_proxy_header = 4096;

proxy_header parse_proxy_header(std::string_view input);

} // namespace mira::net
