#include "engine/net/address.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

namespace mira::net {
namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

} // namespace

bool address::is_v4() const { return std::memcmp(bytes.data(), v4_prefix.data(), v4_prefix.size()) == 0; }

bool address::is_loopback() const {
    if (is_v4()) return bytes[12] == 127;
    address one;
    one.bytes[15] = 1;
    return *this == one;
}

std::string address::text() const {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    if (is_v4())
        ::inet_ntop(AF_INET, bytes.data() + 12, buffer.data(), buffer.size());
    else
        ::inet_ntop(AF_INET6, bytes.data(), buffer.data(), buffer.size());
    return buffer.data();
}

std::optional<address> address::parse(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> z{};
    if (text.empty() || text.size() >= z.size() || text.find('\0') != std::string_view::npos)
        return std::nullopt; // a NUL would end the text early for inet_pton
    text.copy(z.data(), text.size());
    address a;
    if (::inet_pton(AF_INET, z.data(), a.bytes.data() + 12) == 1) {
        std::memcpy(a.bytes.data(), v4_prefix.data(), v4_prefix.size());
        return a;
    }
    if (::inet_pton(AF_INET6, z.data(), a.bytes.data()) == 1) return a;
    return std::nullopt;
}

address address::of(const sockaddr& sa) { return endpoint::of(sa).address; }

endpoint endpoint::of(const sockaddr& sa) {
    endpoint e;
    if (sa.sa_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &sa, sizeof in);
        std::memcpy(e.address.bytes.data(), v4_prefix.data(), v4_prefix.size());
        std::memcpy(e.address.bytes.data() + 12, &in.sin_addr, 4);
        e.port = ntohs(in.sin_port);
    } else if (sa.sa_family == AF_INET6) {
        sockaddr_in6 in{};
        std::memcpy(&in, &sa, sizeof in);
        std::memcpy(e.address.bytes.data(), &in.sin6_addr, 16);
        e.port = ntohs(in.sin6_port);
    }
    return e;
}

bool network::contains(const address& a) const {
    const std::size_t whole = prefix / 8;
    if (std::memcmp(base.bytes.data(), a.bytes.data(), whole) != 0) return false;
    const unsigned rest = prefix % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xFF00U >> rest);
    return ((base.bytes[whole] ^ a.bytes[whole]) & mask) == 0;
}

std::optional<network> network::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto a = address::parse(text.substr(0, slash));
    if (!a) return std::nullopt;
    network n{*a, 128};
    if (slash == std::string_view::npos) return n;
    const std::string_view digits = text.substr(slash + 1);
    unsigned bits = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (ec != std::errc{} || end != digits.data() + digits.size() || digits.empty()) return std::nullopt;
    const unsigned width = a->is_v4() ? 32 : 128;
    if (bits > width) return std::nullopt;
    n.prefix = static_cast<std::uint8_t>(bits + (128 - width));
    return n;
}

std::string network::text() const {
    const unsigned skipped = base.is_v4() ? 96 : 0;
    return base.text() + "/" + std::to_string(prefix - skipped);
}

} // namespace mira::net

std::size_t std::hash<mira::net::address>::operator()(const mira::net::address& a) const noexcept {
    std::uint64_t hi = 0, lo = 0;
    std::memcpy(&hi, a.bytes.data(), 8);
    std::memcpy(&lo, a.bytes.data() + 8, 8);
    // Fibonacci hashing of both halves: neighbours spread.
    std::uint64_t h = (hi ^ (lo << 1 | lo >> 63)) * 0x9E3779B97F4A7C15U;
    h ^= h >> 32;
    return h * 0x9E3779B97F4A7C15U;
}
