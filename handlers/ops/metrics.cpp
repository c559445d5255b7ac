#include "handlers/ops/metrics.hpp"

#include "engine/base/log.hpp"
#include "engine/telemetry/probe.hpp"
#include "engine/telemetry/prometheus.hpp"
#include "handlers/limits/probes.hpp"
#include "handlers/ops/process_figures.hpp"

#include <memory>

namespace mira::ops {
namespace {

using telemetry::exposition;
using telemetry::histogram_snapshot;
using telemetry::metric;

// The probes of one kind, one a reactor.
template <class Probe, class Get>
std::vector<const Probe*> gather(const process& p, Get get) {
    std::vector<const Probe*> all;
    for (const reactor_view& r : p.reactors) all.push_back(get(r));
    return all;
}

void expose_process(exposition& out, const process& p) {
    out.family("mira_build_info", metric::gauge, "Always 1; the label says which version runs.")
        .sample(std::uint64_t{1}, {{"version", p.version}, {"instance", p.instance}});
    out.family("mira_uptime_seconds", metric::gauge, "Since the process started.").sample(p.uptime_seconds());
    out.family("mira_ready", metric::gauge, "1 while webhooks are taken.")
        .sample(std::uint64_t{p.why_not_ready().empty() ? 1U : 0U});
    out.family("mira_log_lines_left_out_total", metric::counter,
               "Log lines left out because their event wrote too many.")
        .sample(log::suppressed_lines());
    std::uint64_t turns = 0, exceptions = 0;
    for (const reactor_view& r : p.reactors) {
        turns += r.loop->turns();
        exceptions += r.loop->exceptions();
    }
    out.family("mira_reactor_turns_total", metric::counter, "Batches of events handled.").sample(turns);
    out.family("mira_reactor_exceptions_total", metric::counter,
               "Exceptions that left a handler; each is a bug.")
        .sample(exceptions);
    out.family("mira_blocking_queue", metric::gauge, "Jobs that wait for a thread of the blocking pool.")
        .sample(std::uint64_t{p.pool->queued()});
    expose_process_figures(out);
}

void expose_edge(exposition& out, const process& p) {
    using probe = http::edge_probe;
    const auto all = gather<probe>(p, [](const reactor_view& r) { return &r.edge->probe(); });
    const auto sum = [&](telemetry::counter probe::*m) { return telemetry::total<probe>(all, m); };
    auto connections =
        out.family("mira_http_connections_total", metric::counter, "Connections, by what became of them.");
    connections.sample(sum(&probe::connections_accepted), {{"event", "accepted"}});
    connections.sample(sum(&probe::connections_refused), {{"event", "refused"}});
    connections.sample(sum(&probe::connections_closed), {{"event", "closed"}});
    out.family("mira_http_connections", metric::gauge, "Connections held now.")
        .sample(std::uint64_t{p.connections->connections()});
    out.family("mira_http_requests_total", metric::counter, "Requests with a readable head.")
        .sample(sum(&probe::requests));
    out.family("mira_http_refused_total", metric::counter, "Requests refused for framing, size or time.")
        .sample(sum(&probe::refused));
    auto responses =
        out.family("mira_http_responses_total", metric::counter, "Answers sent, by class of status.");
    responses.sample(sum(&probe::responses_2xx), {{"class", "2xx"}});
    responses.sample(sum(&probe::responses_3xx), {{"class", "3xx"}});
    responses.sample(sum(&probe::responses_4xx), {{"class", "4xx"}});
    responses.sample(sum(&probe::responses_5xx), {{"class", "5xx"}});
    auto bytes = out.family("mira_http_bytes_total", metric::counter, "Bytes of requests and answers.");
    bytes.sample(sum(&probe::bytes_received), {{"direction", "received"}});
    bytes.sample(sum(&probe::bytes_sent), {{"direction", "sent"}});
    auto timeouts =
        out.family("mira_http_timeouts_total", metric::counter, "Connections that took too long, by phase.");
    timeouts.sample(sum(&probe::header_timeouts), {{"phase", "header"}});
    timeouts.sample(sum(&probe::body_timeouts), {{"phase", "body"}});
    timeouts.sample(sum(&probe::idle_timeouts), {{"phase", "idle"}});
    timeouts.sample(sum(&probe::write_timeouts), {{"phase", "write"}});
    out.family("mira_http_handshake_failures_total", metric::counter,
               "TLS handshakes and PROXY headers that failed.")
        .sample(sum(&probe::handshake_failures));
    out.family("mira_http_answers_dropped_total", metric::counter, "Answers whose client had gone.")
        .sample(sum(&probe::answers_dropped));
    out.family("mira_http_body_memory_bytes", metric::gauge, "Memory of requests that arrive in pieces.")
        .sample(std::uint64_t{p.bodies->held()});
}

void expose_latency(exposition& out, const process& p) {
    auto stages =
        out.family("mira_stage_seconds", metric::histogram, "Time in each stage, waiting included.");
    const auto& names = p.routes->stage_names();
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto sum = std::make_unique<histogram_snapshot>();
        for (const reactor_view& r : p.reactors) sum->add(r.edge->stage_latency(i));
        stages.histogram(*sum, {{"stage", names[i]}});
    }
    const auto sum = std::make_unique<histogram_snapshot>();
    for (const reactor_view& r : p.reactors) sum->add(r.edge->request_latency());
    out.family("mira_request_seconds", metric::histogram, "From a request's head to its answer's last byte.")
        .histogram(*sum);
    out.family("mira_request_quantile_seconds", metric::summary, "The same, as percentiles of this instance.")
        .summary(*sum);
}

void expose_webhooks(exposition& out, const process& p) {
    auto f = out.family("mira_webhooks_total", metric::counter, "Webhooks, by source and outcome.");
    const auto labels = p.source_labels->values();
    const std::size_t slots = p.reactors.front().ingest->counts.slots();
    for (std::size_t slot = 0; slot < slots; ++slot) {
        // The slots are: named sources, "other" for those beyond the bound, and last those without a known
        // source.
        const bool unknown = slot + 1 == slots;
        std::string_view tenant = unknown ? "" : telemetry::bounded_labels::other_value;
        std::string_view source = tenant;
        if (slot < labels.size()) {
            tenant = labels[slot].substr(0, labels[slot].find('/'));
            source = labels[slot].substr(tenant.size() + 1);
        }
        for (std::size_t i = 0; i < webhook::outcomes; ++i) {
            const auto o = static_cast<webhook::outcome>(i);
            std::uint64_t n = 0;
            for (const reactor_view& r : p.reactors) n += r.ingest->counts.value(slot, o);
            if (n > 0)
                f.sample(n, {{"tenant", tenant}, {"source", source}, {"outcome", webhook::to_string(o)}});
        }
    }
}

void expose_journal(exposition& out, const process& p) {
    const journal::writer_probe& w = p.writer->probe();
    out.family("mira_journal_events_total", metric::counter, "Events made durable.").sample(w.events.value());
    out.family("mira_journal_bytes_total", metric::counter, "Bytes written.").sample(w.bytes.value());
    out.family("mira_journal_writes_total", metric::counter, "Groups written, one system call each.")
        .sample(w.writes.value());
    out.family("mira_journal_syncs_total", metric::counter, "Calls of fdatasync.").sample(w.syncs.value());
    out.family("mira_journal_failures_total", metric::counter, "Groups that could not be written or synced.")
        .sample(w.failures.value());
    auto segments =
        out.family("mira_journal_segments_total", metric::counter, "Segments, by what became of them.");
    segments.sample(w.segments_sealed.value(), {{"event", "sealed"}});
    segments.sample(w.segments_deleted.value(), {{"event", "deleted"}});
    out.family("mira_journal_segments", metric::gauge, "Segments kept.").sample(w.segments.value());
    out.family("mira_journal_kept_bytes", metric::gauge, "Size of the segments kept.")
        .sample(w.bytes_kept.value());
    out.family("mira_journal_next_segment_ready", metric::gauge, "1 when the next segment is prepared.")
        .sample(w.next_segment_ready.value());
    out.family("mira_journal_state", metric::gauge, "0 ready, 1 disk full, 2 disk failed, 3 closed.")
        .sample(w.state.value());
    const auto show = [&](std::string_view name, const telemetry::histogram& h, std::string_view help) {
        const auto sum = std::make_unique<histogram_snapshot>();
        sum->add(h);
        out.family(name, metric::histogram, help).histogram(*sum);
    };
    show("mira_journal_sync_seconds", w.sync_latency, "Time of a sync.");
    show("mira_journal_write_seconds", w.write_latency, "Time of a write to the page cache.");
    show("mira_journal_group_seconds", w.group_wait, "From a reactor's hand-over to the end of the sync.");
    using probe = journal::shard_probe;
    const auto shards = gather<probe>(p, [](const reactor_view& r) { return &r.shard->probe(); });
    out.family("mira_journal_waiting", metric::gauge, "Events that wait to become durable.")
        .sample(telemetry::total<probe>(shards, &probe::waiting));
    out.family("mira_journal_refused_total", metric::counter, "Events that the journal did not take.")
        .sample(telemetry::total<probe>(shards, &probe::refused));
}

void expose_shared_stores(exposition& out, const process& p) {
    const memory::dedupe_figures d = p.duplicates->figures();
    out.family("mira_duplicates_keys", metric::gauge, "Delivery ids remembered.").sample(d.keys);
    out.family("mira_duplicates_evicted_total", metric::counter,
               "Delivery ids forgotten before their window was over.")
        .sample(d.evicted);
    p.buckets->expose(out);
    using limiter = limits::limiter_probe;
    const auto limiters =
        gather<limiter>(p, [](const reactor_view& r) { return &r.ingest->limiter.probe(); });
    limits::expose(out, telemetry::probes<limiter>{limiters});
    using peers = limits::peer_probe;
    const auto all_peers = gather<peers>(p, [](const reactor_view& r) { return &r.ingest->peers.probe(); });
    limits::expose(out, telemetry::probes<peers>{all_peers});
}

void expose_outbound(exposition& out, const process& p) {
    if (p.outbound == nullptr || p.keys == nullptr) return;
    const http::client_probe& c = p.outbound->probe();
    out.family("mira_outbound_requests_total", metric::counter, "Requests to others.")
        .sample(c.requests.value());
    out.family("mira_outbound_answers_total", metric::counter, "Answers that came, whatever their status.")
        .sample(c.answers.value());
    auto failures =
        out.family("mira_outbound_failures_total", metric::counter, "Requests to others that had no answer.");
    failures.sample(c.guarded.value(), {{"reason", "address_refused"}});
    failures.sample(c.failures.value() - c.guarded.value(), {{"reason", "other"}});
    out.family("mira_outbound_under_way", metric::gauge, "Requests to others that wait for their answer.")
        .sample(c.under_way.value());
    p.keys->expose(out);
}

} // namespace

std::string metrics_text(const process& p) {
    exposition out;
    expose_process(out, p);
    expose_edge(out, p);
    expose_latency(out, p);
    expose_webhooks(out, p);
    expose_journal(out, p);
    expose_shared_stores(out, p);
    expose_outbound(out, p);
    return out.text();
}

} // namespace mira::ops
