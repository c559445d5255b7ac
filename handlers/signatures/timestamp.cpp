#include "handlers/signatures/timestamp.hpp"

#include <cstdint>

namespace mira::signatures {
namespace {

std::optional<std::int64_t> digits(std::string_view s) {
    if (s.empty() || s.size() > 18) return std::nullopt;
    std::int64_t n = 0;
    for (const char c : s) {
        if (c < '0' || c > '9') return std::nullopt;
        n = n * 10 + (c - '0');
    }
    return n;
}

std::optional<wall_time> count(std::string_view s, std::size_t width, std::int64_t nanos_each) {
    if (s.size() != width || s[0] == '0') return std::nullopt;
    const auto n = digits(s);
    // 2286 is beyond what 64-bit nanoseconds hold from 1970 (2262), so the end of the range is that.
    if (!n || *n > INT64_MAX / nanos_each) return std::nullopt;
    return wall_time{nanoseconds{*n * nanos_each}};
}

// Takes a number of exactly that width from the front.
bool take(std::string_view& s, std::size_t width, int& out) {
    if (s.size() < width) return false;
    const auto n = digits(s.substr(0, width));
    if (!n) return false;
    out = static_cast<int>(*n);
    s.remove_prefix(width);
    return true;
}
bool take(std::string_view& s, char c) {
    if (s.empty() || s[0] != c) return false;
    s.remove_prefix(1);
    return true;
}

bool take_fraction(std::string_view& s, std::int64_t& nanos) {
    nanos = 0;
    if (!take(s, '.')) return true;
    std::size_t n = 0;
    std::int64_t unit = 100'000'000;
    while (n < s.size() && s[n] >= '0' && s[n] <= '9') {
        nanos += unit * (s[n] - '0');
        unit /= 10;
        if (++n > 9) return false;
    }
    s.remove_prefix(n);
    return n > 0;
}

bool take_offset(std::string_view& s, int& minutes) {
    minutes = 0;
    if (take(s, 'Z')) return true;
    if (s.empty() || (s[0] != '+' && s[0] != '-')) return false;
    const int sign = s[0] == '+' ? 1 : -1;
    s.remove_prefix(1);
    int h = 0, m = 0;
    if (!take(s, 2, h) || !take(s, ':') || !take(s, 2, m) || h > 23 || m > 59) return false;
    minutes = sign * (h * 60 + m);
    return true;
}

std::optional<wall_time> rfc3339(std::string_view s) {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offset = 0;
    std::int64_t nanos = 0;
    const bool shape = take(s, 4, year) && take(s, '-') && take(s, 2, month) && take(s, '-') &&
                       take(s, 2, day) && take(s, 'T') && take(s, 2, hour) && take(s, ':') &&
                       take(s, 2, minute) && take(s, ':') && take(s, 2, second) && take_fraction(s, nanos) &&
                       take_offset(s, offset) && s.empty();
    if (!shape || year < 2001 || year > 2261 || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return std::nullopt;
    return wall_time{std::chrono::sys_days{date}} + std::chrono::hours{hour} +
           std::chrono::minutes{minute - offset} + seconds{second} + nanoseconds{nanos};
}

} // namespace

std::optional<wall_time> parse_timestamp(std::string_view text, time_format format) {
    constexpr std::int64_t second = 1'000'000'000, millisecond = 1'000'000;
    switch (format) {
    case time_format::seconds: return count(text, 10, second);
    case time_format::milliseconds: return count(text, 13, millisecond);
    case time_format::seconds_or_milliseconds:
        return text.size() == 13 ? count(text, 13, millisecond) : count(text, 10, second);
    case time_format::rfc3339: return rfc3339(text);
    case time_format::rfc3339_or_milliseconds:
        return text.find('-') == std::string_view::npos ? count(text, 13, millisecond) : rfc3339(text);
    }
    return std::nullopt;
}

} // namespace mira::signatures
