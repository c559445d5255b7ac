#include "handlers/settings/fields.hpp"

#include "engine/config/wording.hpp"

#include <algorithm>
#include <array>

namespace mira::settings {
namespace {

using config::json_writer;
using config::reading;
using config::value;

constexpr std::size_t most_options = 32;
constexpr std::size_t most_option_name = 64;
constexpr std::size_t most_headers = 64;

std::string lower(std::string_view s) {
    std::string out{s};
    std::ranges::transform(out, out.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return out;
}

void expected(const value& v, std::string_view what, reading& r) {
    r.error(v, "expected " + std::string{what} + ", not " + std::string{v.type_name()});
}

constexpr std::array durabilities{config::choice{"memory", durability::memory},
                                  config::choice{"written", durability::written},
                                  config::choice{"fsync", durability::fsync}};

// RFC 6901, section 3.
bool is_pointer(std::string_view s) {
    if (s.empty() || s.front() != '/') return false; // the whole document is no key
    for (std::size_t i = 0; i < s.size(); ++i)
        if (s[i] == '~' && (i + 1 == s.size() || (s[i + 1] != '0' && s[i + 1] != '1'))) return false;
    return true;
}

} // namespace

void scheme_field::read(const value& v, reading& r) const {
    if (const auto s = v.string())
        target() = {std::string{*s}, nullptr};
    else if (v.is(value::kind::object))
        target() = {{}, std::make_shared<const value>(v)};
    else
        expected(v, R"(a preset's name such as "github", or an object)", r);
}

void scheme_field::write(json_writer& w) const {
    if (target().own)
        w.any(*target().own);
    else
        w.string(target().preset);
}

void locator_field::read(const value& v, reading& r) const {
    constexpr std::array<std::string_view, 2> names{"header", "pointer"};
    if (v.is_null()) {
        target() = {};
        return;
    }
    if (v.string() == "none") {
        target() = {locator::kind::none, {}};
        return;
    }
    if (!v.is(value::kind::object) || v.members().size() != 1)
        return r.error(v, "expected null, " + bounds());
    const config::member& m = v.members().front();
    if (std::ranges::find(names, m.name) == names.end()) return r.unknown(m, names);
    const reading::step step{r, m.name};
    std::string text;
    if (m.name == "header") {
        config::text_field{text, header_name_rule}.read(m.value, r);
        target() = {locator::kind::header, lower(text)};
        return;
    }
    const auto s = m.value.string();
    if (!s) return expected(m.value, R"(a JSON pointer such as "/data/id")", r);
    if (!is_pointer(*s) || s->size() > 1024)
        return r.error(m.value,
                       config::quoted(*s) + R"( is no JSON pointer; expected one such as "/data/id")");
    target() = {locator::kind::pointer, std::string{*s}};
}

void locator_field::write(json_writer& w) const {
    switch (target().where) {
    case locator::kind::by_scheme: return w.raw("null");
    case locator::kind::none: return w.string("none");
    case locator::kind::header:
    case locator::kind::pointer: break;
    }
    w.begin_object();
    w.key(target().where == locator::kind::header ? "header" : "pointer");
    w.string(target().text);
    w.end_object();
}

std::string kept_headers_field::bounds() const {
    return "\"all\", or a list of at most " + std::to_string(most_headers) + " names";
}

void kept_headers_field::read(const value& v, reading& r) const {
    if (v.is_null()) {
        target() = {};
        return;
    }
    if (v.string() == "all") {
        target() = {kept_headers::kind::all, {}};
        return;
    }
    if (!v.is(value::kind::array) || v.items().size() > most_headers)
        return r.error(v, "expected null, " + bounds());
    kept_headers out{kept_headers::kind::listed, {}};
    for (std::size_t i = 0; i < v.items().size(); ++i) {
        const reading::step step{r, i};
        std::string name;
        config::text_field{name, header_name_rule}.read(v.items()[i], r);
        out.names.push_back(lower(name));
    }
    target() = std::move(out);
}

void kept_headers_field::write(json_writer& w) const {
    if (target().which == kept_headers::kind::by_pipeline) return w.raw("null");
    if (target().which == kept_headers::kind::all) return w.string("all");
    w.begin_array(true);
    for (const std::string& name : target().names) w.string(name);
    w.end_array();
}

std::string options_field::bounds() const {
    return "at most " + std::to_string(most_options) + ", each a literal, env:NAME or file:PATH";
}

void options_field::read(const value& v, reading& r) const {
    if (!v.is(value::kind::object))
        return expected(v, R"(an object of strings such as {"webhook_id": "..."})", r);
    if (v.members().size() > most_options)
        return r.error(v, "has " + std::to_string(v.members().size()) + " entries; expected at most " +
                              std::to_string(most_options));
    std::map<std::string, config::secret> out;
    for (const config::member& m : v.members()) {
        if (m.name.size() > most_option_name || header_name_rule.check(m.name)) {
            r.error(m.at,
                    config::quoted(m.name) + " is no option's name; expected one such as \"webhook_id\"");
            continue;
        }
        const reading::step step{r, m.name};
        if (auto s = config::read_secret(m.value, r)) out.insert_or_assign(m.name, std::move(*s));
    }
    target() = std::move(out);
}

void options_field::write(json_writer& w) const {
    w.begin_object();
    for (const auto& [name, s] : target()) {
        w.key(name);
        config::write_secret(s, w);
    }
    w.end_object();
}

std::string durability_field::bounds() const { return config::choice_field{target(), durabilities}.bounds(); }

void durability_field::read(const value& v, reading& r) const {
    if (v.string() == "replicated")
        return r.error(v,
                       "\"replicated\" is not available in this version: an event is kept by one instance; "
                       "\"fsync\" is the strongest level");
    config::choice_field{target(), durabilities}.read(v, r);
}

void durability_field::write(json_writer& w) const { config::choice_field{target(), durabilities}.write(w); }

} // namespace mira::settings
