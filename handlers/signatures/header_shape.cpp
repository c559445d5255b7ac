#include "handlers/signatures/header_shape.hpp"

#include "engine/http/fields.hpp"

namespace mira::signatures {
namespace {

std::string_view trimmed(std::string_view s) {
    while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
    while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
    return s;
}

} // namespace

bool entries::next(std::string_view& entry) {
    while (!rest_.empty()) {
        std::size_t end = 0;
        while (end < rest_.size() && rest_[end] != separator_ && (also_ == '\0' || rest_[end] != also_))
            ++end;
        entry = trimmed(rest_.substr(0, end));
        rest_.remove_prefix(end < rest_.size() ? end + 1 : end);
        if (!entry.empty()) return true;
    }
    return false;
}

std::optional<pair_view> split_pair(std::string_view entry) {
    const auto at = entry.find('=');
    if (at == std::string_view::npos || at == 0) return std::nullopt;
    return pair_view{trimmed(entry.substr(0, at)), trimmed(entry.substr(at + 1))};
}

pair_lookup find_pair(std::string_view value, char separator, bool sets, std::string_view key,
                      std::string_view& out) {
    entries all{value, separator, sets ? ' ' : '\0'};
    std::string_view entry;
    bool found = false;
    while (all.next(entry)) {
        const auto p = split_pair(entry);
        if (!p || p->key != key) continue;
        if (found && (!sets || p->value != out)) return pair_lookup::conflict;
        out = p->value;
        found = true;
    }
    return found ? pair_lookup::one : pair_lookup::absent;
}

std::optional<std::string_view> behind_prefix(std::string_view value, std::string_view prefix,
                                              bool ignoring_case) {
    const std::string_view front = value.substr(0, prefix.size());
    const bool same = ignoring_case ? http::equal_ignoring_case(front, prefix) : front == prefix;
    if (!same) return std::nullopt;
    return value.substr(prefix.size());
}

} // namespace mira::signatures
