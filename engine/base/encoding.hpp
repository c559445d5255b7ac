#pragma once
// Hex and base64, strict: what is not exactly an encoding of the bytes is refused, so that two texts never
// mean one signature. Decoders write at most the stated number of bytes and allocate nothing.
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mira {

enum class letter_case { lower, upper };

std::string to_hex(std::span<const unsigned char> bytes, letter_case c = letter_case::lower);
// Writes 2 * bytes.size() characters to out.
void to_hex(std::span<const unsigned char> bytes, char* out, letter_case c = letter_case::lower);

// RFC 4648 section 8. Either case is read. The number of bytes written, or nothing where the text has an odd
// length, a character that is no hex digit, or more bytes than out holds.
std::optional<std::size_t> from_hex(std::string_view text, std::span<unsigned char> out);

enum class base64_alphabet {
    standard, // RFC 4648 section 4, padded
    url,      // RFC 4648 section 5, not padded
};

std::string to_base64(std::span<const unsigned char> bytes, base64_alphabet a = base64_alphabet::standard);

// The number of bytes written, or nothing where the text is not canonical: a wrong character, wrong padding,
// trailing bits that are not zero, or more bytes than out holds. The standard alphabet wants its padding; url
// takes the text with or without it, since providers send both.
std::optional<std::size_t> from_base64(std::string_view text, std::span<unsigned char> out,
                                       base64_alphabet a = base64_alphabet::standard);
// The same, into a string of its own.
std::optional<std::string> from_base64(std::string_view text, base64_alphabet a = base64_alphabet::standard);

inline std::span<const unsigned char> as_bytes(std::string_view s) {
    return {reinterpret_cast<const unsigned char*>(s.data()), s.size()};
}
inline std::string_view as_text(std::span<const unsigned char> b) {
    return {reinterpret_cast<const char*>(b.data()), b.size()};
}

} // namespace mira
