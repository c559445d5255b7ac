#include "handlers/limits/answer_fields.hpp"
#include "handlers/limits/probes.hpp"
#include "handlers/limits/quota.hpp"
#include "tests/unit/handlers/limits/limits_support.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace mira;
using namespace mira::limits;
using namespace mira::limits::test;

namespace {
constexpr wall_time noon{std::chrono::sys_days{std::chrono::year{2024} / 5 / 1} + 12h};

struct fields {
    std::array<char, answer_field_size> buffer{};
    std::vector<std::string_view> names;
    std::vector<limit_request> limits;
    decision d;

    std::string policy() { return std::string{rate_limit_policy(buffer, names, limits)}; }
    std::string state() { return std::string{rate_limit(buffer, names, limits, d)}; }
};
} // namespace

// The syntax is that of draft-ietf-httpapi-ratelimit-headers-11, sections 3.2 and 4.2.
TEST_CASE("answer fields: policies as the draft writes them") {
    fields f;
    f.names = {"permin", "perhr"};
    f.limits = {limit(1, 50, 50, 60s), limit(2, 1'000, 1'000, 3600s)};
    CHECK(f.policy() == "\"permin\";q=50;w=60, \"perhr\";q=1000;w=3600");
    f.names = {"client"};
    f.limits = {limit(1, 10'000, 10'000, 24h)};
    CHECK(f.policy() == "\"client\";q=10000;w=86400");
}

