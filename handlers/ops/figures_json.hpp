#pragma once
// The process's figures and health as JSON, for people and scripts; /metrics has all of them as Prometheus
// text.
#include "handlers/ops/process.hpp"

#include <string>

namespace mira::ops {

// total_requests, successful_requests, failed_requests, rejected_requests, rate_limited_requests,
// success_rate, uptime_compliance, rate_limit{...}.
std::string figures_json(const process& p);

// status (healthy, degraded: below the objective, unhealthy: no webhooks are taken), service, uptime in
// seconds, version, instance, metrics{...} as above, checks{...}.
std::string health_json(const process& p);

} // namespace mira::ops
