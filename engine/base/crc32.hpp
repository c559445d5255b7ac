#pragma once
// CRC-32 of IEEE 802.3, the one of zlib and PayPal's webhooks (crc32c.hpp is the journal's). Byte by byte
// from a table: for small inputs only. No allocation, thread-safe.
#include <array>
#include <cstdint>
#include <span>

namespace mira {

namespace detail {
constexpr std::array<std::uint32_t, 256> crc32_table() {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t c = i;
        for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
        t[i] = c;
    }
    return t;
}
} // namespace detail

// Goes on from the value for what came before: crc32(b, crc32(a)) is that of a and b in sequence.
inline std::uint32_t crc32(std::span<const unsigned char> bytes, std::uint32_t before = 0) {
    static constexpr auto table = detail::crc32_table();
    std::uint32_t c = ~before;
    for (const unsigned char b : bytes) c = table[(c ^ b) & 0xFF] ^ (c >> 8);
    return ~c;
}

} // namespace mira
