#include "handlers/app/modules.hpp"

#include <algorithm>

namespace mira::app {

http::edge_limits edge_limits_of(const settings::settings& s) {
    const settings::server_limits& from = s.server.limits;
    http::edge_limits l;
    l.head = {from.head_bytes, from.target_bytes, from.header_fields};
    l.header_timeout = from.header_timeout;
    l.body_timeout = from.body_timeout;
    l.body_grace = from.body_grace;
    l.body_bytes_per_second = from.body_min_rate;
    l.idle_timeout = from.idle_timeout;
    l.write_timeout = from.write_timeout;
    l.handshake_timeout = from.tls_handshake_timeout;
    l.pipelined_requests = from.pipelined_requests;
    l.requests_per_connection = from.requests_per_connection;
    return l;
}

http::trust trust_settings(const settings::settings& s) {
    http::trust t;
    for (const config::network& n : s.server.trusted_proxies) t.proxies.push_back({{n.address}, n.prefix});
    switch (s.server.forwarded) {
    case settings::forwarded_by::none: t.by = http::forwarding::none; break;
    case settings::forwarded_by::x_forwarded_for: t.by = http::forwarding::x_forwarded_for; break;
    case settings::forwarded_by::forwarded: t.by = http::forwarding::forwarded; break;
    case settings::forwarded_by::proxy_protocol: t.by = http::forwarding::proxy_protocol; break;
    }
    t.hops = s.server.trusted_hops;
    return t;
}

net::admission_limits admission_limits(const settings::settings& s) {
    return {s.server.limits.connections, s.server.limits.connections_per_address};
}

limits::peer_admission::settings peer_settings(const settings::settings& s, std::size_t reactors) {
    const settings::peer_allowance& from = s.server.limits.unverified_per_address;
    limits::peer_admission::settings p;
    p.budget = static_cast<std::int64_t>(from.capacity);
    p.refill = static_cast<std::int64_t>(from.refill.amount);
    p.period = from.refill.period;
    p.reactors = static_cast<std::int64_t>(reactors);
    return p;
}

memory::bucket_store::settings bucket_settings(const settings::settings& s) {
    memory::bucket_store::settings b;
    // Tenants and sources have buckets of their own beside the clients.
    b.max_buckets = s.limits.tracked_clients + s.tenants.size() * 2 + s.sources.size() * 8 + 64;
    return b;
}

journal::settings journal_settings(const settings::settings& s, bool salvage, bool takeover) {
    journal::settings j;
    j.files.dir = std::filesystem::path{s.data.dir} / "journal";
    j.files.segment_bytes = s.journal.segment_bytes;
    std::uint64_t largest_body = s.server.limits.max_body;
    for (const settings::source& source : s.sources)
        largest_body = std::max(largest_body, source.max_body.value_or(0));
    j.files.least_segment_bytes = std::min(s.journal.segment_bytes, largest_body + 2 * s.journal.batch_bytes);
    j.files.retention = std::chrono::ceil<seconds>(s.journal.retention);
    j.files.max_bytes = s.journal.max_bytes;
    j.batch_bytes = s.journal.batch_bytes;
    j.batches_per_reactor = std::max<std::size_t>(2, s.journal.max_unsynced / s.journal.batch_bytes);
    j.salvage = salvage;
    if (takeover) j.wait_for_lock = std::chrono::minutes{5};
    return j;
}

} // namespace mira::app
