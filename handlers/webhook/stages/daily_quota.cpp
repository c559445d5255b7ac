#include "handlers/limits/answer_fields.hpp"
#include "handlers/limits/quota.hpp"
#include "handlers/webhook/ingest.hpp"
#include "handlers/webhook/stages.hpp"

namespace mira::webhook::stages {

http::verdict daily_quota(http::exchange& x) {
    ingest& in = ingest_of(x);
    core& c = in.reactor_core;
    // Where the owner answered take_tokens later, its denial arrives here.
    if (in.limit_count > 0 && !in.tokens_taken && in.rules->limits_enabled) {
        in.refuse({.what = error::rate_limited,
                   .detail = "This source's limit is used up for now.",
                   .retry_after = limits::retry_after_seconds(in.tokens.retry_after)},
                  outcome::rate_limited);
        return http::verdict::respond;
    }
    if (in.from->quota_per_day < 0) return http::verdict::proceed;
    in.quota = limits::daily_quota(in.from->quota, in.from->quota_per_day, c.home.wall());
    const limits::decision d = c.limiter.take({&*in.quota, 1}, c.home.now(), in);
    in.quota_taken = d.outcome == limits::verdict::admitted;
    if (in.quota_taken) return http::verdict::proceed;
    in.refuse(
        {.what = error::quota_exceeded,
         .detail = "The tenant's webhooks of this day are used up; the next day begins at midnight UTC.",
         .retry_after = limits::retry_after_seconds(d.retry_after)},
        outcome::quota_exceeded);
    return http::verdict::respond;
}

} // namespace mira::webhook::stages
