#include "handlers/webhook/delivery_key.hpp"
#include "handlers/webhook/ingest.hpp"
#include "handlers/webhook/stages.hpp"

namespace mira::webhook::stages {

// The first with a delivery id claims it; the others are told its event, or wait until it is known to be
// durable.
http::verdict duplicate(http::exchange& x) {
    ingest& in = ingest_of(x);
    core& c = in.reactor_core;
    in.id = c.ids.next(c.home.wall());
    // Now, since the request's bytes may be gone when the answer is due.
    thread_local std::string room, url;
    in.ack = in.from->verifier->acknowledge(in.signed_view(url));
    if (!in.from->deduplicates) return http::verdict::proceed;
    const auto delivery = in.from->verifier->delivery_id(in.signed_view(url), room);
    if (!delivery) return http::verdict::proceed;
    in.key = delivery_key(in.from->tenant, in.from->name, *delivery);
    ports::claim_answer answer;
    if (!c.duplicates.claim(in.key, in.id, c.home.wall(), in, answer)) return http::verdict::suspend;
    if (answer.outcome == ports::claim_answer::duplicate) {
        answer_duplicate(in, answer.id);
        return http::verdict::respond;
    }
    in.claimed = true;
    return http::verdict::proceed;
}

} // namespace mira::webhook::stages
