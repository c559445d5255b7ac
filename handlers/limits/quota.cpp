#include "handlers/limits/quota.hpp"

#include "handlers/limits/keys.hpp"

namespace mira::limits {

ports::bucket_key quota_key(std::string_view tenant) { return limit_key(tenant, "", "webhooks per day"); }

limit_request daily_quota(const ports::bucket_key& key, std::int64_t per_day, wall_time now) {
    using std::chrono::days;
    const auto today = std::chrono::floor<days>(now);
    limit_request r;
    r.key = key;
    r.key.subject = {static_cast<std::uint64_t>(today.time_since_epoch().count()), 0};
    r.spec.capacity = per_day;
    // A day after its last use the day is over, and the bucket may go.
    r.spec.keep = days{1};
    r.window = days{1};
    r.window_left = today + days{1} - now;
    return r;
}

} // namespace mira::limits
