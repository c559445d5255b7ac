#pragma once
// Who sent a request that came through trusted proxies: X-Forwarded-For and Forwarded (RFC 7239), read from
// the right by the number of trusted hops, so that what a client wrote in front of it is never believed.
// X-Forwarded-For knows no quotes: each of its commas separates.
#include "engine/net/address.hpp"

#include <optional>
#include <string_view>

namespace mira::net {

// One element of one header line, counted from the right: hop 1 was written by the nearest proxy. No client
// where the line is shorter or that element is no address ("unknown", an obfuscated identifier). Where the
// header has several lines, begin with the last and subtract its elements from hop before asking the one
// before it.
struct forwarded_hop {
    std::optional<address> client;
    std::size_t elements = 0; // how many the line holds
};
forwarded_hop nth_from_right(std::string_view x_forwarded_for, std::size_t hop);
// The same over the "for" parameters of a Forwarded header. Quotes are paired from the right, so that an
// opening quote which a client left unclosed cannot swallow what a proxy wrote behind it.
forwarded_hop nth_for_from_right(std::string_view forwarded, std::size_t hop);

} // namespace mira::net
