#include "handlers/limits/probes.hpp"

namespace mira::limits {

using telemetry::metric;
using telemetry::total;

void expose(telemetry::exposition& out, telemetry::probes<limiter_probe> all) {
    using p = limiter_probe;
    auto decisions =
        out.family("mira_limit_decisions_total", metric::counter,
                   "Requests decided by the limits: admitted, denied by the bucket's owner, denied from the "
                   "memory of an earlier denial, or denied because every lease of the reactor was busy.");
    decisions.sample(total(all, &p::admitted), {{"outcome", "admitted"}});
    decisions.sample(total(all, &p::denied_by_owner), {{"outcome", "denied"}});
    decisions.sample(total(all, &p::denied_remembered), {{"outcome", "denied_remembered"}});
    decisions.sample(total(all, &p::denied_no_room), {{"outcome", "denied_no_room"}});
    out.family("mira_limit_owner_requests_total", metric::counter, "Leases asked of the owners of buckets.")
        .sample(total(all, &p::asked));
    auto tokens = out.family("mira_limit_lease_tokens_total", metric::counter,
                             "Tokens that came in leases, and those of them that went back unspent.");
    tokens.sample(total(all, &p::leased), {{"direction", "granted"}});
    tokens.sample(total(all, &p::returned), {{"direction", "returned"}});
    out.family("mira_limit_leases_evicted_total", metric::counter,
               "Leases that left a reactor's full table; their tokens went back to the owner.")
        .sample(total(all, &p::evicted));
    out.family("mira_limit_leases", metric::gauge, "Buckets known to the reactors.")
        .sample(total(all, &p::leases));
    out.family("mira_limit_waiting", metric::gauge, "Requests that wait for the owner of a bucket.")
        .sample(total(all, &p::waiting));
}

void expose(telemetry::exposition& out, telemetry::probes<peer_probe> all) {
    using p = peer_probe;
    auto decisions =
        out.family("mira_peer_decisions_total", metric::counter,
                   "Requests by the budget of unverified work of their address; genuine ones were given "
                   "their share back.");
    decisions.sample(total(all, &p::admitted), {{"outcome", "admitted"}});
    decisions.sample(total(all, &p::denied), {{"outcome", "denied"}});
    decisions.sample(total(all, &p::genuine), {{"outcome", "genuine"}});
    out.family("mira_peers_evicted_early_total", metric::counter,
               "Addresses forgotten, for want of room, while their budget was not full.")
        .sample(total(all, &p::evicted_early));
    out.family("mira_peers_tracked", metric::gauge, "Addresses with unverified work on their account.")
        .sample(total(all, &p::peers));
}

} // namespace mira::limits
