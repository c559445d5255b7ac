#include "handlers/signatures/json_raw.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <array>

namespace mira::signatures {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void skip_space(std::string_view s, std::size_t& at) {
    while (at < s.size() && is_space(s[at])) ++at;
}

// s is JSON already; at stands on a '"'. Returns the token with its quotes.
std::string_view take_string(std::string_view s, std::size_t& at) {
    const std::size_t from = at++;
    while (at < s.size() && s[at] != '"') at += s[at] == '\\' ? 2 : 1;
    ++at;
    return s.substr(from, at - from);
}

// s is JSON already; at stands on the first byte of a value.
std::string_view take_value(std::string_view s, std::size_t& at) {
    const std::size_t from = at;
    std::size_t depth = 0;
    do {
        const char c = s[at];
        if (c == '"') {
            take_string(s, at);
            continue;
        }
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') {
            if (depth == 0) break;
            --depth;
        }
        if (depth == 0 && (c == ',' || is_space(c))) break;
        ++at;
    } while (at < s.size() &&
             (depth > 0 || (s[at] != ',' && s[at] != '}' && s[at] != ']' && !is_space(s[at]))));
    return s.substr(from, at - from);
}

bool is_json(std::string_view s) {
    boost::system::error_code ec;
    boost::json::parse(s, ec);
    return !ec;
}

void append_code_unit(std::string& out, unsigned unit) {
    constexpr char digits[] = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += digits[unit >> shift & 15];
}

// One character of UTF-8 that the JSON parser found valid.
unsigned take_character(std::string_view s, std::size_t& at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(s[i])); };
    const unsigned first = byte(at);
    const std::size_t more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    unsigned c = more == 0 ? first : first & (0x3FU >> more);
    for (std::size_t i = 1; i <= more && at + i < s.size(); ++i) c = c << 6 | (byte(at + i) & 0x3F);
    at += more + 1;
    return c;
}

void append_php_string(std::string& out, std::string_view s) {
    out += '"';
    for (std::size_t at = 0; at < s.size();) {
        const unsigned c = take_character(s, at);
        switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '/': out += "\\/"; break;
        case '\b': out += "\\b"; break;
        case '\f': out += "\\f"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default:
            if (c >= 0x10000) {
                append_code_unit(out, 0xD800 + ((c - 0x10000) >> 10));
                append_code_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
            } else if (c < 0x20 || c >= 0x80) {
                append_code_unit(out, c);
            } else {
                out += static_cast<char>(c);
            }
        }
    }
    out += '"';
}

} // namespace

std::optional<std::string_view> raw_member(std::string_view s, std::string_view name) {
    if (!is_json(s)) return std::nullopt;
    std::size_t at = 0;
    skip_space(s, at);
    if (s[at] != '{') return std::nullopt;
    ++at;
    std::optional<std::string_view> found;
    for (;;) {
        skip_space(s, at);
        if (s[at] == '}') return found;
        if (s[at] == ',') {
            ++at;
            continue;
        }
        std::string_view key = take_string(s, at);
        key = key.substr(1, key.size() - 2);
        // A name written with escapes could be the member under another spelling: nobody sends that in good
        // faith.
        if (key.find('\\') != std::string_view::npos) return std::nullopt;
        skip_space(s, at);
        ++at; // ':'
        skip_space(s, at);
        const std::string_view value = take_value(s, at);
        if (key != name) continue;
        if (found) return std::nullopt;
        found = value;
    }
}

std::optional<std::string> php_encoded(std::string_view s) {
    if (!is_json(s)) return std::nullopt;
    std::string out;
    out.reserve(s.size() + s.size() / 8);
    for (std::size_t at = 0; at < s.size();) {
        if (s[at] != '"') {
            if (!is_space(s[at])) out += s[at];
            ++at;
            continue;
        }
        boost::system::error_code ec;
        const boost::json::value v = boost::json::parse(take_string(s, at), ec);
        if (ec || !v.is_string()) return std::nullopt;
        append_php_string(out, v.get_string());
    }
    return out;
}

} // namespace mira::signatures
