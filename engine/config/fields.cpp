#include "engine/config/fields.hpp"

#include "engine/config/wording.hpp"

#include <algorithm>
#include <charconv>

namespace mira::config {
namespace {

// "expected ..., not a list"
void wrong_type(const value& v, std::string_view expected, reading& r) {
    r.error(v, "expected " + std::string{expected} + ", not " + std::string{v.type_name()});
}

std::string range(const std::string& least, const std::string& most, zero_meaning zero) {
    std::string out = least + " to " + most;
    if (!zero.empty()) out += ", or 0: " + std::string{zero};
    return out;
}

// A figure with a unit: a string, or else the commonest mistakes explained.
std::optional<std::string_view> unit_text(const value& v, std::string_view examples, reading& r) {
    if (const auto s = v.string()) return s;
    if (!v.number_text().empty())
        r.error(v, "a figure without its unit; expected a string such as " + std::string{examples});
    else
        wrong_type(v, "a string such as " + std::string{examples}, r);
    return std::nullopt;
}

template <class T, class Format>
bool within(const value& v, T n, T least, T most, zero_meaning zero, Format format, reading& r) {
    if ((n >= least && n <= most) || (n == T{} && !zero.empty())) return true;
    r.error(v, format(n) + " is out of bounds; expected " + range(format(least), format(most), zero));
    return false;
}

std::string format_number(double n) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), n).ptr;
    return {text.data(), end};
}

} // namespace

void boolean_field::read(const value& v, reading& r) const {
    if (const auto b = v.boolean())
        target() = *b;
    else
        wrong_type(v, "true or false", r);
}

void boolean_field::write(json_writer& w) const { w.raw(target() ? "true" : "false"); }

std::optional<std::int64_t> detail::read_integer(const value& v, std::int64_t least, std::int64_t most,
                                                 zero_meaning zero, reading& r) {
    if (v.is(value::kind::string))
        r.error(v, "expected an integer, without quotes");
    else if (v.number_text().empty())
        wrong_type(v, "an integer", r);
    else if (const auto n = v.integer(); !n)
        r.error(v, "expected an integer, " + integer_bounds(least, most, zero));
    else if (within(
                 v, *n, least, most, zero, [](std::int64_t i) { return std::to_string(i); }, r))
        return n;
    return std::nullopt;
}

std::string detail::integer_bounds(std::int64_t least, std::int64_t most, zero_meaning zero) {
    return range(std::to_string(least), std::to_string(most), zero);
}

std::string number_field::bounds() const { return range(format_number(least_), format_number(most_), {}); }

void number_field::read(const value& v, reading& r) const {
    const auto n = v.number();
    if (v.is(value::kind::string))
        r.error(v, "expected a number, without quotes");
    else if (!n)
        wrong_type(v, "a number", r);
    else if (within(v, *n, least_, most_, {}, format_number, r))
        target() = *n;
}

void number_field::write(json_writer& w) const { w.raw(format_number(target())); }

void text_field::read(const value& v, reading& r) const {
    const auto s = v.string();
    if (!s) return wrong_type(v, "a string", r);
    if (s->size() > rule_.most)
        return r.error(v, "has " + std::to_string(s->size()) + " bytes; expected at most " +
                              std::to_string(rule_.most));
    if (rule_.check) {
        if (const auto wrong = rule_.check(*s)) return r.error(v, quoted(*s) + " " + *wrong);
    }
    target() = *s;
}

constinit const text_rule path_rule{"path", "", [](std::string_view s) -> std::optional<std::string> {
                                        if (s.empty()) return "is no path";
                                        if (s.find('\0') != s.npos) return "holds a NUL, which no path can";
                                        return std::nullopt;
                                    }};

std::optional<std::size_t> detail::read_choice(const value& v, std::span<const std::string_view> names,
                                               reading& r) {
    const auto s = v.string();
    if (!s) {
        wrong_type(v, alternatives(names), r);
        return std::nullopt;
    }
    const auto it = std::ranges::find(names, *s);
    if (it != names.end()) return static_cast<std::size_t>(it - names.begin());
    std::string what = "expected " + alternatives(names) + ", not " + quoted(*s);
    if (const auto meant = nearest(*s, names)) what += "; did you mean " + quoted(*meant) + "?";
    r.error(v, std::move(what));
    return std::nullopt;
}

std::string detail::choice_bounds(std::span<const std::string_view> names) {
    std::string out;
    for (const std::string_view name : names) out += (out.empty() ? "" : ", ") + std::string{name};
    return out;
}

