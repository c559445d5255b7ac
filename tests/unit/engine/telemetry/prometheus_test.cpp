#include "engine/telemetry/bounded_labels.hpp"
#include "engine/telemetry/prometheus.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <string>

using namespace mira::telemetry;

TEST_CASE("prometheus: HELP and TYPE once a family, families by name, samples as given") {
    exposition out;
    out.family("mira_b_total", metric::counter, "Second.").sample(std::uint64_t{1}, {{"core", "1"}});
    out.family("mira_a", metric::gauge, "First.").sample(std::int64_t{-3});
    // Another component adds to the same family.
    out.family("mira_b_total", metric::counter, "ignored")
        .sample(std::uint64_t{2}, {{"core", "0"}, {"x", ""}});
    CHECK(out.text() == "# HELP mira_a First.\n"
                        "# TYPE mira_a gauge\n"
                        "mira_a -3\n"
                        "# HELP mira_b_total Second.\n"
                        "# TYPE mira_b_total counter\n"
                        "mira_b_total{core=\"1\"} 1\n"
                        "mira_b_total{core=\"0\",x=\"\"} 2\n");
    CHECK(exposition{}.text().empty());
}

TEST_CASE("prometheus: numbers are exact, also the odd ones") {
    exposition out;
    auto f = out.family("m", metric::gauge, "h");
    f.sample(std::numeric_limits<std::uint64_t>::max());
    f.sample(std::numeric_limits<std::int64_t>::min());
    f.sample(0.1);
    f.sample(1e300);
    f.sample(-std::numeric_limits<double>::denorm_min());
    f.sample(std::numeric_limits<double>::infinity());
    f.sample(-std::numeric_limits<double>::infinity());
    f.sample(std::nan(""));
    CHECK(out.text() == "# HELP m h\n# TYPE m gauge\n"
                        "m 18446744073709551615\nm -9223372036854775808\nm 0.1\nm 1e+300\nm -5e-324\n"
                        "m +Inf\nm -Inf\nm NaN\n");
}

TEST_CASE("prometheus: labels and help are escaped, so no value can forge a line") {
    exposition out;
    out.family("m", metric::gauge, "a \"b\" \\ c\nd").sample(0.5, {{"l", "a\"} 1\nm2 \\"}});
    CHECK(out.text() == "# HELP m a \"b\" \\\\ c\\nd\n# TYPE m gauge\nm{l=\"a\\\"} 1\\nm2 \\\\\"} 0.5\n");
}

TEST_CASE("prometheus: what is not UTF-8 is replaced byte by byte") {
    const auto value = [](std::string_view text) {
        exposition out;
        out.family("m", metric::gauge, "h").sample(std::int64_t{0}, {{"l", text}});
        const std::string all = out.text();
        const std::size_t from = all.find("l=\"") + 3;
        return all.substr(from, all.find("\"} 0") - from);
    };
    const std::string bad = "\xEF\xBF\xBD";
    CHECK(value("a\xC3\xA9z") == "a\xC3\xA9z");
    CHECK(value("\xE2\x82\xAC") == "\xE2\x82\xAC");
    CHECK(value("\xF0\x9F\x98\x80") == "\xF0\x9F\x98\x80");
    CHECK(value("\xF4\x8F\xBF\xBF") == "\xF4\x8F\xBF\xBF"); // the last code point
    CHECK(value("\xFF") == bad);
    CHECK(value("\xC3") == bad);                               // cut off
    CHECK(value("\xC0\x80") == bad + bad);                     // overlong
    CHECK(value("\xE0\x9F\xBF") == bad + bad + bad);           // overlong
    CHECK(value("\xED\xA0\x80") == bad + bad + bad);           // a surrogate
    CHECK(value("\xF4\x90\x80\x80") == bad + bad + bad + bad); // above U+10FFFF
    CHECK(value("\xE2\x82x") == bad + bad + "x");
}

TEST_CASE("prometheus: a histogram is cumulative, in seconds, and ends with +Inf") {
    auto h = std::make_unique<histogram>();
    for (const std::uint64_t nanos : {900U, 1'000U, 1'000'000U, 2'000'000'000U}) h->record(nanos);
    histogram_snapshot s;
    s.add(*h);
    exposition out;
    const std::array<std::uint64_t, 3> bounds{1'000, 1'000'000, 1'000'000'000};
    out.family("mira_t_seconds", metric::histogram, "h").histogram(s, {{"stage", "all"}}, bounds);
    CHECK(out.text() == "# HELP mira_t_seconds h\n# TYPE mira_t_seconds histogram\n"
                        "mira_t_seconds_bucket{stage=\"all\",le=\"1e-06\"} 2\n"
                        "mira_t_seconds_bucket{stage=\"all\",le=\"0.001\"} 3\n"
                        "mira_t_seconds_bucket{stage=\"all\",le=\"1\"} 3\n"
                        "mira_t_seconds_bucket{stage=\"all\",le=\"+Inf\"} 4\n"
                        "mira_t_seconds_sum{stage=\"all\"} 2.0010019\n"
                        "mira_t_seconds_count{stage=\"all\"} 4\n");
}

TEST_CASE("prometheus: the usual bounds ascend") {
    for (std::size_t i = 1; i < latency_bounds().size(); ++i)
        CHECK(latency_bounds()[i - 1] < latency_bounds()[i]);
    CHECK(latency_bounds().front() == 1'000);
    CHECK(latency_bounds().back() == 10'000'000'000);
}

TEST_CASE("prometheus: a summary shows quantiles, and NaN where nothing was recorded") {
    auto h = std::make_unique<histogram>();
    histogram_snapshot s;
    const std::array<double, 2> quantiles{0.5, 0.99};
    exposition empty;
    empty.family("m", metric::summary, "h").summary(s, {}, quantiles);
    CHECK(empty.text() == "# HELP m h\n# TYPE m summary\nm{quantile=\"0.5\"} NaN\nm{quantile=\"0.99\"} "
                          "NaN\nm_sum 0\nm_count 0\n");
    for (std::uint64_t i = 1; i <= 100; ++i) h->record(i);
    s.add(*h);
    exposition out;
    out.family("m", metric::summary, "h").summary(s, {{"a", "b"}}, quantiles);
    CHECK(out.text() == "# HELP m h\n# TYPE m summary\n"
                        "m{a=\"b\",quantile=\"0.5\"} 5e-08\nm{a=\"b\",quantile=\"0.99\"} 9.9e-08\n"
                        "m_sum{a=\"b\"} 5.05e-06\nm_count{a=\"b\"} 100\n");
}

TEST_CASE("bounded labels: the first N have their own slot, the rest share one") {
    bounded_labels tenants{2};
    CHECK(tenants.slots() == 3);
    CHECK(tenants.slot("a") == 0);
    CHECK(tenants.slot("b") == 1);
    CHECK(tenants.slot("c") == tenants.other());
    CHECK(tenants.slot("d") == 2);
    CHECK(tenants.turned_away() == 2);
    CHECK(tenants.slot("b") == 1);
    CHECK(tenants.slot("a") == 0);
    CHECK(tenants.values() == std::vector<std::string_view>{"a", "b"});
}

TEST_CASE("bounded labels: a value named other is no second series of that name") {
    bounded_labels tenants{2};
    CHECK(tenants.slot("other") == 2);
    CHECK(tenants.slot("a") == 0);
    CHECK(tenants.turned_away() == 0);
    bounded_labels none{0};
    CHECK(none.slot("a") == 0);
    CHECK(none.slots() == 1);
}
