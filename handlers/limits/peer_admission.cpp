#include "handlers/limits/peer_admission.hpp"

#include <algorithm>

namespace mira::limits {
namespace {

// The rate is divided by a longer period, so that nothing is lost to rounding.
ports::bucket_spec share_of(const peer_admission::settings& s) {
    const std::int64_t reactors = std::max<std::int64_t>(s.reactors, 1);
    ports::bucket_spec spec;
    spec.capacity = std::max<std::int64_t>(s.budget / reactors, 1);
    spec.refill = s.refill;
    spec.period = std::min(s.period * reactors, ports::max_period);
    return spec;
}

} // namespace

peer_admission::peer_admission(const settings& s) : spec_{share_of(s)}, peers_{s.max_peers} {}

peer_admission::answer peer_admission::admit(const address& a, std::int64_t cost, mono_time now) {
    const client c{client_of(a)};
    cost = std::min(cost, spec_.capacity);
    std::uint32_t i = peers_.find(c);
    if (i == peers_.none) {
        i = remember(c, now);
    } else {
        peers_.touch(i);
        peers_[i].refill(spec_, now);
    }
    ports::token_bucket& budget = peers_[i];
    if (budget.tokens() < cost) {
        probe_.denied.add();
        return {false, budget.until(spec_, cost)};
    }
    budget.debit(cost);
    probe_.admitted.add();
    return {true, {}};
}

void peer_admission::genuine(const address& a, std::int64_t cost, mono_time now) {
    probe_.genuine.add();
    const std::uint32_t i = peers_.find(client{client_of(a)});
    if (i == peers_.none) return;
    ports::token_bucket& budget = peers_[i];
    budget.refill(spec_, now);
    budget.credit(spec_, std::min(cost, spec_.capacity));
    if (budget.tokens() == spec_.capacity) forget(i);
}

std::uint32_t peer_admission::remember(const client& c, mono_time now) {
    std::uint32_t i = peers_.add(c);
    if (i == peers_.none) {
        const std::uint32_t oldest = peers_.oldest();
        peers_[oldest].refill(spec_, now);
        if (peers_[oldest].tokens() < spec_.capacity) probe_.evicted_early.add();
        forget(oldest);
        i = peers_.add(c);
    }
    peers_[i] = ports::token_bucket{spec_, now};
    probe_.peers.set(static_cast<std::int64_t>(peers_.size()));
    return i;
}

void peer_admission::forget(std::uint32_t i) {
    peers_.erase(i);
    probe_.peers.set(static_cast<std::int64_t>(peers_.size()));
}

} // namespace mira::limits
