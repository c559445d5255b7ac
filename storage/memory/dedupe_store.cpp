#include "storage/memory/dedupe_store.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <new>
#include <utility>

namespace mira::memory {
namespace {

using ports::claim_answer;
using ports::claim_waiter;
using ports::dedupe_key;

constexpr std::uint32_t no_slot = 0; // slots are counted from 1 in the table

// A place of the table: with a part of the key beside the slot, looking and moving need not go to the ring.
struct place {
    std::uint32_t slot;
    std::uint32_t tag; // the bits of the key that say where in the table it belongs
};

enum class state : std::uint8_t { gone, pending, kept };

struct entry {
    dedupe_key key;
    event_id id;
    claim_waiter* waiting; // newest first
    std::int64_t second;   // of the claim
    memory::state state;
};

struct freed {
    void operator()(void* p) const { std::free(p); }
};
// Memory that is zero and takes no room until it is touched.
template <class T>
std::unique_ptr<T[], freed> zeroed(std::size_t n) {
    auto* const p = static_cast<T*>(std::calloc(n, sizeof(T)));
    if (p == nullptr) throw std::bad_alloc{};
    return std::unique_ptr<T[], freed>{p};
}

} // namespace

// A ring of entries and an open-addressing table over it, with linear probing and deletion by moving back.
class dedupe_store::shard {
  public:
    explicit shard(std::size_t capacity)
        : capacity_{capacity}, mask_{std::bit_ceil(capacity * 2) - 1}, ring_{zeroed<entry>(capacity)},
          table_{zeroed<place>(mask_ + 1)} {}

    bool claim(const dedupe_key& k, const event_id& id, std::int64_t now, std::int64_t window,
               claim_waiter& w, claim_answer& answer) {
        const std::lock_guard lock{mutex_};
        expire(now - window);
        if (const std::uint32_t slot = find(k); slot != no_slot) {
            entry& e = at(slot);
            if (e.state == state::pending) {
                w.next_waiter = e.waiting;
                e.waiting = &w;
                return false;
            }
            if (e.second > now - window) {
                answer = {claim_answer::duplicate, e.id};
                return true;
            }
            erase(k);
            e.state = state::gone;
        }
        push({k, id, nullptr, now, state::pending});
        answer = {claim_answer::first, id};
        return true;
    }

    // Ends a claim; those who wait are returned, newest first.
    claim_waiter* settle(const dedupe_key& k, const event_id& id, bool kept) {
        const std::lock_guard lock{mutex_};
        const std::uint32_t slot = find(k);
        if (slot == no_slot || at(slot).id != id || at(slot).state != state::pending) return nullptr;
        entry& e = at(slot);
        claim_waiter* const waiting = std::exchange(e.waiting, nullptr);
        if (kept) {
            e.state = state::kept;
        } else {
            erase(k);
            e.state = state::gone;
        }
        return waiting;
    }

    void remember(const dedupe_key& k, const event_id& id) {
        const std::lock_guard lock{mutex_};
        const std::int64_t second = id.millis() / 1000;
        if (const std::uint32_t slot = find(k); slot != no_slot) {
            // The journal holds a key twice where it came again after its window: the younger event is the
            // one whose window is not over.
            if (at(slot).state == state::pending || at(slot).second >= second) return;
            erase(k);
            at(slot).state = state::gone;
        }
        push({k, id, nullptr, second, state::kept});
    }

    void count(dedupe_figures& f) {
        const std::lock_guard lock{mutex_};
        f.keys += live_;
        f.evicted += evicted_;
    }

  private:
    entry& at(std::uint32_t slot) { return ring_[slot - 1]; }
    static std::uint32_t tag_of(const dedupe_key& k) { return static_cast<std::uint32_t>(k.words[1]); }
    std::size_t home_of(std::uint32_t tag) const { return tag & mask_; }

    std::uint32_t find(const dedupe_key& k) {
        const std::uint32_t tag = tag_of(k);
        for (std::size_t i = home_of(tag); table_[i].slot != no_slot; i = (i + 1) & mask_)
            if (table_[i].tag == tag && at(table_[i].slot).key == k) return table_[i].slot;
        return no_slot;
    }

    void insert(std::uint32_t slot) {
        const std::uint32_t tag = tag_of(at(slot).key);
        std::size_t i = home_of(tag);
        while (table_[i].slot != no_slot) i = (i + 1) & mask_;
        table_[i] = {slot, tag};
        ++live_;
    }

