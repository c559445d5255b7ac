#include "engine/base/siphash.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace mira;

// The reference implementation's vectors for 128 bits of output: key 00 01 .. 0f, input 00 01 .. of each
// length. https://github.com/veorq/SipHash, vectors.h; also `openssl mac -macopt size:16 SIPHASH`.
TEST_CASE("siphash: vectors of the reference implementation") {
    const hash128 key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
    std::string input;
    const std::array<std::pair<std::size_t, hash128>, 6> vectors{{
        {0, {0xe6a825ba047f81a3, 0x930255c71472f66d}},
        {1, {0x44af996bd8c187da, 0x45fc229b11597634}},
        {7, {0x53c1dbd8beebf1a1, 0x3982f01fa64ab8c0}},
        {8, {0x61f55862baa9623b, 0xb49714f364e2830f}},
        {15, {0x11a8b03399e99354, 0xd9c3cf970fec087e}},
        {63, {0x4a83502f77d15051, 0x7cbd3f979a063e50}},
    }};
    for (const auto& [length, expected] : vectors) {
        input.clear();
        for (std::size_t i = 0; i < length; ++i) input += static_cast<char>(i);
        CAPTURE(length);
        CHECK(siphash128(key, input) == expected);
    }
}

TEST_CASE("siphash: the key matters") {
    CHECK_FALSE(siphash128({1, 2}, "a") == siphash128({1, 3}, "a"));
    CHECK_FALSE(siphash128({1, 2}, "a") == siphash128({2, 2}, "a"));
}
