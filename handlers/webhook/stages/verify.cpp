#include "engine/base/log.hpp"
#include "handlers/webhook/ingest.hpp"
#include "handlers/webhook/reply.hpp"
#include "handlers/webhook/stages.hpp"

namespace mira::webhook::stages {
namespace {

signatures::verdict judge(ingest& in, const signatures::signed_request& r) {
    if (in.early_verdict) return *in.early_verdict;
    if (in.checking != nullptr) return in.checking->finish();
    return in.from->verifier->check(r);
}

void refuse_unverified(ingest& in, const signatures::verdict& v) {
    using signatures::outcome;
    log::debug("webhook.refused", {{"tenant", in.from->tenant},
                                   {"source", in.from->name},
                                   {"reason", v.reason},
                                   {"request_id", in.x.request_id()}});
    const int status = in.from->verifier->row().refusal_status;
    switch (v.result) {
    case outcome::missing:
        in.refuse({.what = error::missing_signature,
                   .detail = "The request carries no signature of this source's scheme.",
                   .status = status},
                  webhook::outcome::missing_signature);
        return;
    case outcome::stale:
        in.refuse({.what = error::stale_signature,
                   .detail = "The signature's time is too far from now.",
                   .status = status},
                  webhook::outcome::stale_signature);
        return;
    case outcome::key_pending:
        in.refuse({.what = error::storage_unavailable,
                   .detail = "The provider's key is not at hand yet; send the event again.",
                   .retry_after = 5},
                  webhook::outcome::storage_unavailable);
        return;
    default:
        in.refuse({.what = error::invalid_signature,
                   .detail = "The signature does not fit the request.",
                   .status = status},
                  webhook::outcome::invalid_signature);
    }
}

} // namespace

http::verdict verify(http::exchange& x) {
    ingest& in = ingest_of(x);
    core& c = in.reactor_core;
    thread_local std::string room;
    const signatures::signed_request r = in.signed_view(room);
    const signatures::verdict v = judge(in, r);
    if (!v.accepted()) {
        refuse_unverified(in, v);
        return http::verdict::respond;
    }
    c.peers.genuine(x.client().bytes, in.peer_cost, c.home.now());
    if (const auto reply = in.from->verifier->answer_signed(r)) {
        in.count(outcome::handshake);
        send_reply(x, *reply);
        return http::verdict::respond;
    }
    return http::verdict::proceed;
}

} // namespace mira::webhook::stages
