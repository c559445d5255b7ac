#pragma once
// Delivery ids in the memory of this process, shared by its reactors. Bounded: the oldest key leaves when
// there is no room or its window is over. Keys stand in rings in the order in which they came, so that
// leaving costs nothing; a table of hashes finds them. Divided into shards with a mutex each, held for some
// tens of nanoseconds.
#include "storage/ports/dedupe_store.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace mira::memory {

struct dedupe_figures {
    std::uint64_t keys = 0;    // remembered now
    std::uint64_t evicted = 0; // left before their window was over
};

class dedupe_store final : public ports::dedupe_store {
  public:
    // max_keys: at least 1,024 are kept.
    dedupe_store(std::size_t max_keys, seconds window);
    ~dedupe_store() override;

    bool claim(const ports::dedupe_key& k, const event_id& id, wall_time now, ports::claim_waiter& w,
               ports::claim_answer& answer) override;
    void confirm(const ports::dedupe_key& k, const event_id& id) override;
    void release(const ports::dedupe_key& k, const event_id& id) override;
    void remember(const ports::dedupe_key& k, const event_id& id) override;

    void set_window(seconds w) { window_.store(w.count(), std::memory_order_relaxed); }
    dedupe_figures figures() const;

  private:
    class shard;
    shard& shard_of(const ports::dedupe_key& k);

    static constexpr std::size_t shards = 64;
    std::atomic<std::int64_t> window_;
    std::vector<std::unique_ptr<shard>> all_;
};

} // namespace mira::memory
