#include "engine/config/wording.hpp"

#include "engine/config/utf8.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace mira::config {
namespace {

constexpr std::size_t longest_compared = 48;
constexpr std::size_t most_listed = 40;

char folded(char c) {
    if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
    return c == '-' ? '_' : c;
}

// Optimal string alignment: insertion, deletion, replacement, swap of neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
    using row = std::array<std::size_t, longest_compared + 1>;
    row before{}, last{}, now{};
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        now[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t differs = folded(a[i - 1]) == folded(b[j - 1]) ? 0 : 1;
            now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + differs});
            if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
                folded(a[i - 2]) == folded(b[j - 1]))
                now[j] = std::min(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
    }
    return last[b.size()];
}

void append_escaped(std::string& out, std::uint32_t c) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += "\\u{";
    int shift = c > 0xFFFF ? 20 : 12;
    for (; shift >= 0; shift -= 4) out += digits[(c >> shift) & 0xF];
    out += '}';
}

} // namespace

std::string quoted(std::string_view s, std::size_t most) {
    std::string out = "\"";
    std::size_t shown = 0;
    while (!s.empty()) {
        if (shown++ == most) return out + "...\"";
        const character c = next_character(s);
        if (c.code == '"' || c.code == '\\') out += '\\';
        if (c.code >= 0x20 && c.code < 0x7F)
            out += static_cast<char>(c.code);
        else
            append_escaped(out, c.code);
        s.remove_prefix(c.size);
    }
    return out + '"';
}

std::optional<std::string_view> nearest(std::string_view unknown, std::span<const std::string_view> known) {
    if (unknown.empty() || unknown.size() > longest_compared) return std::nullopt;
    std::optional<std::string_view> best;
    std::size_t best_distance = 0;
    for (const std::string_view name : known) {
        if (name.empty() || name.size() > longest_compared) continue;
        const std::size_t d = distance(unknown, name);
        const std::size_t allowed = std::max<std::size_t>(1, std::max(name.size(), unknown.size()) / 3);
        // A distance of the whole word would make any word as near as another.
        if (d > 0 && (d > allowed || d >= std::min(name.size(), unknown.size()))) continue;
        if (!best || d < best_distance) {
            best = name;
            best_distance = d;
        }
    }
    return best;
}

std::string alternatives(std::span<const std::string_view> names, std::string_view last) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i == most_listed) return out + ", ...";
        if (i > 0) out += i + 1 == names.size() ? last : ", ";
        out += quoted(names[i]);
    }
    return out;
}

std::string hint(std::string_view unknown, std::span<const std::string_view> known) {
    if (const auto name = nearest(unknown, known)) return "did you mean " + quoted(*name) + "?";
    if (known.empty()) return "none is known here";
    return "known here: " + alternatives(known, ", ");
}

std::vector<std::string_view> views(std::span<const std::string> strings) {
    return {strings.begin(), strings.end()};
}

} // namespace mira::config
