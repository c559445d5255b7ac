#include "engine/net/forwarded.hpp"

#include <algorithm>

namespace mira::net {
namespace {

std::string_view trimmed(std::string_view s) {
    while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
    while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
    return s;
}

// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80": proxies write all of them.
std::optional<address> parse_node(std::string_view s) {
    s = trimmed(s);
    if (s.starts_with('[')) {
        const auto close = s.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        const std::string_view rest = s.substr(close + 1);
        if (!rest.empty() && rest.front() != ':') return std::nullopt;
        const std::string_view inside = s.substr(1, close - 1);
        if (inside.find(':') == std::string_view::npos) return std::nullopt;
        return address::parse(inside);
    }
    const auto colon = s.find(':');
    if (colon != std::string_view::npos && s.find(':', colon + 1) == std::string_view::npos)
        s = s.substr(0, colon);
    return address::parse(s);
}

// Whether the quote at i is one that opens or closes, seen from the text alone: not behind an odd number of
// backslashes.
bool is_delimiter(std::string_view s, std::size_t i) {
    std::size_t backslashes = 0;
    while (backslashes < i && s[i - 1 - backslashes] == '\\') ++backslashes;
    return backslashes % 2 == 0;
}

enum class quotes { plain, pairing };

// Calls f with each element from the right. A separator inside quotes separates nothing.
template <class F>
void each_from_right(std::string_view list, char separator, quotes q, F f) {
    bool quoted = false;
    std::size_t end = list.size();
    for (std::size_t i = list.size(); i-- > 0;) {
        if (q == quotes::pairing && list[i] == '"' && is_delimiter(list, i)) quoted = !quoted;
        if (list[i] != separator || quoted) continue;
        f(trimmed(list.substr(i + 1, end - i - 1)));
        end = i;
    }
    f(trimmed(list.substr(0, end)));
}

template <class Parse>
forwarded_hop pick(std::string_view list, std::size_t hop, quotes q, Parse parse) {
    forwarded_hop found;
    each_from_right(list, ',', q, [&](std::string_view element) {
        if (++found.elements == hop) found.client = parse(element);
    });
    return found;
}

bool equal_lower(std::string_view a, std::string_view lower) {
    return std::ranges::equal(a, lower,
                              [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x | 0x20 : x) == y; });
}

// The for parameter of one Forwarded element: "for=192.0.2.1", for="[2001:db8::1]:4711". Nothing where it
// stands twice (RFC 7239 section 4 allows one), since each reader would choose another.
std::optional<address> parse_for(std::string_view element) {
    std::string_view value;
    int found = 0;
    each_from_right(element, ';', quotes::pairing, [&](std::string_view pair) {
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos || !equal_lower(pair.substr(0, equals), "for")) return;
        value = pair.substr(equals + 1);
        ++found;
    });
    if (found != 1) return std::nullopt;
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
    return parse_node(value);
}

} // namespace

forwarded_hop nth_from_right(std::string_view x_forwarded_for, std::size_t hop) {
    return pick(x_forwarded_for, hop, quotes::plain, parse_node);
}

forwarded_hop nth_for_from_right(std::string_view forwarded, std::size_t hop) {
    return pick(forwarded, hop, quotes::pairing, parse_for);
}

} // namespace mira::net
