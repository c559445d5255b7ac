#include "handlers/webhook/ingest.hpp"
#include "handlers/webhook/stages.hpp"

namespace mira::webhook::stages {
namespace {

using storage::kept_field;

std::size_t collect_fields(const ingest& in, std::span<kept_field> out) {
    std::size_t n = 0;
    for (const http::field& f : in.x.head().headers.all()) {
        if (n == out.size()) break;
        if (in.from->keeps_field(f.name)) out[n++] = {f.name, f.value};
    }
    return n;
}

// How full the way into the journal may be before this source's events are refused: those first whose
// provider tries again for days, those never early who never try again.
double pressure_limit(shed_class s) {
    switch (s) {
    case shed_class::days: return 0.6;
    case shed_class::hours: return 0.7;
    case shed_class::minutes: return 0.85;
    case shed_class::never: break;
    }
    return 1.0;
}

} // namespace

http::verdict append(http::exchange& x) {
    ingest& in = ingest_of(x);
    core& c = in.reactor_core;
    const source& s = *in.from;
    if (c.log.pressure() > pressure_limit(s.sheds)) {
        in.refused_by_log(storage::log_errc::overloaded);
        return http::verdict::respond;
    }
    in.bytes = x.body().size();
    if (in.bytes >= storage::event_appender::by_reference_from) {
        in.body = x.keep_body(); // the journal takes it by reference
        if (in.body.empty()) {
            in.refused_by_log(storage::log_errc::overloaded);
            return http::verdict::respond;
        }
    }
    thread_local std::string room, url;
    const std::size_t count = collect_fields(in, c.kept_fields);
    // The key is looked up again rather than kept: it may be a view into bytes that only now are all there.
    const auto delivery = s.deduplicates ? s.verifier->delivery_id(in.signed_view(url), room) : std::nullopt;
    const storage::event_view e{in.id,
                                c.home.wall(),
                                s.tenant,
                                s.name,
                                delivery.value_or(std::string_view{}),
                                {c.kept_fields.data(), count},
                                x.body()};
    const auto outcome = c.log.append(e, s.level, in);
    if (!outcome) {
        in.refused_by_log(outcome.error());
        return http::verdict::respond;
    }
    if (*outcome == storage::append_outcome::later) return http::verdict::suspend;
    if (in.claimed) c.duplicates.confirm(in.key, in.id);
    in.claimed = false;
    return http::verdict::proceed;
}

} // namespace mira::webhook::stages
