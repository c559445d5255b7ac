#pragma once
// A range of IP addresses, "10.0.0.0/8" or "::1/128" or a single address. An IPv4 address and the IPv6
// address that maps it (RFC 4291, 2.5.5.2) are one and the same here, since a dual-stack listener reports
// peers in either form. A plain value; looking an address up allocates nothing.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mira::config {

using address_bytes = std::array<unsigned char, 16>; // in network order; IPv4 as ::ffff:a.b.c.d

// A bare address of either family, with no port, zone or brackets.
std::optional<address_bytes> parse_address(std::string_view s);
std::string format_address(const address_bytes& a);
// 127.0.0.0/8 and ::1 (RFC 6890).
bool is_loopback(const address_bytes& a);
// 0.0.0.0 and ::, which a listener takes for every address.
bool is_unspecified(const address_bytes& a);

struct network {
    address_bytes address{};   // the bits behind the prefix are zero
    std::uint8_t prefix = 128; // of the 128 bits; 96 more than was written for IPv4

    bool contains(const address_bytes& a) const;
    bool operator==(const network&) const = default;
};

enum class network_fault {
    not_a_network,
    host_bits_set, // 10.1.2.3/8: either another range was meant or a single address
};

struct parsed_network {
    network value;
    std::optional<network_fault> fault; // with host_bits_set, value is the range without them
};
parsed_network parse_network(std::string_view s);
std::string format_network(const network& n);

} // namespace mira::config
