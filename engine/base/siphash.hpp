#pragma once
// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, https://github.com/veorq/SipHash): names a
// text of any length by a number of fixed size. With a secret key nobody can choose texts that collide; with
// a public key, which instances need in order to agree, it is merely a good hash. No allocation; pure, so
// thread-safe.
#include "engine/base/bytes.hpp"

#include <bit>
#include <cstdint>
#include <string_view>

namespace mira {

struct hash128 {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    bool operator==(const hash128&) const = default;
};

namespace detail {
struct sip_state {
    std::uint64_t v0, v1, v2, v3;

    void round() {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }
    void absorb(std::uint64_t word) {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    }
    std::uint64_t squeeze() {
        for (int i = 0; i < 4; ++i) round();
        return v0 ^ v1 ^ v2 ^ v3;
    }
};
} // namespace detail

inline hash128 siphash128(const hash128& key, std::string_view text) {
    detail::sip_state s{key.low ^ 0x736f6d6570736575U, key.high ^ 0x646f72616e646f6dU ^ 0xeeU,
                        key.low ^ 0x6c7967656e657261U, key.high ^ 0x7465646279746573U};
    const char* p = text.data();
    std::size_t left = text.size();
    for (; left >= 8; left -= 8, p += 8) s.absorb(load_le<std::uint64_t>(p));
    std::uint64_t last = static_cast<std::uint64_t>(text.size()) << 56;
    for (std::size_t i = 0; i < left; ++i) {
        last |= static_cast<std::uint64_t>(static_cast<unsigned char>(p[i])) << (8 * i);
    }
    s.absorb(last);
    s.v2 ^= 0xeeU;
    hash128 out;
    out.low = s.squeeze();
    s.v1 ^= 0xddU;
    out.high = s.squeeze();
    return out;
}

} // namespace mira
