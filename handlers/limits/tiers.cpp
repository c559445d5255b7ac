#include "handlers/limits/tiers.hpp"

#include <algorithm>

namespace mira::limits {
namespace {

constexpr std::array<tier_limits, 3> tiers{{
    // name, users, projects, webhooks a day, integrations, workflows a month, features
    {"basic", 5, 10, 1'000, 3, 100, 4},
    {"professional", 50, 100, 10'000, 10, 1'000, 9},
    {"enterprise", unlimited, unlimited, unlimited, unlimited, unlimited, 17},
}};

constexpr std::array<std::string_view, feature_count> features{
    // basic
    "basic_workflows", "basic_integrations", "webhook_support", "standard_agents",
    // professional
    "advanced_workflows", "custom_integrations", "n8n_integration", "priority_support", "analytics_dashboard",
    // enterprise
    "multi_tenant_rbac", "custom_agents", "enterprise_integrations", "dedicated_support",
    "advanced_analytics", "audit_logging", "sla_guarantee", "white_label"};
static_assert(tiers.back().features == feature_count);

} // namespace

const tier_limits& limits_of(tier t) { return tiers[static_cast<std::size_t>(t)]; }

std::optional<tier> parse_tier(std::string_view name) {
    for (std::size_t i = 0; i < tiers.size(); ++i) {
        if (tiers[i].name == name) return static_cast<tier>(i);
    }
    return std::nullopt;
}

bool has(tier t, feature f) { return static_cast<std::size_t>(f) < limits_of(t).features; }

tier first_tier_with(feature f) {
    if (has(tier::basic, f)) return tier::basic;
    return has(tier::professional, f) ? tier::professional : tier::enterprise;
}

std::string_view name_of(feature f) { return features[static_cast<std::size_t>(f)]; }

std::optional<feature> parse_feature(std::string_view name) {
    const auto at = std::find(features.begin(), features.end(), name);
    if (at == features.end()) return std::nullopt;
    return static_cast<feature>(at - features.begin());
}

std::span<const std::string_view> features_of(tier t) {
    return std::span{features}.first(limits_of(t).features);
}

} // namespace mira::limits
