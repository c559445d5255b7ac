#include "handlers/limits/answer_fields.hpp"
#include "handlers/limits/keys.hpp"
#include "handlers/webhook/ingest.hpp"
#include "handlers/webhook/rate_fields.hpp"
#include "handlers/webhook/stages.hpp"

namespace mira::webhook::stages {
namespace {

limits::limit_request request_for(const source_limit& l, const http::exchange& x) {
    limits::limit_request r = l.request;
    if (l.who == source_limit::by::client) r.key = limits::for_client(r.key, x.client().bytes);
    if (l.who == source_limit::by::header) r.key = limits::for_value(r.key, x.head().headers.only(l.header));
    return r;
}

} // namespace

http::verdict take_tokens(http::exchange& x) {
    ingest& in = ingest_of(x);
    core& c = in.reactor_core;
    if (!in.rules->limits_enabled) return http::verdict::proceed;
    for (const source_limit& l : in.from->limits)
        ::new (in.limits() + in.limit_count++) auto(request_for(l, x));
    if (in.limit_count == 0) return http::verdict::proceed;
    in.tokens = c.limiter.take(in.taken(), c.home.now(), in);
    if (in.tokens.outcome == limits::verdict::pending) return http::verdict::suspend;
    in.tokens_taken = in.tokens.outcome == limits::verdict::admitted;
    if (in.tokens_taken) return http::verdict::proceed;
    rate_fields fields;
    fields.add(in);
    in.refuse({.what = error::rate_limited,
               .detail = "This source's limit is used up for now.",
               .retry_after = limits::retry_after_seconds(in.tokens.retry_after),
               .fields = fields.view()},
              outcome::rate_limited);
    return http::verdict::respond;
}

} // namespace mira::webhook::stages
