#pragma once
// A table of fixed size that knows which of its entries was used longest ago. All memory is allocated at the
// start, an entry keeps its number and address as long as it is in, and nothing here costs more than a chain
// of one or two. Keys have words() for hashing, which is seeded per table, so that peers cannot crowd a
// chain. One thread.
#include "engine/base/seeded_hash.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mira::limits {

template <class Key, class Value>
class lru_table {
  public:
    static constexpr std::uint32_t none = UINT32_MAX;

    explicit lru_table(std::size_t capacity)
        : entries_(std::max<std::size_t>(capacity, 1)), heads_(std::bit_ceil(2 * entries_.size()), none) {}

    std::uint32_t find(const Key& key) const {
        std::uint32_t i = heads_[slot(key)];
        while (i != none && !(entries_[i].key == key)) i = entries_[i].next;
        return i;
    }
    // Enters a key that is not in, as the newest, with a value as new; none where the table is full.
    std::uint32_t add(const Key& key) {
        std::uint32_t i = free_;
        if (i != none) {
            free_ = entries_[i].next;
        } else if (used_ < entries_.size()) {
            i = static_cast<std::uint32_t>(used_++);
        } else {
            return none;
        }
        entry& e = entries_[i];
        e.key = key;
        e.value = Value{};
        e.next = heads_[slot(key)];
        heads_[slot(key)] = i;
        put_first(i);
        ++size_;
        return i;
    }
    void erase(std::uint32_t i) {
        std::uint32_t* link = &heads_[slot(entries_[i].key)];
        while (*link != i) link = &entries_[*link].next;
        *link = entries_[i].next;
        take_out(i);
        entries_[i].next = free_;
        free_ = i;
        --size_;
    }
    // It is the newest now.
    void touch(std::uint32_t i) {
        if (i == newest_) return;
        take_out(i);
        put_first(i);
    }

    Value& operator[](std::uint32_t i) { return entries_[i].value; }
    const Key& key(std::uint32_t i) const { return entries_[i].key; }
    std::uint32_t newest() const { return newest_; }
    std::uint32_t oldest() const { return oldest_; }
    std::uint32_t older(std::uint32_t i) const { return entries_[i].older; }
    std::uint32_t newer(std::uint32_t i) const { return entries_[i].newer; }
    std::size_t size() const { return size_; }

  private:
    struct entry {
        Key key;
        std::uint32_t next = none; // in the chain, or in the list of free ones
        std::uint32_t newer = none;
        std::uint32_t older = none;
        Value value;
    };

    std::size_t slot(const Key& key) const {
        return static_cast<std::size_t>(seeded_hash(seed_, key.words())) & (heads_.size() - 1);
    }
    void put_first(std::uint32_t i) {
        entries_[i].newer = none;
        entries_[i].older = newest_;
        (newest_ == none ? oldest_ : entries_[newest_].newer) = i;
        newest_ = i;
    }
    void take_out(std::uint32_t i) {
        const entry& e = entries_[i];
        (e.newer == none ? newest_ : entries_[e.newer].older) = e.older;
        (e.older == none ? oldest_ : entries_[e.older].newer) = e.newer;
    }

    const std::uint64_t seed_ = random_seed();
    std::vector<entry> entries_;
    std::vector<std::uint32_t> heads_;
    std::uint32_t newest_ = none;
    std::uint32_t oldest_ = none;
    std::uint32_t free_ = none;
    std::size_t used_ = 0; // entries from here on were never used
    std::size_t size_ = 0;
};

} // namespace mira::limits
