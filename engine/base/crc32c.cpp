#include "engine/base/crc32c.hpp"

#include "engine/base/bytes.hpp"

#include <array>
#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace mira {
namespace {

constexpr std::uint32_t polynomial = 0x82F63B78; // reversed 0x1EDC6F41

constexpr auto make_table() {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t c = i;
        for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? (c >> 1) ^ polynomial : c >> 1;
        t[i] = c;
    }
    return t;
}

std::uint32_t by_table(std::uint32_t c, const unsigned char* p, std::size_t n) {
    static constexpr auto table = make_table();
    for (; n != 0; --n, ++p) c = table[(c ^ *p) & 0xFF] ^ (c >> 8);
    return c;
}

#if defined(__x86_64__)
// The instruction has a latency of three cycles, so one chain runs at a third of the speed. Three chains over
// thirds of a block run at full speed; their results are joined by shifting each over the bytes that follow
// it, which is a linear map and hence four table look-ups.
constexpr std::size_t lane = 256;

using shift_table = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr std::uint32_t over_zero_bytes(std::uint32_t c, std::size_t n) {
    for (std::size_t i = 0; i < n * 8; ++i) c = (c & 1) != 0 ? (c >> 1) ^ polynomial : c >> 1;
    return c;
}

shift_table make_shift(std::size_t n) {
    std::array<std::uint32_t, 32> bit{};
    for (unsigned b = 0; b < 32; ++b) bit[b] = over_zero_bytes(1U << b, n);
    shift_table t{};
    for (unsigned byte = 0; byte < 4; ++byte)
        for (unsigned v = 0; v < 256; ++v) {
            std::uint32_t c = 0;
            for (unsigned b = 0; b < 8; ++b)
                if ((v >> b & 1U) != 0) c ^= bit[byte * 8 + b];
            t[byte][v] = c;
        }
    return t;
}

std::uint32_t shifted(const shift_table& t, std::uint32_t c) {
    return t[0][c & 0xFF] ^ t[1][c >> 8 & 0xFF] ^ t[2][c >> 16 & 0xFF] ^ t[3][c >> 24];
}

__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::uint32_t crc, const unsigned char* p,
                                                               std::size_t n) {
    static const shift_table over_two_lanes = make_shift(2 * lane);
    static const shift_table over_one_lane = make_shift(lane);
    std::uint64_t c = crc;
    while (n >= 3 * lane) {
        std::uint64_t c1 = 0, c2 = 0;
        for (std::size_t i = 0; i < lane; i += 8) {
            c = _mm_crc32_u64(c, load_le<std::uint64_t>(p + i));
            c1 = _mm_crc32_u64(c1, load_le<std::uint64_t>(p + lane + i));
            c2 = _mm_crc32_u64(c2, load_le<std::uint64_t>(p + 2 * lane + i));
        }
        c = shifted(over_two_lanes, static_cast<std::uint32_t>(c)) ^
            shifted(over_one_lane, static_cast<std::uint32_t>(c1)) ^ c2;
        p += 3 * lane;
        n -= 3 * lane;
    }
    for (; n >= 8; n -= 8, p += 8) c = _mm_crc32_u64(c, load_le<std::uint64_t>(p));
    auto c32 = static_cast<std::uint32_t>(c);
    for (; n != 0; --n, ++p) c32 = _mm_crc32_u8(c32, *p);
    return c32;
}
#endif

} // namespace

std::uint32_t crc32c(std::uint32_t crc, const void* data, std::size_t size) {
    const auto* p = static_cast<const unsigned char*>(data);
#if defined(__x86_64__)
    static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
    if (has_instruction) return ~by_instruction(~crc, p, size);
#endif
    return ~by_table(~crc, p, size);
}

} // namespace mira
