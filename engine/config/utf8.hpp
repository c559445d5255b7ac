#pragma once
// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. Pure functions.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mira::config {

struct character {
    std::uint32_t code = 0;
    std::size_t size = 0; // bytes; 1 where the bytes are no character
    bool valid = false;   // else code is the byte
};

// The first character of s, which is not empty.
character next_character(std::string_view s);

// The offset of the first byte that is not UTF-8, or npos.
std::size_t first_invalid(std::string_view s);

// code is at most U+10FFFF and no surrogate.
void append_utf8(std::string& out, std::uint32_t code);

} // namespace mira::config
