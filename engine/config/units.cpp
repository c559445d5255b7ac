#include "engine/config/units.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <limits>
#include <span>

namespace mira::config {
namespace {

struct unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array durations{unit{"ms", 1}, unit{"s", 1'000}, unit{"m", 60'000}, unit{"h", 3'600'000},
                               unit{"d", 86'400'000}};
// In the order in which a figure is written back: the largest power of 1024 that leaves none over, else
// bytes.
constexpr std::array sizes{unit{"TiB", std::uint64_t{1} << 40},
                           unit{"GiB", std::uint64_t{1} << 30},
                           unit{"MiB", std::uint64_t{1} << 20},
                           unit{"KiB", std::uint64_t{1} << 10},
                           unit{"B", 1},
                           unit{"KB", 1'000},
                           unit{"MB", 1'000'000},
                           unit{"GB", 1'000'000'000},
                           unit{"TB", 1'000'000'000'000}};
constexpr std::size_t written_sizes = 5;
constexpr std::array periods{unit{"s", 1}, unit{"min", 60}, unit{"hour", 3'600}, unit{"day", 86'400}};

// Decimal digits and nothing before them; moves s behind them.
std::optional<std::uint64_t> take_integer(std::string_view& s) {
    if (s.empty() || s.front() < '0' || s.front() > '9') return std::nullopt;
    std::uint64_t n = 0;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), n);
    if (error != std::errc{}) return std::nullopt;
    s.remove_prefix(static_cast<std::size_t>(end - s.data()));
    return n;
}

std::optional<std::uint64_t> factor_of(std::string_view name, std::span<const unit> units) {
    for (const unit& u : units)
        if (u.name == name) return u.factor;
    return std::nullopt;
}

// A figure and its unit, in the smallest unit; at most 2^63 - 1.
std::optional<std::uint64_t> parse_figure(std::string_view s, std::span<const unit> units) {
    if (s == "0") return 0;
    const auto n = take_integer(s);
    if (!n) return std::nullopt;
    const auto factor = factor_of(s, units);
    std::uint64_t product = 0;
    if (!factor || __builtin_mul_overflow(*n, *factor, &product)) return std::nullopt;
    if (product > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
    return product;
}

// Exactly n digits.
std::optional<int> take_digits(std::string_view& s, std::size_t n) {
    if (s.size() < n) return std::nullopt;
    int out = 0;
    for (std::size_t i = 0; i < n; ++i) {
        if (s[i] < '0' || s[i] > '9') return std::nullopt;
        out = out * 10 + (s[i] - '0');
    }
    s.remove_prefix(n);
    return out;
}

bool take(std::string_view& s, char c) {
    if (s.empty() || s.front() != c) return false;
    s.remove_prefix(1);
    return true;
}

// Two-digit fields with a separator between them, as in 10:20:30.
template <std::size_t N>
std::optional<std::array<int, N>> take_fields(std::string_view& s, char separator) {
    std::array<int, N> out{};
    for (std::size_t i = 0; i < N; ++i) {
        if (i > 0 && !take(s, separator)) return std::nullopt;
        const auto n = take_digits(s, 2);
        if (!n) return std::nullopt;
        out[i] = *n;
    }
    return out;
}

std::optional<nanoseconds> take_fraction(std::string_view& s) {
    if (!take(s, '.')) return nanoseconds{0};
    std::int64_t n = 0;
    std::size_t digits = 0;
    while (!s.empty() && s.front() >= '0' && s.front() <= '9' && digits < 9) {
        n = n * 10 + (s.front() - '0');
        s.remove_prefix(1);
        ++digits;
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 9; ++digits) n *= 10;
    return nanoseconds{n};
}

std::optional<std::chrono::minutes> take_offset(std::string_view& s) {
    if (take(s, 'Z') || take(s, 'z')) return std::chrono::minutes{0};
    const bool minus = s.starts_with('-');
    if (!take(s, '-') && !take(s, '+')) return std::nullopt;
    const auto fields = take_fields<2>(s, ':');
    if (!fields || (*fields)[0] > 23 || (*fields)[1] > 59) return std::nullopt;
    const std::chrono::minutes offset{(*fields)[0] * 60 + (*fields)[1]};
    return minus ? -offset : offset;
}

void append_padded(std::string& out, std::int64_t n, std::size_t width) {
    const std::string digits = std::to_string(n);
    out.append(width > digits.size() ? width - digits.size() : 0, '0');
    out += digits;
}

} // namespace

std::optional<milliseconds> parse_duration(std::string_view s) {
    const auto ms = parse_figure(s, durations);
    if (!ms) return std::nullopt;
    return milliseconds{static_cast<std::int64_t>(*ms)};
}

std::string format_duration(milliseconds d) {
    const std::int64_t ms = d.count();
    if (ms == 0) return "0";
    // A day is told in hours, since "24h" is what people write.
    for (auto u = durations.rbegin(); u != durations.rend(); ++u) {
        const auto factor = static_cast<std::int64_t>(u->factor);
        if (ms % factor == 0 && (u->name != "d" || ms > factor))
            return std::to_string(ms / factor) + std::string{u->name};
    }
    return std::to_string(ms) + "ms";
}

std::optional<std::uint64_t> parse_size(std::string_view s) { return parse_figure(s, sizes); }

std::string format_size(std::uint64_t bytes) {
    if (bytes == 0) return "0";
    for (const unit& u : std::span{sizes}.first(written_sizes))
        if (bytes % u.factor == 0) return std::to_string(bytes / u.factor) + std::string{u.name};
    return std::to_string(bytes) + "B";
}

std::optional<rate> parse_rate(std::string_view s) {
    if (s == "0") return rate{};
    const auto amount = take_integer(s);
    if (!amount || !take(s, '/')) return std::nullopt;
    const auto period = factor_of(s, periods);
    if (!period) return std::nullopt;
    return rate{*amount, seconds{static_cast<std::int64_t>(*period)}};
}

std::string format_rate(rate r) {
    if (r.amount == 0) return "0";
    for (const unit& u : periods)
        if (r.period == seconds{static_cast<std::int64_t>(u.factor)})
            return std::to_string(r.amount) + "/" + std::string{u.name};
    return std::to_string(r.amount) + "/" + std::to_string(r.period.count()) + "s"; // made by no parse_rate
}

std::optional<std::uint64_t> parse_byte_rate(std::string_view s) {
    if (s == "0") return 0;
    if (!s.ends_with("/s")) return std::nullopt;
    return parse_size(s.substr(0, s.size() - 2));
}

std::string format_byte_rate(std::uint64_t bytes_per_second) {
    return bytes_per_second == 0 ? "0" : format_size(bytes_per_second) + "/s";
}

std::optional<wall_time> parse_time(std::string_view s) {
    namespace chrono = std::chrono;
    const auto year = take_digits(s, 4);
    if (!year || *year < 1970 || *year > 2261 || !take(s, '-')) return std::nullopt;
    const auto month_day = take_fields<2>(s, '-');
    if (!month_day || (!take(s, 'T') && !take(s, 't'))) return std::nullopt;
    const auto clock = take_fields<3>(s, ':');
    if (!clock || (*clock)[0] > 23 || (*clock)[1] > 59 || (*clock)[2] > 59) return std::nullopt;
    const auto fraction = take_fraction(s);
    if (!fraction) return std::nullopt;
    const auto offset = take_offset(s);
    if (!offset || !s.empty()) return std::nullopt;
    const chrono::year_month_day date{chrono::year{*year},
                                      chrono::month{static_cast<unsigned>((*month_day)[0])},
                                      chrono::day{static_cast<unsigned>((*month_day)[1])}};
    if (!date.ok()) return std::nullopt;
    const wall_time t = wall_time{chrono::sys_days{date}} + chrono::hours{(*clock)[0]} +
                        chrono::minutes{(*clock)[1]} + seconds{(*clock)[2]} + *fraction - *offset;
    // Again, since the offset may have carried it out of those years.
    const wall_time end{chrono::sys_days{chrono::year{2262} / 1 / 1}};
    if (t < wall_time{} || t >= end) return std::nullopt;
    return t;
}

std::string format_time(wall_time t) {
    namespace chrono = std::chrono;
    const auto day = chrono::floor<chrono::days>(t);
    const chrono::year_month_day date{day};
    const chrono::hh_mm_ss clock{t - day};
    std::string out;
    append_padded(out, static_cast<int>(date.year()), 4);
    out += '-';
    append_padded(out, static_cast<unsigned>(date.month()), 2);
    out += '-';
    append_padded(out, static_cast<unsigned>(date.day()), 2);
    out += 'T';
    append_padded(out, clock.hours().count(), 2);
    out += ':';
    append_padded(out, clock.minutes().count(), 2);
    out += ':';
    append_padded(out, clock.seconds().count(), 2);
    if (clock.subseconds().count() != 0) {
        out += '.';
        append_padded(out, clock.subseconds().count(), 9);
        while (out.back() == '0') out.pop_back();
    }
    return out + 'Z';
}

} // namespace mira::config
