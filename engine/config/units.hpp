#pragma once
// Figures with a unit, as they are written in a configuration, and back: format(parse(s)) names the same
// figure, and parse(format(x)) is x. Exact integers throughout; what overflows or carries an unknown unit is
// refused. Pure functions.
#include "engine/base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mira::config {

// "250ms", "10s", "5m", "24h", "7d", and a plain "0".
std::optional<milliseconds> parse_duration(std::string_view s);
std::string format_duration(milliseconds d);

// Bytes: "512B", "64KiB", "1MiB", "10GiB", "1TiB" (powers of 1024), "KB" to "TB" (powers of 1000), and a
// plain "0".
std::optional<std::uint64_t> parse_size(std::string_view s);
std::string format_size(std::uint64_t bytes);

// So many in so long, kept as the pair that was written, so that 10000/day loses nothing.
struct rate {
    std::uint64_t amount = 0; // 0: none
    seconds period{1};        // 1 s, 1 min, 1 h or 1 day
    bool operator==(const rate&) const = default;
};
// "100/s", "6/min", "50/hour", "10000/day", and a plain "0" for none.
std::optional<rate> parse_rate(std::string_view s);
std::string format_rate(rate r);

// Bytes a second: "240B/s", "1MiB/s", and a plain "0".
std::optional<std::uint64_t> parse_byte_rate(std::string_view s);
std::string format_byte_rate(std::uint64_t bytes_per_second);

// RFC 3339: "2027-01-01T00:00:00Z", with an offset in place of Z, with up to nine decimals; the years 1970 to
// 2261. No leap seconds: the clock that it is compared with has none.
std::optional<wall_time> parse_time(std::string_view s);
std::string format_time(wall_time t);

} // namespace mira::config
