#include "storage/memory/bucket_store.hpp"

#include "engine/base/seeded_hash.hpp"

#include <algorithm>
#include <atomic>
#include <bit>

namespace mira::memory {

using ports::bucket_answer;
using ports::bucket_key;
using ports::bucket_request;
using ports::bucket_spec;
using ports::token_bucket;

struct bucket_store::bucket {
    bucket_key key;
    bucket_spec spec;
    token_bucket tokens;
    std::int64_t lent = 0;      // tokens in leases
    std::int64_t leaves_at = 0; // its place in the order of leaving; a time where it is below never_full
    std::uint32_t next = none;  // in its chain
    std::uint32_t place = none; // in its heap
    bool kept = false;          // which heap

    bool gone_by(std::int64_t now) const { return leaves_at <= now && lent == 0; }
};

namespace {
// Buckets that never fill leave after all that do, the one touched longest ago first.
constexpr std::int64_t never_full = std::int64_t{1} << 62;

std::int64_t nanos(mono_time t) { return t.time_since_epoch().count(); }
} // namespace

// A binary min-heap of buckets by leaves_at; each bucket knows its place in it, so that it can move.
class bucket_store::leaving_order {
  public:
    void add(std::vector<bucket>& pool, std::uint32_t index) {
        heap_.push_back(index);
        pool[index].place = static_cast<std::uint32_t>(heap_.size() - 1);
        moved(pool, index);
    }
    void remove(std::vector<bucket>& pool, std::uint32_t index) {
        const std::uint32_t place = pool[index].place;
        const std::uint32_t last = heap_.back();
        heap_.pop_back();
        if (last == index) return;
        put(pool, place, last);
        moved(pool, last);
    }
    // Its leaves_at has changed.
    void moved(std::vector<bucket>& pool, std::uint32_t index) {
        std::size_t at = pool[index].place;
        for (; at > 0 && pool[index].leaves_at < pool[heap_[(at - 1) / 2]].leaves_at; at = (at - 1) / 2) {
            put(pool, at, heap_[(at - 1) / 2]);
        }
        for (;;) {
            std::size_t child = 2 * at + 1;
            if (child >= heap_.size()) break;
            if (child + 1 < heap_.size() && pool[heap_[child + 1]].leaves_at < pool[heap_[child]].leaves_at)
                ++child;
            if (pool[index].leaves_at <= pool[heap_[child]].leaves_at) break;
            put(pool, at, heap_[child]);
            at = child;
        }
        put(pool, at, index);
    }
    bool empty() const { return heap_.empty(); }
    std::uint32_t first() const { return heap_.front(); }
    std::size_t size() const { return heap_.size(); }

  private:
    void put(std::vector<bucket>& pool, std::size_t place, std::uint32_t index) {
        heap_[place] = index;
        pool[index].place = static_cast<std::uint32_t>(place);
    }
    std::vector<std::uint32_t> heap_;
};

// A line of its own each, so that reactors with different buckets do not meet.
struct alignas(64) bucket_store::shard {
    mutable std::mutex mutex;
    leaving_order leaving; // those that may leave early
    leaving_order kept;
    // The first of each order, for whoever looks for room without the mutex; no_time where there is none.
    std::atomic<std::int64_t> first_leaving{no_time};
    std::atomic<std::int64_t> first_kept{no_time};
    figures counts; // but for buckets

