#include "engine/config/fields.hpp"
#include "engine/config/wording.hpp"

#include <algorithm>
#include <array>

namespace mira::config {
namespace {

constexpr std::array<std::string_view, 2> secret_members{"value", "not_after"};

void not_a_secret(const value& v, reading& r) {
    r.error(v, "expected a secret: \"env:NAME\", \"file:PATH\" or the secret itself, not " +
                   std::string{v.type_name()});
}

// {"value": ..., "not_after": ...}
std::optional<expiring_secret> read_object(const value& v, reading& r) {
    expiring_secret out;
    for (const member& m : v.members())
        if (std::ranges::find(secret_members, m.name) == secret_members.end()) r.unknown(m, secret_members);
    if (const value* text = v.find("value")) {
        const reading::step step{r, "value"};
        if (auto s = read_secret(*text, r)) out.value = std::move(*s);
    }
    if (const value* end = v.find("not_after")) {
        const reading::step step{r, "not_after"};
        wall_time t{};
        time_field{t}.read(*end, r);
        out.not_after = t;
    }
    if (!v.find("value"))
        r.error(v, R"("value" is missing: {"value": "env:NAME", "not_after": "2027-01-01T00:00:00Z"})");
    if (!out.value) return std::nullopt;
    return out;
}

std::optional<expiring_secret> read_one(const value& v, reading& r) {
    if (v.is(value::kind::object)) {
        auto out = read_object(v, r);
        if (out && out->not_after && *out->not_after < r.surroundings().now())
            r.warn(v,
                   "this secret ended on " + format_time(*out->not_after) + " and verifies nothing any more");
        return out;
    }
    auto s = read_secret(v, r);
    if (!s) return std::nullopt;
    return expiring_secret{std::move(*s), std::nullopt};
}

// Masks all from the user's colon to the last @, so that a password with a stray / or @ in it does not show
// either.
std::string mask_user(std::string_view url) {
    const auto at = url.rfind('@');
    if (at == url.npos) return std::string{url};
    const auto slashes = url.find("://");
    const std::size_t scheme = slashes < at ? slashes + 3 : url.find(':') + 1;
    if (scheme > at) return std::string{url};
    const auto colon = url.substr(scheme, at - scheme).find(':');
    if (colon == url.npos) return std::string{url};
    return std::string{url.substr(0, scheme + colon + 1)} + std::string{mask} + std::string{url.substr(at)};
}

} // namespace

std::optional<secret> read_secret(const value& v, reading& r) {
    const auto s = v.string();
    if (!s) {
        not_a_secret(v, r);
        return std::nullopt;
    }
    resolved_secret resolved = resolve_secret(*s, r.surroundings());
    if (!resolved.warning.empty()) r.warn(v, std::move(resolved.warning));
    if (!resolved.error.empty()) {
        r.error(v, std::move(resolved.error));
        return std::nullopt;
    }
    return std::move(resolved.value);
}

void write_secret(const secret& s, json_writer& w) {
    if (!s)
        w.raw("null");
    else
        w.string(s.origin().empty() ? mask : std::string_view{s.origin()});
}

void secret_field::read(const value& v, reading& r) const {
    if (v.is_null())
        target() = secret{};
    else if (auto s = read_secret(v, r))
        target() = std::move(*s);
}

void secret_field::write(json_writer& w) const { write_secret(target(), w); }

std::string secrets_field::bounds() const {
    return "at most " + std::to_string(most_) +
           R"(, each a literal, env:NAME, file:PATH or {"value", "not_after"})";
}

void secrets_field::read(const value& v, reading& r) const {
    std::vector<expiring_secret> out;
    if (v.is(value::kind::array)) {
        if (v.items().size() > most_)
            return r.error(v, "has " + std::to_string(v.items().size()) + " entries; expected at most " +
                                  std::to_string(most_));
        for (std::size_t i = 0; i < v.items().size(); ++i) {
            const reading::step step{r, i};
            if (auto one = read_one(v.items()[i], r)) out.push_back(std::move(*one));
        }
    } else if (!v.is_null()) {
        if (auto one = read_one(v, r)) out.push_back(std::move(*one));
    }
    target() = std::move(out);
}

void secrets_field::write(json_writer& w) const {
    bool plain = true;
    for (const expiring_secret& s : target()) plain = plain && !s.not_after;
    w.begin_array(plain);
    for (const expiring_secret& s : target()) {
        if (!s.not_after) {
            write_secret(s.value, w);
            continue;
        }
        w.begin_object();
        w.key("value");
        write_secret(s.value, w);
        w.key("not_after");
        w.string(format_time(*s.not_after));
        w.end_object();
    }
    w.end_array();
}

std::string without_password(std::string_view url) {
    // PostgreSQL takes a password among the parameters as well.
    constexpr std::string_view parameter = "password=";
    std::string out = mask_user(url);
    const auto query = out.find('?');
    for (auto at = out.find(parameter, query); query != out.npos && at != out.npos;
         at = out.find(parameter, at)) {
        at += parameter.size();
        const auto end = out.find_first_of("&#", at);
        out.replace(at, end == out.npos ? out.npos : end - at, mask);
    }
    return out;
}

void secret_url_field::read(const value& v, reading& r) const {
    if (v.is_null()) {
        target() = secret{};
        return;
    }
    auto s = read_secret(v, r);
    if (!s) return;
    const std::string_view url = s->expose();
    // The URL itself is never part of a message: what is wrong with it may be that the password has split it.
    if (url.find(std::string{":"} + std::string{mask} + "@") != url.npos)
        return r.error(v, "*** stands for a masked password; write the password, or the whole URL as "
                          "env:NAME or file:PATH");
    if (url.size() > rule_.most)
        return r.error(v, "this URL has more than " + std::to_string(rule_.most) + " bytes");
    if (rule_.check) {
        if (const auto wrong = rule_.check(url)) return r.error(v, "this URL " + *wrong);
    }
    target() = std::move(*s);
}

void secret_url_field::write(json_writer& w) const {
    const secret& s = target();
    if (s && s.origin().empty())
        w.string(without_password(s.expose()));
    else
        write_secret(s, w);
}

} // namespace mira::config
