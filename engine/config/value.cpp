#include "engine/config/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace mira::config {

value::value() = default;
value::value(bool b, place at) : content_{b}, at_{at} {}
value::value(content c, place at) : content_{std::move(c)}, at_{at} {}
value::value(const value&) = default;
value::value(value&&) noexcept = default;
value& value::operator=(const value&) = default;
value& value::operator=(value&&) noexcept = default;
value::~value() = default;

value value::of_number(std::string text, place at) { return {content{number_literal{std::move(text)}}, at}; }
value value::of_string(std::string text, place at) { return {content{std::move(text)}, at}; }
value value::of_array(std::vector<value> items, place at) { return {content{std::move(items)}, at}; }
value value::of_object(std::vector<member> members, place at) { return {content{std::move(members)}, at}; }
value value::of_null(place at) { return {content{}, at}; }

std::string_view value::type_name() const {
    static constexpr std::array<std::string_view, 6> names{"null",     "true or false", "a number",
                                                           "a string", "a list",        "an object"};
    return names[content_.index()];
}

std::optional<bool> value::boolean() const {
    const auto* b = std::get_if<bool>(&content_);
    return b ? std::optional{*b} : std::nullopt;
}

std::optional<std::int64_t> value::integer() const {
    const std::string_view text = number_text();
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return n;
}

std::optional<double> value::number() const {
    const std::string_view text = number_text();
    double n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || !std::isfinite(n))
        return std::nullopt;
    return n;
}

std::optional<std::string_view> value::string() const {
    const auto* s = std::get_if<std::string>(&content_);
    return s ? std::optional<std::string_view>{*s} : std::nullopt;
}

std::string_view value::number_text() const {
    const auto* n = std::get_if<number_literal>(&content_);
    return n ? std::string_view{n->text} : std::string_view{};
}

std::span<const value> value::items() const {
    const auto* items = std::get_if<std::vector<value>>(&content_);
    return items ? std::span<const value>{*items} : std::span<const value>{};
}

std::span<const member> value::members() const {
    const auto* members = std::get_if<std::vector<member>>(&content_);
    return members ? std::span<const member>{*members} : std::span<const member>{};
}

const value* value::find(std::string_view name) const {
    for (const member& m : members())
        if (m.name == name) return &m.value;
    return nullptr;
}

const value& value::nearest_to(std::string_view path) const {
    const value* v = this;
    while (!path.empty()) {
        const value* next = nullptr;
        if (path.front() == '.') path.remove_prefix(1);
        if (!path.empty() && path.front() == '[') {
            std::size_t index = 0;
            const auto [end, error] = std::from_chars(path.data() + 1, path.data() + path.size(), index);
            if (error == std::errc{} && index < v->items().size()) next = &v->items()[index];
            path.remove_prefix(
                std::min(path.size(), path.find(']') == path.npos ? path.size() : path.find(']') + 1));
        } else {
            const std::string_view name = path.substr(0, path.find_first_of(".["));
            next = v->find(name);
            path.remove_prefix(name.size());
        }
        if (!next) return *v;
        v = next;
    }
    return *v;
}

bool value::operator==(const value& other) const {
    if (type() != other.type()) return false;
    switch (type()) {
    case kind::null: return true;
    case kind::boolean: return boolean() == other.boolean();
    case kind::number: return number_text() == other.number_text();
    case kind::string: return string() == other.string();
    case kind::array: return std::ranges::equal(items(), other.items());
    case kind::object: break;
    }
    return members().size() == other.members().size() && std::ranges::all_of(members(), [&](const member& m) {
               const value* v = other.find(m.name);
               return v && *v == m.value;
           });
}

} // namespace mira::config
