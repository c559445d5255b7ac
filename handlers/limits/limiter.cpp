#include "handlers/limits/limiter.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace mira::limits {
namespace {

// Below this a lease is no lease, and asking ahead of need would double the traffic.
constexpr std::int64_t least_to_ask_ahead = 8;
constexpr nanoseconds busy_retry = seconds{1};

// No further than the clock goes, which stands for never.
mono_time later(mono_time now, nanoseconds wait) {
    std::int64_t sum = 0;
    if (wait == ports::never || __builtin_add_overflow(now.time_since_epoch().count(), wait.count(), &sum)) {
        return mono_time::max();
    }
    return mono_time{nanoseconds{sum}};
}

limiter::settings bounded(limiter::settings s) {
    s.max_leases = std::max<std::size_t>(s.max_leases, 2 * max_limits);
    s.max_lease = std::clamp<std::int64_t>(s.max_lease, 1, greatest_lease);
    s.share = std::max<std::int64_t>(s.share, 1);
    return s;
}

} // namespace

limiter::limiter(ports::bucket_store& store, const settings& s)
    : store_{store}, settings_{bounded(s)}, at_once_{store.answers_at_once()}, leases_{settings_.max_leases} {
}

limiter::~limiter() { store_.forget(*this); }

decision limiter::take(std::span<const limit_request> wanted, mono_time now, take_waiter& waiter) {
    std::uint32_t blocked = none;
    const decision d = attempt(wanted, now, blocked);
    if (d.outcome == verdict::pending) enqueue(waiter, wanted, blocked);
    return d;
}

decision limiter::attempt(std::span<const limit_request> wanted, mono_time now, std::uint32_t& blocked) {
    assert(wanted.size() <= max_limits);
    decision d;
    std::array<std::uint32_t, max_limits> used;
    const std::size_t count = std::min(wanted.size(), max_limits);
    ++calls_;

    // First without the owner: what is remembered as denied costs nobody anything, not even the other
    // buckets.
    for (std::size_t n = 0; n < count; ++n) {
        if (wanted[n].spec.is_unlimited()) {
            used[n] = none;
            d.remaining[n] = ports::bucket_spec::unlimited;
            continue;
        }
        const std::uint32_t i = used[n] = lease_for(wanted[n], now);
        if (i == none) {
            probe_.denied_no_room.add();
            d.outcome = verdict::denied;
            d.limit = static_cast<std::uint8_t>(n);
            d.retry_after = busy_retry;
            return d;
        }
        const lease& l = leases_[i];
        d.remaining[n] = l.owner_has + l.tokens;
        // A moment further away than any denial is remembered was set by a clock that has gone back since.
        if (l.tokens <= 0 && !l.asking && now < l.ask_again && l.ask_again - now <= settings_.recheck) {
            probe_.denied_remembered.add();
            deny(d, n, wanted[n], l, now);
            return d;
        }
    }

    // Then every lease gets at least one token. The owner is told at once that it is spent, since most of the
    // time it is.
    std::uint32_t fetched = 0;
    for (std::size_t n = 0; n < count; ++n) {
        if (used[n] == none) continue;
        lease& l = leases_[used[n]];
        if (l.tokens > 0) continue;
        const bool under_way = l.asking;
        if (!under_way) ask(used[n], at_once_ ? 1 : 0, now);
        if (l.tokens > 0) {
            fetched |= 1U << n;
            continue;
        }
        if (l.asking) {
            blocked = used[n];
            d.outcome = verdict::pending;
        } else {
            probe_.denied_by_owner.add();
            deny(d, n, wanted[n], l, now);
        }
        // Leave the other buckets as they were.
        for (std::size_t m = 0; m < n; ++m) {
            if ((fetched >> m & 1U) == 0) continue;
            lease& other = leases_[used[m]];
            if (at_once_) --other.unreported;
            if (d.outcome == verdict::denied) settle(used[m], other.tokens, now);
        }
        return d;
    }

    for (std::size_t n = 0; n < count; ++n) {
        if (used[n] == none) continue;
        lease& l = leases_[used[n]];
        --l.tokens;
        ++l.used;
        if (!at_once_ || (fetched >> n & 1U) == 0) ++l.unreported;
        d.remaining[n] = l.owner_has + l.tokens;
        if (!at_once_ && !l.asking && l.granted >= least_to_ask_ahead && l.tokens <= l.granted / 4) {
            ask(used[n], 0, now);
        }
    }
    probe_.admitted.add();
    return d;
}

void limiter::deny(decision& d, std::size_t limit, const limit_request& r, const lease& l, mono_time now) {
    d.outcome = verdict::denied;
    d.limit = static_cast<std::uint8_t>(limit);
    d.remaining[limit] = 0;
    d.retry_after = ports::never;
    if (l.free_at != mono_time::max()) d.retry_after = std::max(l.free_at - now, nanoseconds{1});
    if (r.window > nanoseconds{0}) d.retry_after = std::min(d.retry_after, r.window_left);
}

std::uint32_t limiter::lease_for(const limit_request& r, mono_time now) {
    std::uint32_t i = leases_.find(r.key);
    if (i == none) {
        i = leases_.add(r.key);
        if (i == none) {
            if (!evict_one(now)) return none;
            i = leases_.add(r.key);
        }
        leases_[i].spec = r.spec;
        probe_.leases.set(static_cast<std::int64_t>(leases_.size()));
    } else if (!(leases_[i].spec == r.spec)) {
        // The limit was changed: what is held and what is remembered belongs to the old one.
        lease& l = leases_[i];
        l.spec = r.spec;
        settle(i, l.tokens, now);
        l.ask_again = {};
        l.granted = 0;
    }
    touch(i);
    leases_[i].call = calls_;
    return i;
}

