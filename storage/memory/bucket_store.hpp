#pragma once
// The owner of all token buckets of a process that runs without a shared store: one object for all reactors,
// thread-safe, and it answers at once. A critical section is one bucket's arithmetic under the mutex of its
// shard.
//
// At most max_buckets are remembered (some 160 bytes each, allocated at the start). When another one is
// wanted, the first to go is a bucket that is full (as good as forgotten), else the one that would be full
// soonest, and after those the one without refill that was not touched for longest; leaving before it is full
// is counted, since its client starts anew with a full one. A bucket that must be kept (bucket_spec::keep)
// stays until its time is over; when all room is taken by such, new buckets are denied and counted. So choose
// max_buckets above tenants + sources.
#include "engine/telemetry/prometheus.hpp"
#include "storage/ports/bucket_store.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace mira::memory {

class bucket_store final : public ports::bucket_store {
  public:
    struct settings {
        std::size_t max_buckets = 10'000; // at least 1
        std::size_t shards = 16;          // a power of two
    };
    struct figures {
        std::size_t buckets = 0;           // remembered now
        std::uint64_t takes = 0;           // calls of take()
        std::uint64_t granted = 0;         // tokens
        std::uint64_t returned = 0;        // tokens
        std::uint64_t denied = 0;          // calls of take() that got nothing
        std::uint64_t left_full = 0;       // buckets forgotten because they were full or their time was over
        std::uint64_t left_early = 0;      // buckets forgotten before
        std::uint64_t refused_no_room = 0; // calls of take() denied because no bucket could leave
    };

    explicit bucket_store(const settings& s);
    bucket_store() : bucket_store{settings{}} {}
    ~bucket_store() override;
    bucket_store(const bucket_store&) = delete;
    bucket_store& operator=(const bucket_store&) = delete;

    bool answers_at_once() const override { return true; }
    bool take(const ports::bucket_request& request, mono_time now, ports::bucket_sink&, std::uint64_t,
              ports::bucket_answer& answer) override {
        answer = take(request, now);
        return true;
    }
    ports::bucket_answer take(const ports::bucket_request& request, mono_time now);
    void settle(const ports::bucket_key& key, const ports::bucket_spec& spec, std::int64_t returned,
                std::int64_t spent, mono_time now) override;
    void forget(ports::bucket_sink&) override {}

    // The bucket starts with so many tokens used, as when a day's count is rebuilt at the start; more than
    // the capacity is a debt. Where the bucket exists, it is left as it is. False where there is no room.
    bool prime(const ports::bucket_key& key, const ports::bucket_spec& spec, std::int64_t used,
               mono_time now);

    figures read() const;
    void expose(telemetry::exposition& out) const;

  private:
    static constexpr std::uint32_t none = UINT32_MAX;
    static constexpr std::int64_t no_time = INT64_MAX;

    struct bucket;
    struct shard;
    class leaving_order;

    std::uint64_t hash(const ports::bucket_key& key) const;
    shard& shard_of(std::uint64_t h);
    std::uint32_t find(std::uint64_t h, const ports::bucket_key& key) const;
    // The bucket, brought up to now; made if need be, or none where there is no room. Holds the shard's
    // mutex.
    std::uint32_t open(std::uint64_t h, const ports::bucket_key& key, const ports::bucket_spec& spec,
                       std::int64_t used, mono_time now, std::unique_lock<std::mutex>& lock);
    void add(shard& s, std::uint64_t h, std::uint32_t index);
    void remove(shard& s, std::uint32_t index);
    void placed(shard& s, std::uint32_t index, mono_time now);
    void drop_useless(shard& s, mono_time now);
    std::uint32_t take_free();
    void put_free(std::uint32_t index);
    std::uint32_t make_room(mono_time now);

    const std::uint64_t seed_;
    const std::size_t heads_mask_;
    const std::size_t shards_mask_;
    std::vector<bucket> pool_;
    // The first bucket of each chain; guarded, as are the buckets in it, by the mutex of the chain's shard.
    std::vector<std::uint32_t> heads_;
    std::unique_ptr<shard[]> shards_;

    mutable std::mutex free_mutex_; // the innermost
    std::vector<std::uint32_t> free_;
    std::size_t used_ = 0; // buckets from here on were never used
};

} // namespace mira::memory
