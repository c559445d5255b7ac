#include "handlers/ops/figures_json.hpp"

#include "engine/config/json_writer.hpp"

#include <array>
#include <cstdio>

namespace mira::ops {
namespace {

using config::json_writer;

void member(json_writer& w, std::string_view name, std::uint64_t n) {
    w.key(name);
    w.raw(std::to_string(n));
}
void member(json_writer& w, std::string_view name, std::string_view s) {
    w.key(name);
    w.string(s);
}
void member(json_writer& w, std::string_view name, double d) {
    std::array<char, 32> text{};
    const int n = std::snprintf(text.data(), text.size(), "%.3f", d);
    w.key(name);
    w.raw({text.data(), static_cast<std::size_t>(n)});
}
void member(json_writer& w, std::string_view name, bool b) {
    w.key(name);
    w.raw(b ? "true" : "false");
}

void write_rate_limit(json_writer& w, const process& p) {
    std::uint64_t admitted = 0;
    std::uint64_t denied = 0;
    for (const reactor_view& r : p.reactors) {
        const limits::limiter_probe& l = r.ingest->limiter.probe();
        admitted += l.admitted.value();
        denied += l.denied_by_owner.value() + l.denied_remembered.value() + l.denied_no_room.value();
    }
    w.key("rate_limit");
    w.begin_object();
    member(w, "admitted", admitted);
    member(w, "denied", denied);
    member(w, "tracked_clients", std::uint64_t{p.buckets->read().buckets});
    w.end_object();
}

void write_figures(json_writer& w, const process& p) {
    const totals t = add_up(p);
    w.begin_object();
    member(w, "total_requests", t.total);
    member(w, "successful_requests", t.successful);
    member(w, "failed_requests", t.failed);
    member(w, "rejected_requests", t.rejected);
    member(w, "rate_limited_requests", t.rate_limited);
    member(w, "success_rate", t.success_rate());
    member(w, "uptime_compliance", t.success_rate() >= p.uptime_objective.load(std::memory_order_relaxed));
    write_rate_limit(w, p);
    member(w, "accepted_events", t.accepted);
    member(w, "duplicate_requests", t.duplicates);
    w.end_object();
}

void write_check(json_writer& w, std::string_view name, bool ok, std::string_view detail) {
    w.key(name);
    w.begin_object();
    member(w, "status", ok ? std::string_view{"ok"} : std::string_view{"failing"});
    member(w, "detail", detail);
    w.end_object();
}

std::string_view journal_detail(journal::writer_state s) {
    switch (s) {
    case journal::writer_state::ready: return "events become durable";
    case journal::writer_state::full: return "the disk is full";
    case journal::writer_state::failed: return "the disk failed";
    case journal::writer_state::stopped: break;
    }
    return "closed";
}

} // namespace

std::string figures_json(const process& p) {
    json_writer w{json_writer::layout::compact};
    write_figures(w, p);
    return w.text() + "\n";
}

std::string health_json(const process& p) {
    const bool ready = p.why_not_ready().empty();
    const phase stands = p.stands.load(std::memory_order_relaxed);
    const auto journal = p.writer->state();
    const double rate = add_up(p).success_rate();
    const bool good = rate >= p.uptime_objective.load(std::memory_order_relaxed);

    json_writer w{json_writer::layout::compact};
    w.begin_object();
    member(w, "status", std::string_view{!ready ? "unhealthy" : good ? "healthy" : "degraded"});
    member(w, "service", std::string_view{"mira-webhook"});
    member(w, "uptime", p.uptime_seconds());
    member(w, "version", std::string_view{p.version});
    member(w, "instance", std::string_view{p.instance});
    w.key("metrics");
    write_figures(w, p);
    w.key("checks");
    w.begin_object();
    write_check(w, "phase", stands == phase::ready, to_string(stands));
    write_check(w, "journal", journal == journal::writer_state::ready, journal_detail(journal));
    write_check(w, "success_rate", good,
                "per cent of webhooks that did not fail here, against the objective");
    w.end_object();
    w.end_object();
    return w.text() + "\n";
}

} // namespace mira::ops
