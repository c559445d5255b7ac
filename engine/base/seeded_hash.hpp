#pragma once
// The hash of a few numbers for tables that peers fill: without the seed, which is drawn per process, nobody
// can choose keys that fall on one chain. Some 2 ns. Not for anything that leaves the process; see
// siphash.hpp for that.
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>

namespace mira {

inline std::uint64_t random_seed() {
    std::random_device source;
    return (static_cast<std::uint64_t>(source()) << 32) | source();
}

template <std::size_t N>
std::uint64_t seeded_hash(std::uint64_t seed, const std::array<std::uint64_t, N>& words) {
    // Folding a 128-bit product lets every bit of the word reach every bit of the hash. The constant, 2^64
    // over the golden ratio, gives each word a factor of its own.
    std::uint64_t h = seed;
    for (const std::uint64_t w : words) {
        const auto product = static_cast<unsigned __int128>(h ^ w) * (seed | 1);
        h = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
        seed += 0x9E3779B97F4A7C15U;
    }
    return h;
}

} // namespace mira
