#pragma once
// The subscription tiers as data: what each may have and do. Pure; any thread. A missing feature is answered
// with the tier that has it, so the tiers are ordered: each has what the ones before it have.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mira::limits {

enum class tier : std::uint8_t { basic, professional, enterprise };

enum class feature : std::uint8_t {
    basic_workflows,
    basic_integrations,
    webhook_support,
    standard_agents,
    advanced_workflows,
    custom_integrations,
    n8n_integration,
    priority_support,
    analytics_dashboard,
    multi_tenant_rbac,
    custom_agents,
    enterprise_integrations,
    dedicated_support,
    advanced_analytics,
    audit_logging,
    sla_guarantee,
    white_label,
};
inline constexpr std::size_t feature_count = static_cast<std::size_t>(feature::white_label) + 1;

inline constexpr std::int64_t unlimited = -1;

struct tier_limits {
    std::string_view name;
    std::int64_t users;
    std::int64_t projects;
    std::int64_t webhooks_per_day;
    std::int64_t integrations;
    std::int64_t workflows_per_month;
    std::size_t features; // the first so many of the enum
};

const tier_limits& limits_of(tier t);
std::optional<tier> parse_tier(std::string_view name);

bool has(tier t, feature f);
// The lowest tier that has it.
tier first_tier_with(feature f);
std::string_view name_of(feature f);
std::optional<feature> parse_feature(std::string_view name);
// In the order of the enum.
std::span<const std::string_view> features_of(tier t);

// Whether one more may be added to what there is already; always under no limit.
constexpr bool within(std::int64_t limit, std::int64_t present) {
    return limit == unlimited || present < limit;
}

} // namespace mira::limits