TEST_CASE("answer fields: a bucket's window is the time that it takes to fill") {
    fields f;
    f.names = {"a"};
    f.limits = {limit(1, 500, 100, 1s)};
    CHECK(f.policy() == "\"a\";q=500;w=5");
    f.limits = {limit(1, 501, 100, 1s)};
    CHECK(f.policy() == "\"a\";q=501;w=6");
    f.limits = {limit(1, 1, 1'000, 1s)};
    CHECK(f.policy() == "\"a\";q=1;w=1"); // never 0
    f.limits = {limit(1, 7)};
    CHECK(f.policy() == "\"a\";q=7");
    f.limits = {limit(1, ports::max_tokens, 1, ports::max_period)};
    CHECK(f.policy() == "\"a\";q=9007199254;w=9223372037"); // as far as the clock goes
}

TEST_CASE("answer fields: unlimited limits are not shown, nor an empty list") {
    fields f;
    CHECK(f.policy().empty());
    CHECK(f.state().empty());
    f.names = {"a", "b"};
    f.limits = {limit(1, -1), limit(2, 5)};
    f.d.remaining = {-1, 4};
    CHECK(f.policy() == "\"b\";q=5");
    CHECK(f.state() == "\"b\";r=4");
}

TEST_CASE("answer fields: what is left, and the time in which as much would come in") {
    fields f;
    f.names = {"client", "source", "day"};
    f.limits = {limit(1, 10'000, 10'000, 24h), limit(2, 500, 100, 1s),
                daily_quota(quota_key("t"), 1'000, noon)};
    f.d.remaining = {9'999, 0, 12};
    CHECK(f.state() == "\"client\";r=9999;t=86392, \"source\";r=0;t=1, \"day\";r=12;t=43200");
    CHECK(f.policy() == "\"client\";q=10000;w=86400, \"source\";q=500;w=5, \"day\";q=1000;w=86400");
    f.d.remaining = {1, -3, 0};
    CHECK(f.state() == "\"client\";r=1;t=9, \"source\";r=0;t=1, \"day\";r=0;t=43200");
}

TEST_CASE(
    "answer fields: of a denied request the limit that denied, and Retry-After is not before its window") {
    fields f;
    f.names = {"client", "source"};
    f.limits = {limit(1, 10'000, 10'000, 24h), limit(2, 500, 1, 3s)};
    f.d.outcome = verdict::denied;
    f.d.limit = 1;
    f.d.retry_after = 2'000'000'001ns;
    f.d.remaining = {17, 5};
    CHECK(f.state() == "\"source\";r=0;t=3");
    CHECK(retry_after(f.buffer, f.d.retry_after) == "3");
    f.d.retry_after = ports::never;
    CHECK(f.state() == "\"source\";r=0");
}

TEST_CASE("answer fields: Retry-After is whole seconds, rounded up, at least one") {
    std::array<char, 32> buffer{};
    CHECK(retry_after(buffer, 0ns) == "1");
    CHECK(retry_after(buffer, -5s) == "1");
    CHECK(retry_after(buffer, 1ns) == "1");
    CHECK(retry_after(buffer, 1s) == "1");
    CHECK(retry_after(buffer, 1s + 1ns) == "2");
    CHECK(retry_after(buffer, 24h - 1ns) == "86400");
    CHECK(retry_after(buffer, 24h * 30) == "2592000");
    CHECK(retry_after(buffer, ports::never) == "86400");
    CHECK(retry_after(std::span{buffer}.first(1), 9s) == "9");
    CHECK(retry_after(std::span{buffer}.first(1), 10s).empty());
}

TEST_CASE("answer fields: names are strings of RFC 9651, whatever is in them") {
    fields f;
    f.names = {"a\"b\\c\r\nX: y\xC3\xA9"};
    f.limits = {limit(1, 5)};
    CHECK(f.policy() == "\"a\\\"b\\\\c__X: y__\";q=5");
}

TEST_CASE("answer fields: a buffer at, below and above what is needed") {
    fields f;
    f.names = {"abc"};
    f.limits = {limit(1, 10, 1, 1s)};
    f.d.remaining = {9};
    const std::string whole = "\"abc\";r=9;t=9";
    for (std::size_t size = 0; size < whole.size() + 3; ++size) {
        std::vector<char> small(size + 1, '#');
        const auto value = rate_limit(std::span{small}.first(size), f.names, f.limits, f.d);
        CHECK(value == (size < whole.size() ? "" : whole));
        CHECK(small[size] == '#');
    }
}

TEST_CASE("answer fields: the longest there is fits") {
    fields f;
    const std::string name(64, 'n');
    for (std::uint64_t i = 0; i < max_limits; ++i) {
        f.names.push_back(name);
        f.limits.push_back(limit(i, ports::max_tokens, 1, ports::max_period));
        f.d.remaining[i] = ports::max_tokens;
    }
    CHECK(f.policy().size() > max_limits * (64 + 20));
    CHECK(f.state().size() > max_limits * (64 + 20));
}

TEST_CASE("limit probes: the figures of all reactors are added up") {
    memory::bucket_store store;
    limiter a{store}, b{store};
    const auto r = limit(1, 3);
    for (int i = 0; i < 2; ++i) CHECK(admits(a, r, start));
    CHECK(admits(b, r, start));
    for (int i = 0; i < 5; ++i) CHECK_FALSE(admits(b, r, start));
    const std::array probes{&a.probe(), &b.probe()};
    telemetry::exposition out;
    expose(out, probes);
    const std::string text = out.text();
    CHECK(text.find("mira_limit_decisions_total{outcome=\"admitted\"} 3\n") != text.npos);
    CHECK(text.find("mira_limit_decisions_total{outcome=\"denied\"} 1\n") != text.npos);
    CHECK(text.find("mira_limit_decisions_total{outcome=\"denied_remembered\"} 4\n") != text.npos);
    CHECK(text.find("mira_limit_owner_requests_total 4\n") != text.npos);
    CHECK(text.find("mira_limit_lease_tokens_total{direction=\"granted\"} 3\n") != text.npos);
    CHECK(text.find("mira_limit_leases 2\n") != text.npos);
    peer_probe p;
    p.admitted.add(4);
    p.denied.add(2);
    const std::array<const peer_probe*, 2> peers{&p, &p};
    telemetry::exposition more;
    expose(more, peers);
    CHECK(more.text().find("mira_peer_decisions_total{outcome=\"denied\"} 4\n") != std::string::npos);
}
