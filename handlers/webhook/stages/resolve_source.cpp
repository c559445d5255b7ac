#include "handlers/webhook/ingest.hpp"
#include "handlers/webhook/stages.hpp"

namespace mira::webhook::stages {

// The route has {service} alone, for tenant "default", or {tenant}/{service}.
http::verdict resolve_source(http::exchange& x) {
    core& c = core_of(x);
    auto& in = x.emplace<ingest>(x, c);
    in.rules = c.sources.acquire();
    const bool has_tenant = !x.parameter(1).empty();
    const std::string_view tenant = has_tenant ? x.parameter(0) : std::string_view{"default"};
    const source* const s = in.rules->find(tenant, x.parameter(has_tenant ? 1 : 0));
    if (s == nullptr || !s->enabled || !in.rules->accepts_webhooks) {
        in.refuse({.what = error::unknown_source, .detail = "There is no webhook source of this name."},
                  outcome::unknown_source);
        return http::verdict::respond;
    }
    in.from = s;
    if (!s->verifier->wants(x.head().verb)) {
        in.refuse({.what = error::method_not_allowed,
                   .detail = "Webhooks of this source come by POST.",
                   .fields = "Allow: POST, OPTIONS\r\n"},
                  outcome::malformed);
        return http::verdict::respond;
    }
    x.limit_body(s->max_body);
    return http::verdict::proceed;
}

} // namespace mira::webhook::stages