    void erase(const dedupe_key& k) {
        std::size_t hole = home_of(tag_of(k));
        while (at(table_[hole].slot).key != k) hole = (hole + 1) & mask_;
        // What stands behind and could not reach its home because of the one that goes moves up.
        for (std::size_t i = (hole + 1) & mask_; table_[i].slot != no_slot; i = (i + 1) & mask_) {
            const std::size_t home = home_of(table_[i].tag);
            if (((i - home) & mask_) < ((i - hole) & mask_)) continue;
            table_[hole] = table_[i];
            hole = i;
        }
        table_[hole] = {};
        --live_;
    }

    void push(const entry& e) {
        if (used_ == capacity_) make_room();
        const std::size_t next = (oldest_ + used_) % capacity_;
        ring_[next] = e;
        ++used_;
        insert(static_cast<std::uint32_t>(next + 1));
    }

    void drop_oldest() {
        entry& e = ring_[oldest_];
        if (e.state == state::kept) erase(e.key);
        oldest_ = (oldest_ + 1) % capacity_;
        --used_;
    }

    // One under way cannot leave: it goes to the end of the ring, where there is room now.
    void make_room() {
        for (std::size_t i = 0; i < capacity_; ++i) {
            const entry e = ring_[oldest_];
            if (e.state == state::kept) ++evicted_;
            if (e.state != state::pending) {
                drop_oldest();
                return;
            }
            erase(e.key);
            oldest_ = (oldest_ + 1) % capacity_;
            --used_;
            push(e);
        }
        // All of them are under way: more requests than this shard has keys. The oldest is forgotten, its
        // claim goes on alone, and those who wait for it are told to try again.
        ++evicted_;
        for (claim_waiter* w = std::exchange(ring_[oldest_].waiting, nullptr); w != nullptr;) {
            claim_waiter* const next = w->next_waiter;
            w->tell({claim_answer::failed, {}});
            w = next;
        }
        erase(ring_[oldest_].key);
        oldest_ = (oldest_ + 1) % capacity_;
        --used_;
    }

    // A few at a time, so that no claim pays for a whole night.
    void expire(std::int64_t before) {
        if (before < none_expires_before_) return; // without a look at what is long out of the cache
        for (int i = 0; i < 4 && used_ > 0; ++i) {
            const entry& e = ring_[oldest_];
            if (e.state == state::kept && e.second > before) none_expires_before_ = e.second;
            if (e.state == state::pending || (e.state == state::kept && e.second > before)) return;
            drop_oldest();
        }
    }

    std::mutex mutex_;
    const std::size_t capacity_;
    const std::size_t mask_;
    std::unique_ptr<entry[], freed> ring_;
    std::unique_ptr<place[], freed> table_;
    std::size_t oldest_ = 0;
    std::size_t used_ = 0; // of the ring, with those that are gone
    std::size_t live_ = 0;
    std::int64_t none_expires_before_ = 0; // the oldest's second; what comes later is younger
    std::uint64_t evicted_ = 0;
};

dedupe_store::dedupe_store(std::size_t max_keys, seconds window) : window_{window.count()} {
    const std::size_t each = std::max<std::size_t>(16, (max_keys + shards - 1) / shards);
    for (std::size_t i = 0; i < shards; ++i) all_.push_back(std::make_unique<shard>(each));
}

dedupe_store::~dedupe_store() = default;

dedupe_store::shard& dedupe_store::shard_of(const dedupe_key& k) { return *all_[k.words[0] % shards]; }

bool dedupe_store::claim(const dedupe_key& k, const event_id& id, wall_time now, claim_waiter& w,
                         claim_answer& answer) {
    return shard_of(k).claim(k, id, unix_seconds(now), window_.load(std::memory_order_relaxed), w, answer);
}

void dedupe_store::confirm(const dedupe_key& k, const event_id& id) {
    for (claim_waiter* w = shard_of(k).settle(k, id, true); w != nullptr;) {
        claim_waiter* const next = w->next_waiter;
        w->tell({claim_answer::duplicate, id});
        w = next;
    }
}

void dedupe_store::release(const dedupe_key& k, const event_id& id) {
    for (claim_waiter* w = shard_of(k).settle(k, id, false); w != nullptr;) {
        claim_waiter* const next = w->next_waiter;
        w->tell({claim_answer::failed, {}});
        w = next;
    }
}

void dedupe_store::remember(const dedupe_key& k, const event_id& id) { shard_of(k).remember(k, id); }

dedupe_figures dedupe_store::figures() const {
    dedupe_figures f;
    for (const auto& s : all_) s->count(f);
    return f;
}

} // namespace mira::memory