void limiter::touch(std::uint32_t i) {
    // Once a round is often enough to keep the table in order by rounds, and spares busy leases the list.
    if (leases_[i].round == round_) return;
    leases_.touch(i);
    leases_[i].round = round_;
}

bool limiter::evict_one(mono_time now) {
    for (std::uint32_t i = leases_.oldest(); i != none; i = leases_.newer(i)) {
        const lease& l = leases_[i];
        if (l.asking || l.waiting > 0 || l.call == calls_) continue;
        settle(i, l.tokens, now);
        leases_.erase(i);
        probe_.evicted.add();
        return true;
    }
    return false;
}

void limiter::ask(std::uint32_t i, std::int64_t spending, mono_time now) {
    lease& l = leases_[i];
    ports::bucket_request r;
    r.key = leases_.key(i);
    r.spec = l.spec;
    r.max = std::max<std::int64_t>(lease_size(l.granted, now - l.granted_at, settings_.max_lease), l.waiting);
    r.share = settings_.share;
    r.spent = l.unreported;
    r.spending = spending;
    l.unreported = 0;
    l.asking = true;
    probe_.asked.add();
    ports::bucket_answer answer;
    if (store_.take(r, now, *this, i, answer)) {
        l.asking = false;
        apply(l, answer, now);
    }
}

void limiter::apply(lease& l, const ports::bucket_answer& answer, mono_time now) {
    l.owner_has = answer.remaining;
    if (answer.granted > 0) {
        l.tokens += answer.granted;
        l.granted = answer.granted;
        l.granted_at = now;
        probe_.leased.add(static_cast<std::uint64_t>(answer.granted));
        return;
    }
    l.free_at = later(now, answer.wait);
    l.ask_again = now + std::min(answer.wait, settings_.recheck);
}

void limiter::answered(std::uint64_t tag, const ports::bucket_answer& answer, mono_time now) noexcept {
    const auto i = static_cast<std::uint32_t>(tag);
    lease& l = leases_[i];
    l.asking = false;
    apply(l, answer, now);
    touch(i);
    // Each waiter gets one try; those that must wait again join the end of the queue.
    for (std::uint32_t tries = l.waiting; tries > 0 && l.first_waiter != nullptr; --tries) {
        take_waiter& w = *l.first_waiter;
        dequeue(w);
        std::uint32_t blocked = none;
        const decision d = attempt(w.wanted_, now, blocked);
        if (d.outcome == verdict::pending) {
            enqueue(w, w.wanted_, blocked);
        } else {
            w.decided(d);
        }
    }
}

void limiter::enqueue(take_waiter& w, std::span<const limit_request> wanted, std::uint32_t i) {
    lease& l = leases_[i];
    w.wanted_ = wanted;
    w.lease_ = i;
    w.next_ = nullptr;
    w.previous_ = l.last_waiter;
    (l.last_waiter == nullptr ? l.first_waiter : l.last_waiter->next_) = &w;
    l.last_waiter = &w;
    ++l.waiting;
    probe_.waiting.add();
}

void limiter::dequeue(take_waiter& w) {
    lease& l = leases_[w.lease_];
    (w.previous_ == nullptr ? l.first_waiter : w.previous_->next_) = w.next_;
    (w.next_ == nullptr ? l.last_waiter : w.next_->previous_) = w.previous_;
    w.lease_ = none;
    --l.waiting;
    probe_.waiting.sub();
}

void limiter::cancel(take_waiter& waiter) {
    if (waiter.lease_ != none) dequeue(waiter);
}

void limiter::settle(std::uint32_t i, std::int64_t returned, mono_time now) {
    lease& l = leases_[i];
    returned = std::max<std::int64_t>(returned, 0);
    if (returned == 0 && l.unreported == 0) return;
    store_.settle(leases_.key(i), l.spec, returned, l.unreported, now);
    l.tokens -= returned;
    l.owner_has += returned;
    l.unreported = 0;
    probe_.returned.add(static_cast<std::uint64_t>(returned));
}

void limiter::give_back(std::span<const limit_request> wanted, mono_time now) {
    for (const limit_request& r : wanted.first(std::min(wanted.size(), max_limits))) {
        if (r.spec.is_unlimited()) continue;
        const std::uint32_t i = leases_.find(r.key);
        if (i == none) {
            store_.settle(r.key, r.spec, 1, -1, now);
            probe_.returned.add();
            continue;
        }
        // To the owner, not into the lease: only there it is known whether the bucket has filled since.
        lease& l = leases_[i];
        ++l.tokens;
        --l.unreported;
        if (l.used > 0) --l.used;
        settle(i, 1, now);
        l.ask_again = {};
    }
}

void limiter::sweep(mono_time now) {
    // Only leases used in this round or the one before can hold anything: older ones were emptied by then.
    for (std::uint32_t i = leases_.newest(); i != none && round_ - leases_[i].round <= 1;
         i = leases_.older(i)) {
        lease& l = leases_[i];
        const std::int64_t spare = std::max<std::int64_t>(l.tokens - l.used, 0);
        if (spare > 0 || l.used == 0) settle(i, spare, now);
        l.used = 0;
    }
    ++round_;
}

void limiter::give_back_all(mono_time now) {
    for (std::uint32_t i = leases_.newest(); i != none; i = leases_.older(i)) {
        settle(i, leases_[i].tokens, now);
    }
}

} // namespace mira::limits
