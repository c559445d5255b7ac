#include "handlers/limits/quota.hpp"
#include "handlers/limits/tiers.hpp"
#include "tests/unit/handlers/limits/limits_support.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

using namespace mira;
using namespace mira::limits;
using namespace mira::limits::test;

namespace {
// 2024-02-29 00:00:00 UTC, a day that not every year has.
constexpr wall_time midnight{std::chrono::sys_days{std::chrono::year{2024} / 2 / 29}};
} // namespace

TEST_CASE("quota: exactly so many a UTC day, and midnight begins anew") {
    memory::bucket_store store;
    limiter l{store};
    const auto key = quota_key("acme");
    mono_time now = start;
    for (const wall_time day : {midnight, midnight + 24h, midnight + 48h}) {
        const wall_time last = day + 24h - 1ns;
        for (int i = 0; i < 500; ++i) CHECK(admits(l, daily_quota(key, 1'000, day), now));
        for (int i = 0; i < 500; ++i) CHECK(admits(l, daily_quota(key, 1'000, last), now));
        const auto d = take(l, daily_quota(key, 1'000, last), now);
        CHECK(d.outcome == verdict::denied);
        CHECK(d.retry_after == 1ns);
        CHECK(take(l, daily_quota(key, 1'000, day + 1h), now).retry_after == 23h);
        now += 1s; // the day is told by the wall clock alone
    }
}

TEST_CASE("quota: a clock set back across midnight counts on in the day before") {
    memory::bucket_store store;
    limiter l{store};
    const auto key = quota_key("acme");
    for (int i = 0; i < 7; ++i) CHECK(admits(l, daily_quota(key, 10, midnight - 1s), start));
    for (int i = 0; i < 2; ++i) CHECK(admits(l, daily_quota(key, 10, midnight), start));
    for (int i = 0; i < 3; ++i) CHECK(admits(l, daily_quota(key, 10, midnight - 5s), start));
    CHECK_FALSE(admits(l, daily_quota(key, 10, midnight - 5s), start));
    for (int i = 0; i < 8; ++i) CHECK(admits(l, daily_quota(key, 10, midnight + 1s), start));
    CHECK_FALSE(admits(l, daily_quota(key, 10, midnight + 1s), start));
}

TEST_CASE("quota: what is given back after midnight goes to its own day") {
    memory::bucket_store store;
    limiter l{store}, other{store};
    const auto key = quota_key("acme");
    const std::array yesterday{daily_quota(key, 3, midnight - 1ms)};
    const std::array today{daily_quota(key, 3, midnight)};
    for (int i = 0; i < 3; ++i) CHECK(take(l, yesterday, start).outcome == verdict::admitted);
    for (int i = 0; i < 3; ++i) CHECK(take(l, today, start).outcome == verdict::admitted);
    l.give_back(yesterday, start + 1s);
    CHECK(take(other, today, start + 1s).outcome == verdict::denied);
    CHECK(take(other, yesterday, start + 1s).outcome == verdict::admitted);
    CHECK(take(other, yesterday, start + 1s).outcome == verdict::denied);
}

TEST_CASE("quota: begins with what the journal counted, and tenants do not share") {
    memory::bucket_store store;
    limiter l{store};
    const auto r = daily_quota(quota_key("acme"), 1'000, midnight + 1h);
    CHECK(store.prime(r.key, r.spec, 998, start));
    CHECK(admits(l, r, start));
    CHECK(admits(l, r, start));
    CHECK_FALSE(admits(l, r, start));
    CHECK(admits(l, daily_quota(quota_key("acme2"), 1'000, midnight + 1h), start));
}

TEST_CASE("quota: a change of tier takes effect at once, up and down, and forgets nothing that was used") {
    memory::bucket_store store;
    limiter l{store}, other{store};
    const auto of = [](tier t) {
        return daily_quota(quota_key("acme"), limits_of(t).webhooks_per_day, midnight + 12h);
    };
    for (int i = 0; i < 1'000; ++i) CHECK(admits(l, of(tier::basic), start));
    CHECK_FALSE(admits(l, of(tier::basic), start));
    for (int i = 0; i < 500; ++i) CHECK(admits(l, of(tier::professional), start));
    CHECK_FALSE(admits(l, of(tier::basic), start));
    CHECK_FALSE(admits(other, of(tier::basic), start));
    for (int i = 0; i < 5'000; ++i) CHECK(admits(l, of(tier::enterprise), start));
    std::int64_t left = 0;
    while (admits(other, of(tier::professional), start + 1s)) ++left;
    CHECK(left == 10'000 - 1'500);
}

TEST_CASE("quota: none at all, and without end") {
    memory::bucket_store store;
    limiter l{store};
    CHECK_FALSE(admits(l, daily_quota(quota_key("a"), 0, midnight), start));
    CHECK(admits(l, daily_quota(quota_key("b"), -1, midnight), start));
    CHECK(store.read().buckets == 1);
}

TEST_CASE("quota: a day's bucket outlives any flood of clients, and goes when its day is over") {
    memory::bucket_store store{{10, 2}};
    limiter l{store};
    const auto r = daily_quota(quota_key("acme"), 2, midnight);
    CHECK(admits(l, r, start));
    CHECK(admits(l, r, start));
    for (std::uint64_t i = 0; i < 5'000; ++i) admits(l, limit(i, 10, 1, 1h), start + 1s);
    limiter fresh{store};
    CHECK_FALSE(admits(fresh, r, start + 24h - 1s));
    for (std::uint64_t i = 0; i < 20; ++i) admits(l, limit(i, 10, 1, 1h), start + 50h);
    limiter later{store};
    CHECK(admits(later, r, start + 50h)); // which nobody asks for: it is the day after the day after
}

// DESIGN: tiers, usage, audit.
TEST_CASE("tiers: the table") {
    const auto& basic = limits_of(tier::basic);
    CHECK(basic.users == 5);
    CHECK(basic.projects == 10);
    CHECK(basic.webhooks_per_day == 1'000);
    CHECK(basic.integrations == 3);
    CHECK(basic.workflows_per_month == 100);
    const auto& professional = limits_of(tier::professional);
    CHECK(professional.users == 50);
    CHECK(professional.projects == 100);
    CHECK(professional.webhooks_per_day == 10'000);
    CHECK(professional.integrations == 10);
    CHECK(professional.workflows_per_month == 1'000);
    const auto& enterprise = limits_of(tier::enterprise);
    for (const std::int64_t n : {enterprise.users, enterprise.projects, enterprise.webhooks_per_day,
                                 enterprise.integrations, enterprise.workflows_per_month}) {
        CHECK(n == -1);
    }
    for (const tier t : {tier::basic, tier::professional, tier::enterprise}) {
        CHECK(parse_tier(limits_of(t).name) == t);
    }
    CHECK_FALSE(parse_tier("Basic"));
    CHECK_FALSE(parse_tier(""));
}

TEST_CASE("tiers: features, and which tier has one") {
    CHECK(features_of(tier::basic).size() == 4);
    CHECK(features_of(tier::professional).size() == 9);
    CHECK(features_of(tier::enterprise).size() == 17);
    for (std::size_t i = 0; i < feature_count; ++i) {
        const auto f = static_cast<feature>(i);
        const tier first = first_tier_with(f);
        CHECK(parse_feature(name_of(f)) == f);
        for (const tier t : {tier::basic, tier::professional, tier::enterprise}) {
            CHECK(has(t, f) == (t >= first));
            const auto all = features_of(t);
            CHECK((std::find(all.begin(), all.end(), name_of(f)) != all.end()) == has(t, f));
        }
    }
    CHECK(first_tier_with(feature::standard_agents) == tier::basic);
    CHECK(first_tier_with(feature::advanced_workflows) == tier::professional);
    CHECK(first_tier_with(feature::analytics_dashboard) == tier::professional);
    CHECK(first_tier_with(feature::multi_tenant_rbac) == tier::enterprise);
    CHECK(name_of(feature::n8n_integration) == "n8n_integration");
    CHECK(name_of(feature::audit_logging) == "audit_logging");
    CHECK(name_of(feature::white_label) == "white_label");
    CHECK_FALSE(parse_feature("whitelabel"));
}

TEST_CASE("tiers: one more is within a limit below it only") {
    CHECK(within(5, 4));
    CHECK_FALSE(within(5, 5));
    CHECK_FALSE(within(5, 6));
    CHECK_FALSE(within(0, 0));
    CHECK(within(unlimited, 1'000'000));
}
