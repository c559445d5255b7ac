#pragma once
// IP addresses and networks as 16 bytes; IPv4 in its IPv4-mapped form (RFC 4291 section 2.5.5.2), so that one
// client is one key however it came.
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace mira::net {

struct address {
    std::array<std::uint8_t, 16> bytes{};

    bool is_v4() const;
    bool is_loopback() const;
    std::string text() const;
    // "192.0.2.1" or "2001:db8::1"; no port, no brackets, no zone.
    static std::optional<address> parse(std::string_view text);
    // The address part of an AF_INET or AF_INET6 socket address; all zero for other families.
    static address of(const sockaddr& sa);

    auto operator<=>(const address&) const = default;
};

struct endpoint {
    net::address address;
    std::uint16_t port = 0;
    static endpoint of(const sockaddr& sa);
};

// A network in CIDR notation; a bare address is a network of one.
struct network {
    net::address base;
    std::uint8_t prefix = 128; // bits of the 128-bit form

    bool contains(const address& a) const;
    static std::optional<network> parse(std::string_view text);
    std::string text() const;
};

} // namespace mira::net

template <>
struct std::hash<mira::net::address> {
    std::size_t operator()(const mira::net::address& a) const noexcept;
};
