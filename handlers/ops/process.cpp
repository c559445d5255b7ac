#include "handlers/ops/process.hpp"

namespace mira::ops {

std::string_view to_string(phase p) {
    switch (p) {
    case phase::starting: return "starting";
    case phase::ready: return "ready";
    case phase::draining: return "draining";
    case phase::failed: break;
    }
    return "failed";
}

std::string process::why_not_ready() const {
    const phase p = stands.load(std::memory_order_relaxed);
    if (p != phase::ready) return std::string{to_string(p)};
    switch (writer->state()) {
    case journal::writer_state::ready: return {};
    case journal::writer_state::full: return "the journal's disk is full";
    case journal::writer_state::failed: return "the journal's disk failed";
    case journal::writer_state::stopped: break;
    }
    return "the journal is closed";
}

double process::uptime_seconds() const {
    return std::chrono::duration<double>(system_clocks().wall() - started).count();
}

double totals::success_rate() const {
    const std::uint64_t counted = successful + failed;
    return counted == 0 ? 100.0 : 100.0 * static_cast<double>(successful) / static_cast<double>(counted);
}

totals add_up(const process& p) {
    totals t;
    for (const reactor_view& r : p.reactors) {
        const webhook::figures& f = r.ingest->counts;
        for (std::size_t slot = 0; slot < f.slots(); ++slot)
            for (std::size_t i = 0; i < webhook::outcomes; ++i) {
                const auto o = static_cast<webhook::outcome>(i);
                const std::uint64_t n = f.value(slot, o);
                t.total += n;
                if (webhook::is_success(o))
                    t.successful += n;
                else if (webhook::is_failure(o))
                    t.failed += n;
                else
                    t.rejected += n;
                if (webhook::is_limited(o)) t.rate_limited += n;
                if (o == webhook::outcome::accepted) t.accepted += n;
                if (o == webhook::outcome::duplicate) t.duplicates += n;
            }
    }
    return t;
}

} // namespace mira::ops
