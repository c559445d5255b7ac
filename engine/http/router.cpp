#include "engine/http/router.hpp"

#include <algorithm>
#include <stdexcept>

namespace mira::http {
namespace {

constexpr std::size_t most_segments = 10;

// The segments of a path; none where it does not begin with '/' ("*"), too_many where no route has as many.
struct split {
    std::array<std::string_view, most_segments> segment{};
    std::size_t count = 0;
    bool too_many = false;
};
split split_path(std::string_view path) {
    split s;
    if (!path.starts_with('/')) return s;
    while (!path.empty()) {
        path.remove_prefix(1);
        const auto slash = path.find('/');
        if (s.count == most_segments) {
            s.too_many = true;
            return s;
        }
        s.segment[s.count++] = path.substr(0, slash);
        if (slash == std::string_view::npos) break;
        path.remove_prefix(slash);
    }
    return s;
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

} // namespace

std::string methods::allow_value() const {
    std::string s;
    for (const method m :
         {method::get, method::head, method::post, method::put, method::patch, method::delete_}) {
        if (!has(m) && !(m == method::head && has(method::get))) continue;
        s += to_string(m);
        s += ", ";
    }
    return s + "OPTIONS";
}

router::router(std::span<const route> routes) {
    for (const route& r : routes) {
        entry e;
        e.route = &r;
        const split s = split_path(r.pattern);
        e.segments.assign(s.segment.begin(), s.segment.begin() + static_cast<std::ptrdiff_t>(s.count));
        if (std::ranges::count_if(e.segments, is_parameter) > static_cast<std::ptrdiff_t>(most_parameters) ||
            s.too_many)
            throw std::logic_error("route with too many segments: " + std::string{r.pattern});
        for (const stage& st : r.before_body) e.before_ids.push_back(id_of(st.name));
        for (const stage& st : r.after_body) e.after_ids.push_back(id_of(st.name));
        entries_.push_back(std::move(e));
    }
}

std::uint16_t router::id_of(std::string_view stage_name) {
    const auto it = std::ranges::find(stage_names_, stage_name);
    if (it == stage_names_.end()) stage_names_.push_back(stage_name);
    return static_cast<std::uint16_t>(std::ranges::find(stage_names_, stage_name) - stage_names_.begin());
}

router::match router::find(method verb, std::string_view path) const {
    match m;
    const split s = split_path(path);
    if (s.too_many || s.count == 0) return m;
    for (const entry& e : entries_) {
        if (e.segments.size() != s.count) continue;
        std::array<std::string_view, most_parameters> parameters{};
        std::size_t count = 0;
        bool same = true;
        for (std::size_t i = 0; same && i < s.count; ++i) {
            if (is_parameter(e.segments[i])) {
                same = !s.segment[i].empty();
                parameters[count++] = s.segment[i];
            } else {
                same = e.segments[i] == s.segment[i];
            }
        }
        if (!same) continue;
        m.path_known = true;
        m.allowed = m.allowed | e.route->verbs;
        if (e.route->verbs.has(verb) || (verb == method::head && e.route->verbs.has(method::get))) {
            m.found = &e;
            m.parameters = parameters;
            return m;
        }
    }
    return m;
}

} // namespace mira::http
