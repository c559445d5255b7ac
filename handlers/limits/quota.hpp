#pragma once
// The daily quota: how many webhooks a tenant may have accepted in a UTC day, as its tier says. It is a limit
// like any other, a bucket that holds the quota and is never refilled, and whose key names the day: midnight
// brings a new bucket, and a token that is given back later goes to the day that it was taken from. Exact,
// because leases are. Pure.
//
// At the start the process counts the day's accepted events in the journal and tells the owner, for each
// tenant (memory::bucket_store::prime), before the first request.
#include "handlers/limits/decision.hpp"

#include <cstdint>
#include <string_view>

namespace mira::limits {

// The bucket of a tenant's daily quotas; hashed once, when the configuration is loaded.
ports::bucket_key quota_key(std::string_view tenant);

// To be taken at that moment. per_day: 0 to ports::max_tokens, or bucket_spec::unlimited, which costs
// nothing. Denied, it is to be tried again after midnight UTC.
limit_request daily_quota(const ports::bucket_key& key, std::int64_t per_day, wall_time now);

} // namespace mira::limits
