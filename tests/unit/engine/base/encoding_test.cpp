#include "engine/base/encoding.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace mira;

namespace {
std::optional<std::string> hex_of(std::string_view text, std::size_t room = 64) {
    std::string out(room, '\0');
    const auto n = from_hex(text, {reinterpret_cast<unsigned char*>(out.data()), out.size()});
    if (!n) return std::nullopt;
    out.resize(*n);
    return out;
}
} // namespace

TEST_CASE("encoding: hex reads either case and refuses what is not hex") {
    CHECK(hex_of("00ffAb") == std::string("\x00\xff\xab", 3));
    CHECK(hex_of("") == "");
    CHECK_FALSE(hex_of("0"));
    CHECK_FALSE(hex_of("0g"));
    CHECK_FALSE(hex_of("0x12"));
    CHECK_FALSE(hex_of(" 12"));
    CHECK_FALSE(hex_of("123456", 2));
    CHECK(to_hex(as_bytes("\x01\xfe")) == "01fe");
    CHECK(to_hex(as_bytes("\x01\xfe"), letter_case::upper) == "01FE");
}

// RFC 4648 section 10.
TEST_CASE("encoding: base64 test vectors of RFC 4648") {
    const std::array<std::array<const char*, 2>, 7> vectors{{{"", ""},
                                                             {"f", "Zg=="},
                                                             {"fo", "Zm8="},
                                                             {"foo", "Zm9v"},
                                                             {"foob", "Zm9vYg=="},
                                                             {"fooba", "Zm9vYmE="},
                                                             {"foobar", "Zm9vYmFy"}}};
    for (const auto& [plain, text] : vectors) {
        CHECK(to_base64(as_bytes(plain)) == text);
        CHECK(from_base64(text) == plain);
    }
}

TEST_CASE("encoding: base64 refuses all but the canonical text") {
    CHECK_FALSE(from_base64("Zg"));     // padding missing
    CHECK_FALSE(from_base64("Zg="));    // half of it
    CHECK_FALSE(from_base64("Zg==="));  // too much
    CHECK_FALSE(from_base64("Zh=="));   // trailing bits not zero
    CHECK_FALSE(from_base64("Z==="));   // a lone digit
    CHECK_FALSE(from_base64("Zm9v\n")); // white space
    CHECK_FALSE(from_base64("Zm=v"));   // padding inside
    CHECK_FALSE(from_base64("-_8="));   // the other alphabet
    CHECK_FALSE(from_base64("===="));
    std::array<unsigned char, 2> small{};
    CHECK_FALSE(from_base64("Zm9v", small));
}

TEST_CASE("encoding: base64url is read with and without padding") {
    const std::string bytes = "\xfb\xff\xbf";
    CHECK(to_base64(as_bytes(bytes), base64_alphabet::url) == "-_-_");
    CHECK(from_base64("-_-_", base64_alphabet::url) == bytes);
    CHECK(from_base64("Zg", base64_alphabet::url) == "f");
    CHECK(from_base64("Zg==", base64_alphabet::url) == "f");
    CHECK_FALSE(from_base64("Zg=", base64_alphabet::url));
    CHECK_FALSE(from_base64("+/8", base64_alphabet::url));
}
