#include "engine/config/units.hpp"

#include <doctest/doctest.h>

using namespace mira;
using namespace mira::config;
using namespace std::chrono_literals;

TEST_CASE("config units: durations") {
    CHECK(parse_duration("250ms") == 250ms);
    CHECK(parse_duration("10s") == 10s);
    CHECK(parse_duration("5m") == 5min);
    CHECK(parse_duration("24h") == 24h);
    CHECK(parse_duration("7d") == 168h);
    CHECK(parse_duration("0") == 0ms);
    CHECK(parse_duration("0s") == 0ms);
    for (const char* text :
         {"", "s", "10", "10 s", " 10s", "10s ", "-1s", "+1s", "1.5s", "10S", "10sec", "1h30m", "10M", "1w"})
        CHECK_MESSAGE(!parse_duration(text), text);
    CHECK(parse_duration("9223372036854775807ms") == milliseconds{9223372036854775807});
    CHECK_FALSE(parse_duration("9223372036854775808ms"));
    CHECK(parse_duration("106751991167d").has_value()); // the last whole day below 2^63 ms
    CHECK_FALSE(parse_duration("106751991168d"));
    CHECK_FALSE(parse_duration("99999999999999999999s"));
    CHECK_FALSE(parse_duration("213503982335d")); // wraps to a small figure in 64 bits
}

TEST_CASE("config units: durations are written in the largest unit that leaves nothing over") {
    CHECK(format_duration(0ms) == "0");
    CHECK(format_duration(250ms) == "250ms");
    CHECK(format_duration(1500ms) == "1500ms");
    CHECK(format_duration(90s) == "90s");
    CHECK(format_duration(5min) == "5m");
    CHECK(format_duration(24h) == "24h");
    CHECK(format_duration(48h) == "2d");
    CHECK(format_duration(25h) == "25h");
}

TEST_CASE("config units: sizes") {
    CHECK(parse_size("512B") == 512u);
    CHECK(parse_size("64KiB") == 65536u);
    CHECK(parse_size("1MiB") == 1048576u);
    CHECK(parse_size("10GiB") == 10737418240u);
    CHECK(parse_size("1TiB") == 1099511627776u);
    CHECK(parse_size("1KB") == 1000u);
    CHECK(parse_size("2MB") == 2000000u);
    CHECK(parse_size("3GB") == 3000000000u);
    CHECK(parse_size("1TB") == 1000000000000u);
    CHECK(parse_size("0") == 0u);
    for (const char* text : {"", "B", "1", "1M", "1mib", "1 MiB", "-1B", "1.5MiB", "1MiBs", "1kB", "1PiB"})
        CHECK_MESSAGE(!parse_size(text), text);
    CHECK(parse_size("8388607TiB").has_value()); // the last below 2^63
    CHECK_FALSE(parse_size("8388608TiB"));
    CHECK_FALSE(parse_size("16777216TiB")); // 2^64
}

TEST_CASE("config units: sizes are written back exactly") {
    CHECK(format_size(0) == "0");
    CHECK(format_size(1) == "1B");
    CHECK(format_size(1000) == "1000B");
    CHECK(format_size(1024) == "1KiB");
    CHECK(format_size(1025) == "1025B");
    CHECK(format_size(1536) == "1536B");
    CHECK(format_size(10737418240) == "10GiB");
    for (const std::uint64_t n : {1ull, 1023ull, 1000000ull, 1048577ull, 3ull << 40})
        CHECK(parse_size(format_size(n)) == n);
}

TEST_CASE("config units: rates are exact pairs") {
    CHECK(parse_rate("100/s") == rate{100, 1s});
    CHECK(parse_rate("6/min") == rate{6, 60s});
    CHECK(parse_rate("50/hour") == rate{50, 3600s});
    CHECK(parse_rate("10000/day") == rate{10000, 86400s});
    CHECK(parse_rate("0") == rate{});
    CHECK(parse_rate("18446744073709551615/s") == rate{18446744073709551615u, 1s});
    CHECK_FALSE(parse_rate("18446744073709551616/s"));
    for (const char* text :
         {"", "100", "/s", "100/", "100s", "100/m", "100/sec", "-1/s", "1.5/s", "100 / s", "100/s "})
        CHECK_MESSAGE(!parse_rate(text), text);
    for (const char* text : {"100/s", "6/min", "50/hour", "10000/day", "0"})
        CHECK(format_rate(*parse_rate(text)) == text);
}

TEST_CASE("config units: byte rates") {
    CHECK(parse_byte_rate("240B/s") == 240u);
    CHECK(parse_byte_rate("1KiB/s") == 1024u);
    CHECK(parse_byte_rate("0") == 0u);
    for (const char* text : {"240", "240/s", "240B", "240B/min", "B/s", "/s", ""})
        CHECK_MESSAGE(!parse_byte_rate(text), text);
    CHECK(format_byte_rate(240) == "240B/s");
    CHECK(format_byte_rate(2048) == "2KiB/s");
    CHECK(format_byte_rate(0) == "0");
}

// The examples of RFC 3339, section 5.8, but for its leap seconds and its year 1937.
TEST_CASE("config units: times of RFC 3339") {
    CHECK(parse_time("1985-04-12T23:20:50.52Z") == wall_time{seconds{482196050} + 520ms});
    CHECK(parse_time("1996-12-19T16:39:57-08:00") == wall_time{seconds{851042397}});
    CHECK(parse_time("2027-01-01T00:00:00Z") == wall_time{seconds{1798761600}});
    CHECK(parse_time("2027-01-01t00:00:00z") == wall_time{seconds{1798761600}});
    CHECK(parse_time("2027-01-01T05:30:00+05:30") == wall_time{seconds{1798761600}});
    CHECK(parse_time("2024-02-29T00:00:00Z").has_value());
    CHECK(parse_time("1970-01-01T00:00:00.123456789Z") == wall_time{nanoseconds{123456789}});
    CHECK(parse_time("2261-12-31T23:59:59Z").has_value());
    for (const char* text : {"",
                             "2027-01-01",
                             "2027-01-01T00:00:00",
                             "2027-01-01 00:00:00Z",
                             "2027-13-01T00:00:00Z",
                             "2027-00-01T00:00:00Z",
                             "2027-02-29T00:00:00Z",
                             "2027-01-01T24:00:00Z",
                             "2027-01-01T00:60:00Z",
                             "1990-12-31T23:59:60Z",
                             "2027-01-01T00:00:00.Z",
                             "2027-01-01T00:00:00.1234567890Z",
                             "2027-01-01T00:00:00+24:00",
                             "2027-01-01T00:00:00+0100",
                             "2027-01-01T00:00:00Zx",
                             "27-01-01T00:00:00Z",
                             "1969-12-31T23:59:59Z",
                             "1970-01-01T00:00:00+00:01",
                             "2261-12-31T23:59:59-00:01",
                             "2262-01-01T00:00:00Z",
                             "2027-1-01T00:00:00Z"})
        CHECK_MESSAGE(!parse_time(text), text);
}

TEST_CASE("config units: times are written in UTC and read back") {
    CHECK(format_time(wall_time{seconds{1798761600}}) == "2027-01-01T00:00:00Z");
    CHECK(format_time(wall_time{seconds{482196050} + 520ms}) == "1985-04-12T23:20:50.52Z");
    for (const char* text :
         {"1970-01-01T00:00:00Z", "2024-02-29T23:59:59.000000001Z", "2261-12-31T23:59:59Z"})
        CHECK(format_time(*parse_time(text)) == text);
}
