#include "engine/base/encoding.hpp"

#include <array>
#include <cstdint>

namespace mira {
namespace {

constexpr char lower_digits[] = "0123456789abcdef";
constexpr char upper_digits[] = "0123456789ABCDEF";
constexpr char standard_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned char no_digit = 0xFF;

using digit_table = std::array<unsigned char, 256>;

constexpr digit_table hex_values() {
    digit_table t{};
    t.fill(no_digit);
    for (unsigned char i = 0; i < 16; ++i) {
        t[static_cast<unsigned char>(lower_digits[i])] = i;
        t[static_cast<unsigned char>(upper_digits[i])] = i;
    }
    return t;
}
constexpr digit_table base64_values(const char* alphabet) {
    digit_table t{};
    t.fill(no_digit);
    for (unsigned char i = 0; i < 64; ++i) t[static_cast<unsigned char>(alphabet[i])] = i;
    return t;
}
constexpr digit_table hex_table = hex_values();
constexpr digit_table standard_table = base64_values(standard_alphabet);
constexpr digit_table url_table = base64_values(url_alphabet);

} // namespace

void to_hex(std::span<const unsigned char> bytes, char* out, letter_case c) {
    const char* digits = c == letter_case::upper ? upper_digits : lower_digits;
    for (const unsigned char b : bytes) {
        *out++ = digits[b >> 4];
        *out++ = digits[b & 15];
    }
}

std::string to_hex(std::span<const unsigned char> bytes, letter_case c) {
    std::string s(bytes.size() * 2, '\0');
    to_hex(bytes, s.data(), c);
    return s;
}

std::optional<std::size_t> from_hex(std::string_view text, std::span<unsigned char> out) {
    if (text.size() % 2 != 0 || text.size() / 2 > out.size()) return std::nullopt;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const unsigned char hi = hex_table[static_cast<unsigned char>(text[i])];
        const unsigned char lo = hex_table[static_cast<unsigned char>(text[i + 1])];
        if (hi == no_digit || lo == no_digit) return std::nullopt;
        out[i / 2] = static_cast<unsigned char>(hi << 4 | lo);
    }
    return text.size() / 2;
}

std::string to_base64(std::span<const unsigned char> bytes, base64_alphabet a) {
    const char* digits = a == base64_alphabet::url ? url_alphabet : standard_alphabet;
    std::string s;
    s.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t bits = 0;
    int held = 0;
    for (const unsigned char b : bytes) {
        bits = bits << 8 | b;
        held += 8;
        while (held >= 6) {
            held -= 6;
            s += digits[bits >> held & 63];
        }
    }
    if (held > 0) s += digits[bits << (6 - held) & 63];
    if (a == base64_alphabet::standard)
        while (s.size() % 4 != 0) s += '=';
    return s;
}

std::optional<std::size_t> from_base64(std::string_view text, std::span<unsigned char> out,
                                       base64_alphabet a) {
    const bool padded = !text.empty() && text.back() == '=';
    if ((a == base64_alphabet::standard || padded) && text.size() % 4 != 0) return std::nullopt;
    for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
    if (text.size() % 4 == 1) return std::nullopt;
    const std::size_t size = text.size() * 6 / 8;
    if (size > out.size()) return std::nullopt;
    const digit_table& table = a == base64_alphabet::url ? url_table : standard_table;
    std::uint32_t bits = 0;
    int held = 0;
    std::size_t n = 0;
    for (const char c : text) {
        const unsigned char v = table[static_cast<unsigned char>(c)];
        if (v == no_digit) return std::nullopt;
        bits = bits << 6 | v;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[n++] = static_cast<unsigned char>(bits >> held);
        }
    }
    // Bits left over must be zero: otherwise several texts would decode to the same bytes.
    if ((bits & ((1U << held) - 1)) != 0) return std::nullopt;
    return n;
}

std::optional<std::string> from_base64(std::string_view text, base64_alphabet a) {
    std::string s(text.size() / 4 * 3 + 3, '\0');
    const auto n = from_base64(text, {reinterpret_cast<unsigned char*>(s.data()), s.size()}, a);
    if (!n) return std::nullopt;
    s.resize(*n);
    return s;
}

} // namespace mira
