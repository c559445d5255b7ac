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
        return address::parse(s.substr(1, close - 1));
    }
    const auto colon = s.find(':');
    if (colon != std::string_view::npos && s.find(':', colon + 1) == std::string_view::npos)
        s = s.substr(0, colon);
    return address::parse(s);
}

// Splits at commas that are not inside quotes; calls f with each element from the left.
template <class F>
void each_element(std::string_view list, F f) {
    bool quoted = false;
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= list.size(); ++i) {
        if (i < list.size() && list[i] == '\\' && quoted) {
            ++i;
            continue;
        }
        if (i < list.size() && list[i] == '"') quoted = !quoted;
        if (i == list.size() || (list[i] == ',' && !quoted)) {
            f(trimmed(list.substr(begin, i - begin)));
            begin = i + 1;
        }
    }
}

template <class Parse>
forwarded_hop pick(std::string_view list, std::size_t hop, Parse parse) {
    forwarded_hop found;
    each_element(list, [&](std::string_view) { ++found.elements; });
    if (hop == 0 || hop > found.elements) return found;
    std::size_t left = found.elements - hop;
    each_element(list, [&](std::string_view element) {
        if (left-- == 0) found.client = parse(element);
    });
    return found;
}

bool equal_lower(std::string_view a, std::string_view lower) {
    return std::ranges::equal(a, lower,
                              [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x | 0x20 : x) == y; });
}

// The for parameter of one Forwarded element: "for=192.0.2.1", for="[2001:db8::1]:4711".
std::optional<address> parse_for(std::string_view element) {
    for (std::string_view rest = element;;) {
        const auto semicolon = rest.find(';');
        const std::string_view pair = trimmed(rest.substr(0, semicolon));
        const auto equals = pair.find('=');
        if (equals != std::string_view::npos && equal_lower(pair.substr(0, equals), "for")) {
            std::string_view value = pair.substr(equals + 1);
            if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
                value = value.substr(1, value.size() - 2);
            return parse_node(value);
        }
        if (semicolon == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(semicolon + 1);
    }
}

} // namespace

forwarded_hop nth_from_right(std::string_view x_forwarded_for, std::size_t hop) {
    return pick(x_forwarded_for, hop, parse_node);
}

forwarded_hop nth_for_from_right(std::string_view forwarded, std::size_t hop) {
    return pick(forwarded, hop, parse_for);
}

} // namespace mira::net
