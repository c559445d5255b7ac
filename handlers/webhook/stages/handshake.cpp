#include "engine/base/log.hpp"
#include "handlers/webhook/ingest.hpp"
#include "handlers/webhook/reply.hpp"
#include "handlers/webhook/stages.hpp"

namespace mira::webhook::stages {
namespace {

void learned(ingest& in, const signatures::reply& answer, bool kept) {
    if (!kept) {
        in.refuse(
            {.what = error::storage_unavailable, .detail = "The secret could not be kept.", .retry_after = 5},
            outcome::storage_unavailable);
        return;
    }
    log::warn("source.learned_secret", {{"tenant", in.from->tenant}, {"source", in.from->name}});
    in.count(outcome::handshake);
    send_reply(in.x, answer);
}

} // namespace

// Challenges that carry no signature; those that do are answered by verify, once it was found good.
http::verdict handshake(http::exchange& x) {
    ingest& in = ingest_of(x);
    const source& s = *in.from;
    thread_local std::string room;
    const auto reply = s.verifier->answer_unsigned(in.signed_view(room));
    if (!reply) {
        if (x.head().verb == http::method::post) return http::verdict::proceed;
        in.refuse({.what = error::invalid_request,
                   .detail = "This is not the handshake that the source's provider makes."},
                  outcome::malformed);
        return http::verdict::respond;
    }
    if (!reply->learned_secret.empty()) {
        // Anybody can send one: it counts only where the source was told to learn and knows no secret yet.
        const bool may = s.learns_secret && !s.verifier->has_secret(in.reactor_core.home.wall());
        if (!may || !in.reactor_core.learn) {
            in.refuse({.what = error::missing_signature, .detail = "This source does not take a new secret."},
                      outcome::missing_signature);
            return http::verdict::respond;
        }
        in.reactor_core.learn(s, reply->learned_secret,
                              [&in, answer = *reply](bool kept) { learned(in, answer, kept); });
        return http::verdict::suspend;
    }
    in.count(outcome::handshake);
    send_reply(x, *reply);
    return http::verdict::respond;
}

} // namespace mira::webhook::stages
