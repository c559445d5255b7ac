#include "handlers/signatures/query.hpp"

#include "engine/base/encoding.hpp"

#include <array>

namespace mira::signatures {

std::optional<std::string> percent_decoded(std::string_view s, bool plus_is_space) {
    std::string out;
    out.reserve(s.size());
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (s[i] == '+' && plus_is_space) {
            out += ' ';
        } else if (s[i] == '%') {
            std::array<unsigned char, 1> byte{};
            if (s.size() - i < 3 || from_hex(s.substr(i + 1, 2), byte) != 1u) return std::nullopt;
            out += static_cast<char>(byte[0]);
            i += 2;
        } else {
            out += s[i];
        }
    }
    return out;
}

namespace {

// Takes one parameter from the front of rest, undecoded.
std::pair<std::string_view, std::string_view> take(std::string_view& rest) {
    const auto end = rest.find('&');
    const std::string_view one = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const auto equals = one.find('=');
    if (equals == std::string_view::npos) return {one, {}};
    return {one.substr(0, equals), one.substr(equals + 1)};
}

} // namespace

parameter find_parameter(std::string_view query, std::string_view name, std::string_view& raw) {
    bool found = false;
    while (!query.empty()) {
        const auto [key, value] = take(query);
        if (key != name) continue;
        if (found) return parameter::many;
        found = true;
        raw = value;
    }
    return found ? parameter::one : parameter::absent;
}

std::optional<std::string> parameter_text(std::string_view query, std::string_view name) {
    std::string_view raw;
    if (find_parameter(query, name, raw) != parameter::one) return std::nullopt;
    return percent_decoded(raw, true);
}

std::optional<parameters> read_form(std::string_view form, std::size_t at_most) {
    parameters out;
    while (!form.empty()) {
        const auto [key, value] = take(form);
        if (key.empty() && value.empty()) continue;
        auto k = percent_decoded(key, true);
        auto v = percent_decoded(value, true);
        if (!k || !v || out.size() == at_most) return std::nullopt;
        out.emplace_back(std::move(*k), std::move(*v));
    }
    return out;
}

} // namespace mira::signatures
