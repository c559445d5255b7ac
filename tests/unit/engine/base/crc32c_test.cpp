#include "engine/base/crc32c.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace mira;

namespace {
// The definition, a bit at a time.
std::uint32_t reference(std::string_view s) {
    std::uint32_t c = ~0U;
    for (const char ch : s) {
        c ^= static_cast<unsigned char>(ch);
        for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? (c >> 1) ^ 0x82F63B78U : c >> 1;
    }
    return ~c;
}
} // namespace

TEST_CASE("crc32c: the vectors of RFC 3720 B.4") {
    CHECK(crc32c(0, std::string(32, '\0').data(), 32) == 0x8A9136AA);
    CHECK(crc32c(0, std::string(32, '\xff').data(), 32) == 0x62A8AB43);
    CHECK(crc32c(0, "123456789", 9) == 0xE3069283);
}

TEST_CASE("crc32c: agrees with the definition at every length and can be continued anywhere") {
    std::string s;
    std::uint32_t x = 1;
    while (s.size() < 2000) {
        x = x * 1664525 + 1013904223;
        s += static_cast<char>(x >> 24);
        if (s.size() < 40 || s.size() % 97 < 3) CHECK(crc32c(0, s.data(), s.size()) == reference(s));
    }
    const std::uint32_t whole = crc32c(0, s.data(), s.size());
    for (std::size_t cut = 0; cut <= s.size(); cut += 31)
        CHECK(crc32c(crc32c(0, s.data(), cut), s.data() + cut, s.size() - cut) == whole);
}