std::string duration_field::bounds() const {
    return range(format_duration(least_), format_duration(most_), zero_);
}

void duration_field::read(const value& v, reading& r) const {
    constexpr std::string_view examples = R"("250ms", "10s", "5m", "24h" or "7d")";
    const auto s = unit_text(v, examples, r);
    if (!s) return;
    const auto d = parse_duration(*s);
    if (!d) return r.error(v, quoted(*s) + " is no duration; expected one such as " + std::string{examples});
    if (within(v, *d, least_, most_, zero_, format_duration, r)) target() = *d;
}

std::string size_field::bounds() const { return range(format_size(least_), format_size(most_), {}); }

void size_field::read(const value& v, reading& r) const {
    constexpr std::string_view examples = R"("512B", "64KiB", "1MiB" or "10GiB")";
    const auto s = unit_text(v, examples, r);
    if (!s) return;
    const auto n = parse_size(*s);
    if (!n) return r.error(v, quoted(*s) + " is no size; expected one such as " + std::string{examples});
    if (within(v, *n, least_, most_, {}, format_size, r)) target() = *n;
}

std::string byte_rate_field::bounds() const {
    return range(format_byte_rate(least_), format_byte_rate(most_), zero_);
}

void byte_rate_field::read(const value& v, reading& r) const {
    constexpr std::string_view examples = R"("240B/s" or "1MiB/s")";
    const auto s = unit_text(v, examples, r);
    if (!s) return;
    const auto n = parse_byte_rate(*s);
    if (!n) return r.error(v, quoted(*s) + " is no byte rate; expected one such as " + std::string{examples});
    if (within(v, *n, least_, most_, zero_, format_byte_rate, r)) target() = *n;
}

std::string rate_field::bounds() const {
    return "1 to " + std::to_string(most_) + " per s, min, hour or day, or 0: none";
}

void rate_field::read(const value& v, reading& r) const {
    constexpr std::string_view examples = R"("100/s", "600/min", "50/hour", "10000/day" or "0")";
    const auto s = unit_text(v, examples, r);
    if (!s) return;
    auto parsed = parse_rate(*s);
    if (!parsed) return r.error(v, quoted(*s) + " is no rate; expected one such as " + std::string{examples});
    if (parsed->amount > most_)
        return r.error(v, quoted(*s) + " is out of bounds; expected at most " + std::to_string(most_) +
                              " in a period");
    if (parsed->amount == 0) parsed = rate{}; // one way to say none
    target() = *parsed;
}

void time_field::read(const value& v, reading& r) const {
    const auto s = v.string();
    if (!s) return wrong_type(v, "a time such as \"2027-01-01T00:00:00Z\"", r);
    const auto t = parse_time(*s);
    if (!t)
        return r.error(v, quoted(*s) + " is no time; expected RFC 3339, such as \"2027-01-01T00:00:00Z\"");
    target() = *t;
}

std::string networks_field::bounds() const {
    return "at most " + std::to_string(most_) + R"(, such as "10.0.0.0/8" or "::1")";
}

void networks_field::read(const value& v, reading& r) const {
    if (!v.is(value::kind::array)) return wrong_type(v, R"(a list such as ["10.0.0.0/8", "::1"])", r);
    if (v.items().size() > most_)
        return r.error(v, "has " + std::to_string(v.items().size()) + " entries; expected at most " +
                              std::to_string(most_));
    std::vector<network> out;
    for (std::size_t i = 0; i < v.items().size(); ++i) {
        const reading::step step{r, i};
        const value& item = v.items()[i];
        const auto s = item.string();
        if (!s) {
            wrong_type(item, R"(a network such as "10.0.0.0/8")", r);
            continue;
        }
        const auto parsed = parse_network(*s);
        if (parsed.fault == network_fault::host_bits_set)
            r.error(item, quoted(*s) + " has bits set behind its prefix; did you mean " +
                              quoted(format_network(parsed.value)) + "?");
        else if (parsed.fault)
            r.error(
                item,
                quoted(*s) +
                    R"( is no network; expected one such as "10.0.0.0/8", "2001:db8::/32" or "127.0.0.1")");
        else
            out.push_back(parsed.value);
    }
    target() = std::move(out);
}

void networks_field::write(json_writer& w) const {
    w.begin_array(true);
    for (const network& n : target()) w.string(format_network(n));
    w.end_array();
}

} // namespace mira::config