    void publish(const std::vector<bucket>& pool) {
        first_leaving.store(leaving.empty() ? no_time : pool[leaving.first()].leaves_at,
                            std::memory_order_relaxed);
        first_kept.store(kept.empty() ? no_time : pool[kept.first()].leaves_at, std::memory_order_relaxed);
    }
};

bucket_store::bucket_store(const settings& s)
    : seed_{random_seed()}, heads_mask_{std::bit_ceil(std::max(2 * s.max_buckets, s.shards)) - 1},
      shards_mask_{std::bit_ceil(s.shards) - 1}, pool_(std::max<std::size_t>(s.max_buckets, 1)),
      heads_(heads_mask_ + 1, none), shards_{std::make_unique<shard[]>(shards_mask_ + 1)} {
    free_.reserve(pool_.size());
}

bucket_store::~bucket_store() = default;

std::uint64_t bucket_store::hash(const bucket_key& key) const { return seeded_hash(seed_, key.words()); }

bucket_store::shard& bucket_store::shard_of(std::uint64_t h) {
    return shards_[h & shards_mask_]; // the low bits of the chain's number: a chain lies in one shard
}

std::uint32_t bucket_store::find(std::uint64_t h, const bucket_key& key) const {
    std::uint32_t i = heads_[h & heads_mask_];
    while (i != none && !(pool_[i].key == key)) i = pool_[i].next;
    return i;
}

std::uint32_t bucket_store::open(std::uint64_t h, const bucket_key& key, const bucket_spec& spec,
                                 std::int64_t used, mono_time now, std::unique_lock<std::mutex>& lock) {
    std::uint32_t index = find(h, key);
    if (index == none) {
        shard& s = shard_of(h);
        drop_useless(s, now);
        std::uint32_t fresh = take_free();
        if (fresh == none) {
            // The first to leave may be of any shard, and two are never held at once.
            lock.unlock();
            fresh = make_room(now);
            lock.lock();
            index = find(h, key); // somebody may have made it meanwhile
        }
        if (index == none) {
            if (fresh == none) {
                ++s.counts.refused_no_room;
                return none;
            }
            bucket& b = pool_[fresh];
            b = bucket{};
            b.key = key;
            b.spec = spec;
            b.tokens = token_bucket{spec, now, used};
            add(s, h, fresh);
            return fresh;
        }
        if (fresh != none) put_free(fresh);
    }
    bucket& b = pool_[index];
    b.tokens.refill(b.spec, now, b.lent);
    if (!(b.spec == spec)) {
        b.tokens.respec(b.spec, spec, b.lent);
        b.spec = spec;
    }
    return index;
}

bucket_answer bucket_store::take(const bucket_request& r, mono_time now) {
    const std::uint64_t h = hash(r.key);
    shard& s = shard_of(h);
    std::unique_lock lock{s.mutex};
    ++s.counts.takes;
    bucket_answer answer;
    const std::uint32_t index = open(h, r.key, r.spec, 0, now, lock);
    if (index == none) {
        ++s.counts.denied;
        answer.wait = seconds{1};
        return answer;
    }
    bucket& b = pool_[index];
    b.lent = std::max<std::int64_t>(b.lent - r.spent, 0);
    const std::int64_t there = b.tokens.tokens();
    if (there >= r.min) {
        const std::int64_t most = std::min(r.max, there / std::max<std::int64_t>(r.share, 1));
        answer.granted = std::max(r.min, most);
        b.tokens.debit(answer.granted);
        b.lent += answer.granted - r.spending;
        s.counts.granted += static_cast<std::uint64_t>(answer.granted);
    } else {
        // A caller whose clock is behind the bucket's waits for that too.
        const nanoseconds wait = b.tokens.until(b.spec, r.min);
        const nanoseconds behind = b.tokens.stamp() - std::min(now, b.tokens.stamp());
        answer.wait = wait > ports::never - behind ? ports::never : wait + behind;
        ++s.counts.denied;
    }
    answer.remaining = b.tokens.tokens();
    placed(s, index, now);
    return answer;
}

void bucket_store::settle(const bucket_key& key, const bucket_spec& spec, std::int64_t returned,
                          std::int64_t spent, mono_time now) {
    const std::uint64_t h = hash(key);
    shard& s = shard_of(h);
    const std::lock_guard lock{s.mutex};
    const std::uint32_t index = find(h, key);
    if (index == none) return; // forgotten, so full
    bucket& b = pool_[index];
    b.tokens.refill(b.spec, now, b.lent);
    b.lent = std::max<std::int64_t>(b.lent - spent - returned, 0);
    b.tokens.credit(b.spec, returned, b.lent);
    if (!(b.spec == spec)) {
        b.tokens.respec(b.spec, spec, b.lent);
        b.spec = spec;
    }
    s.counts.returned += static_cast<std::uint64_t>(returned);
    placed(s, index, now);
}

bool bucket_store::prime(const bucket_key& key, const bucket_spec& spec, std::int64_t used, mono_time now) {
    const std::uint64_t h = hash(key);
    shard& s = shard_of(h);
    std::unique_lock lock{s.mutex};
    const std::uint32_t index = open(h, key, spec, used, now, lock);
    if (index == none) return false;
    placed(s, index, now);
    return true;
}

void bucket_store::add(shard& s, std::uint64_t h, std::uint32_t index) {
    bucket& b = pool_[index];
    b.next = heads_[h & heads_mask_];
    heads_[h & heads_mask_] = index;
    b.kept = b.spec.keep > nanoseconds{0};
    b.leaves_at = no_time;
    (b.kept ? s.kept : s.leaving).add(pool_, index);
}

void bucket_store::remove(shard& s, std::uint32_t index) {
    bucket& b = pool_[index];
    (b.kept ? s.kept : s.leaving).remove(pool_, index);
    std::uint32_t* link = &heads_[hash(b.key) & heads_mask_];
    while (*link != index) link = &pool_[*link].next;
    *link = b.next;
    s.publish(pool_);
}

void bucket_store::placed(shard& s, std::uint32_t index, mono_time now) {
    bucket& b = pool_[index];
    const nanoseconds fills = b.tokens.until_full(b.spec);
    if (b.spec.keep > nanoseconds{0}) {
        b.leaves_at = nanos(now + b.spec.keep);
    } else if (fills < nanoseconds{never_full - 1 - nanos(b.tokens.stamp())}) {
        b.leaves_at = nanos(b.tokens.stamp() + fills);
    } else {
        b.leaves_at = b.spec.refill > 0 ? never_full - 1 : never_full + nanos(now);
    }
    const bool keep = b.spec.keep > nanoseconds{0};
    if (keep == b.kept) {
        (keep ? s.kept : s.leaving).moved(pool_, index);
    } else {
        (b.kept ? s.kept : s.leaving).remove(pool_, index);
        b.kept = keep;
        (keep ? s.kept : s.leaving).add(pool_, index);
    }
    s.publish(pool_);
}

// Two for each new one, so that the useless ones vanish in time and no call has much to do.
void bucket_store::drop_useless(shard& s, mono_time now) {
    for (leaving_order* order : {&s.leaving, &s.kept}) {
        for (int i = 0; i < 2 && !order->empty() && pool_[order->first()].gone_by(nanos(now)); ++i) {
            const std::uint32_t index = order->first();
            remove(s, index);
            ++s.counts.left_full;
            put_free(index);
        }
    }
}

std::uint32_t bucket_store::take_free() {
    const std::lock_guard lock{free_mutex_};
    if (!free_.empty()) {
        const std::uint32_t index = free_.back();
        free_.pop_back();
        return index;
    }
    return used_ < pool_.size() ? static_cast<std::uint32_t>(used_++) : none;
}

void bucket_store::put_free(std::uint32_t index) {
    const std::lock_guard lock{free_mutex_};
    free_.push_back(index);
}

std::uint32_t bucket_store::make_room(mono_time now) {
    for (;;) {
        shard* from = nullptr;
        bool kept = false;
        std::int64_t earliest = no_time;
        for (std::size_t i = 0; i <= shards_mask_ && !kept; ++i) {
            kept = shards_[i].first_kept.load(std::memory_order_relaxed) <= nanos(now);
            const std::int64_t first = shards_[i].first_leaving.load(std::memory_order_relaxed);
            if (kept || first < earliest) {
                from = &shards_[i];
                earliest = first;
            }
        }
        if (from == nullptr) return none;
        const std::lock_guard lock{from->mutex};
        leaving_order& order = kept ? from->kept : from->leaving;
        // Another reactor may have been here first; then look again.
        if (order.empty()) continue;
        const std::uint32_t index = order.first();
        if (kept && pool_[index].leaves_at > nanos(now)) continue;
        ++(pool_[index].gone_by(nanos(now)) ? from->counts.left_full : from->counts.left_early);
        remove(*from, index);
        return index;
    }
}

bucket_store::figures bucket_store::read() const {
    figures sum;
    for (std::size_t i = 0; i <= shards_mask_; ++i) {
        const shard& s = shards_[i];
        const std::lock_guard lock{s.mutex};
        sum.buckets += s.leaving.size() + s.kept.size();
        sum.takes += s.counts.takes;
        sum.granted += s.counts.granted;
        sum.returned += s.counts.returned;
        sum.denied += s.counts.denied;
        sum.left_full += s.counts.left_full;
        sum.left_early += s.counts.left_early;
        sum.refused_no_room += s.counts.refused_no_room;
    }
    return sum;
}

void bucket_store::expose(telemetry::exposition& out) const {
    using telemetry::metric;
    const figures f = read();
    out.family("mira_buckets", metric::gauge, "Token buckets remembered.")
        .sample(static_cast<std::uint64_t>(f.buckets));
    auto forgotten =
        out.family("mira_buckets_forgotten_total", metric::counter,
                   "Token buckets forgotten: full ones, and early ones, that is for want of room.");
    forgotten.sample(f.left_full, {{"when", "full"}});
    forgotten.sample(f.left_early, {{"when", "early"}});
    out.family("mira_buckets_refused_total", metric::counter, "Takes denied since no bucket could make room.")
        .sample(f.refused_no_room);
    auto takes = out.family("mira_bucket_takes_total", metric::counter, "Leases asked for, by outcome.");
    takes.sample(f.takes - f.denied, {{"outcome", "granted"}});
    takes.sample(f.denied, {{"outcome", "denied"}});
    auto tokens = out.family("mira_bucket_tokens_total", metric::counter,
                             "Tokens that went out and came back unspent.");
    tokens.sample(f.granted, {{"direction", "granted"}});
    tokens.sample(f.returned, {{"direction", "returned"}});
}

} // namespace mira::memory
