#include "handlers/signatures/host_rule.hpp"

#include "engine/http/fields.hpp"
#include "handlers/signatures/header_shape.hpp"

namespace mira::signatures {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z') || is_digit(c); }

// Two letters, then at least one word, then a number of one or two digits, joined by '-'.
bool is_region(std::string_view s) {
    entries words{s, '-'};
    std::string_view w;
    int n = 0;
    bool number = false;
    if (s.find("--") != std::string_view::npos || s.starts_with('-') || s.ends_with('-')) return false;
    while (words.next(w)) {
        if (number) return false; // the number is last
        ++n;
        if (is_digit(w[0])) {
            number = true;
            for (const char c : w)
                if (!is_digit(c)) return false;
            if (n < 3 || w.size() > 2) return false;
        } else {
            for (const char c : w)
                if (!is_lower(c)) return false;
            if (n == 1 && w.size() != 2) return false;
        }
    }
    return number;
}

bool is_host(std::string_view s) {
    if (s.empty() || s.size() > 253 || s.front() == '.' || s.back() == '.') return false;
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (s[i] == '.' && s[i - 1] == '.') return false;
        if (!is_alnum(s[i]) && s[i] != '-' && s[i] != '.') return false;
    }
    return true;
}

bool matches(std::string_view host, std::string_view pattern) {
    if (pattern.starts_with("*.")) {
        const std::string_view tail = pattern.substr(1); // with the dot
        return host.size() > tail.size() &&
               http::equal_ignoring_case(host.substr(host.size() - tail.size()), tail);
    }
    constexpr std::string_view region = "<region>";
    const auto at = pattern.find(region);
    if (at == std::string_view::npos) return http::equal_ignoring_case(host, pattern);
    const std::string_view before = pattern.substr(0, at), after = pattern.substr(at + region.size());
    if (host.size() <= before.size() + after.size()) return false;
    const std::string_view middle = host.substr(before.size(), host.size() - before.size() - after.size());
    return http::equal_ignoring_case(host.substr(0, before.size()), before) &&
           http::equal_ignoring_case(host.substr(host.size() - after.size()), after) && is_region(middle);
}

} // namespace

bool host_allowed(std::string_view host, std::string_view patterns) {
    if (!is_host(host)) return false;
    entries all{patterns, ' '};
    std::string_view pattern;
    while (all.next(pattern))
        if (matches(host, pattern)) return true;
    return false;
}

bool url_allowed(std::string_view url, std::string_view patterns, std::string_view path_suffix) {
    if (url.size() > 1024) return false;
    const auto rest = behind_prefix(url, "https://");
    if (!rest) return false;
    for (const char c : *rest)
        if (c <= ' ' || c > '~' || c == '\\' || c == '#' || c == '@') return false;
    const auto slash = rest->find_first_of("/?");
    if (slash == std::string_view::npos || (*rest)[slash] != '/') return false;
    std::string_view authority = rest->substr(0, slash);
    if (authority.ends_with(":443")) authority.remove_suffix(4);
    std::string_view path = rest->substr(slash);
    if (const auto query = path.find('?'); query != std::string_view::npos && !path_suffix.empty())
        return false;
    return path.ends_with(path_suffix) && host_allowed(authority, patterns);
}

bool is_safe_key_id(std::string_view id) {
    if (id.empty() || id.size() > 128 || id.find_first_not_of('.') == std::string_view::npos) return false;
    for (const char c : id)
        if (!is_alnum(c) && c != '.' && c != '_' && c != '-') return false;
    return true;
}

} // namespace mira::signatures
