#pragma once
// The URL of an outbound request, taken apart strictly: what two programs could read as two hosts is no URL.
// Pure functions.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mira::http {

struct client_target {
    bool secure = true;
    std::string host; // lower case; an IPv6 address without brackets
    std::uint16_t port = 443;
    std::string target;    // path and query, beginning with '/'
    std::string authority; // what the Host field says: without a default port
};

// https:// or http://, a host of letters, digits, '-' and '.' or an address, an optional port without leading
// zeros, and from there visible ASCII. No user, no fragment, no backslash; at most 2,048 bytes.
std::optional<client_target> parse_client_target(std::string_view url);

} // namespace mira::http
