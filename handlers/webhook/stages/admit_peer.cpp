#include "handlers/limits/answer_fields.hpp"
#include "handlers/webhook/ingest.hpp"
#include "handlers/webhook/stages.hpp"

namespace mira::webhook::stages {
namespace {

// A body this large is hashed while it arrives, so that no reactor stands still for it at the end.
constexpr std::uint64_t hash_on_arrival_from = 64 * 1024;

void begin_hashing(ingest& in) {
    const source& s = *in.from;
    const http::request_head& h = in.x.head();
    if (s.verifier->needs_whole_body() || (!h.chunked && h.content_length < hash_on_arrival_from)) return;
    thread_local std::string room;
    in.checking = in.reactor_core.body_checks.make();
    in.early_verdict = in.checking->begin(*s.verifier, in.signed_view(room));
    in.x.watch_body(&in);
}

} // namespace

// What this address may still make us check without ever having been genuine; given back by verify.
http::verdict admit_peer(http::exchange& x) {
    ingest& in = ingest_of(x);
    core& c = in.reactor_core;
    in.peer_cost = limits::peer_admission::cost_of(x.head().content_length);
    const auto answer = c.peers.admit(x.client().bytes, in.peer_cost, c.home.now());
    if (!answer.admitted) {
        in.refuse({.what = error::rate_limited,
                   .detail = "Too many requests of this address could not be verified.",
                   .retry_after = limits::retry_after_seconds(answer.retry_after)},
                  outcome::peer_limited);
        return http::verdict::respond;
    }
    if (x.body_is_incomplete()) begin_hashing(in);
    return http::verdict::proceed;
}

} // namespace mira::webhook::stages
