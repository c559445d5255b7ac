#pragma once
// One webhook on its way through the pipeline: what the stages tell each other. It lives inside the exchange;
// the comment behind each member names the stage that fills it.
#include "engine/config/snapshot.hpp"
#include "engine/http/exchange.hpp"
#include "handlers/errors.hpp"
#include "handlers/limits/limiter.hpp"
#include "handlers/services.hpp"
#include "handlers/webhook/core.hpp"
#include "handlers/webhook/figures.hpp"
#include "handlers/webhook/source.hpp"
#include "storage/ports/dedupe_store.hpp"
#include "storage/ports/event_log.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace mira::webhook {

class ingest final : public storage::append_waiter,
                     public ports::claim_waiter,
                     public limits::take_waiter,
                     public http::body_watcher {
  public:
    ingest(http::exchange& e, core& c);
    ~ingest() override;

    http::exchange& x;
    core& reactor_core;
    config::snapshot_slot<snapshot>::handle rules;    // resolve source
    const source* from = nullptr;                     // resolve source
    std::int64_t peer_cost = 0;                       // admit peer
    signatures::body_check* checking = nullptr;       // admit peer, where the body is hashed while it arrives
    std::optional<signatures::verdict> early_verdict; // the same: what the head alone decided
    event_id id;                                      // duplicate
    ports::dedupe_key key;                            // duplicate
    bool claimed = false;                             // duplicate: to be confirmed or released
    std::uint8_t limit_count = 0;                     // take tokens
    bool tokens_taken = false; // take tokens: to be given back where the event is refused
    bool quota_taken = false;  // daily quota: the same
    // take tokens: what was asked for, limit_count of them. Left raw until then, since most of it is never
    // used.
    alignas(limits::limit_request) std::byte limits_room[limits::max_limits * sizeof(limits::limit_request)];
    std::optional<limits::limit_request> quota; // daily quota
    limits::decision tokens;                    // take tokens
    http::buffer body;                          // append: a large body, kept until it is written
    std::size_t bytes = 0;                      // append: of the body
    std::optional<signatures::reply> ack;       // duplicate: where the answer depends on the request

    limits::limit_request* limits() { return reinterpret_cast<limits::limit_request*>(limits_room); }
    std::span<const limits::limit_request> taken() const {
        return {reinterpret_cast<const limits::limit_request*>(limits_room), limit_count};
    }

    // Undoes what earlier stages took and answers.
    void refuse(const refusal& r, outcome o);
    void refused_by_log(error_code ec);
    void count(outcome o);

    // The request as verifiers see it; room holds the public URL where one is made.
    signatures::signed_request signed_view(std::string& room) const;

    void on_appended(error_code ec) override;
    void on_claimed(const ports::claim_answer& a) override;
    void decided(const limits::decision& d) noexcept override;
    void on_body(std::string_view piece) override;
};

inline core& core_of(http::exchange& x) { return *services_of(x).ingest; }
inline ingest& ingest_of(http::exchange& x) { return x.state<ingest>(); }

// The answers that more than one place gives.
void answer_duplicate(ingest& in, const event_id& first);

} // namespace mira::webhook
