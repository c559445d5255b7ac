#include "engine/config/network.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>

namespace mira::config {
namespace {

constexpr address_bytes mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool is_v4(const address_bytes& a) { return std::equal(a.begin(), a.begin() + 12, mapped_prefix.begin()); }

// The address with the bits behind the prefix cleared.
address_bytes masked(address_bytes a, unsigned prefix) {
    for (unsigned i = 0; i < a.size(); ++i) {
        const unsigned kept = std::min(8u, prefix > i * 8 ? prefix - i * 8 : 0u);
        a[i] = static_cast<unsigned char>(a[i] & (0xFF00u >> kept));
    }
    return a;
}

} // namespace

std::optional<address_bytes> parse_address(std::string_view s) {
    char text[INET6_ADDRSTRLEN];
    if (s.size() >= sizeof text || s.find('\0') != s.npos) return std::nullopt;
    std::memcpy(text, s.data(), s.size());
    text[s.size()] = '\0';
    address_bytes out = mapped_prefix;
    if (::inet_pton(AF_INET, text, out.data() + 12) == 1) return out;
    if (::inet_pton(AF_INET6, text, out.data()) == 1) return out;
    return std::nullopt;
}

std::string format_address(const address_bytes& a) {
    char text[INET6_ADDRSTRLEN] = "";
    if (is_v4(a))
        ::inet_ntop(AF_INET, a.data() + 12, text, sizeof text);
    else
        ::inet_ntop(AF_INET6, a.data(), text, sizeof text);
    return text;
}

bool is_loopback(const address_bytes& a) {
    constexpr address_bytes one{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return a == one || (is_v4(a) && a[12] == 127);
}

bool is_unspecified(const address_bytes& a) { return a == address_bytes{} || a == mapped_prefix; }

bool network::contains(const address_bytes& a) const {
    const std::size_t whole = prefix / 8;
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), address.begin())) return false;
    const unsigned rest = prefix % 8u;
    return rest == 0 || ((a[whole] ^ address[whole]) & (0xFF00u >> rest) & 0xFFu) == 0;
}

parsed_network parse_network(std::string_view s) {
    const parsed_network bad{{}, network_fault::not_a_network};
    const std::size_t slash = s.find('/');
    const auto address = parse_address(s.substr(0, slash));
    if (!address) return bad;
    const bool v4 = s.substr(0, slash).find(':') == s.npos;
    unsigned prefix = v4 ? 32 : 128;
    if (slash != s.npos) {
        const std::string_view digits = s.substr(slash + 1);
        unsigned n = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
        const bool padded = digits.size() > 1 && digits.front() == '0';
        if (error != std::errc{} || end != digits.data() + digits.size() || n > prefix || padded) return bad;
        prefix = n;
    }
    if (v4) prefix += 96;
    const network range{masked(*address, prefix), static_cast<std::uint8_t>(prefix)};
    if (range.address != *address) return {range, network_fault::host_bits_set};
    return {range, std::nullopt};
}

std::string format_network(const network& n) {
    const bool v4 = is_v4(n.address) && n.prefix >= 96;
    return format_address(n.address) + "/" + std::to_string(v4 ? n.prefix - 96 : n.prefix);
}

} // namespace mira::config
