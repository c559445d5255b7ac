#pragma once
// Decides for one reactor, on its thread, whether a request is within its limits. It spends tokens from
// leases that it takes from the owner of the buckets, so that on the usual path nothing is locked, sent or
// allocated; the owner is asked when a lease is used up, once at a time for each bucket. What is guaranteed
// is the owner's promise (storage/ports/bucket_store.hpp): never more than the limit, by all reactors and
// instances together.
//
// A limit of N is also admitted in full when the demand lasts: leases shrink to 1 as a bucket runs low
// (settings::share), and sweep(), which the reactor calls every 50 ms or so, gives back what the last
// interval did not use, so that at most two intervals later another reactor has it. A denial is remembered
// for at most settings::recheck, during which it costs the owner nothing.
//
// Bounded: max_leases buckets are known at a time; the one used longest ago (by sweeps) leaves and its tokens
// go home. When the owner is being asked for all of them, a new one is denied and counted.
//
// The failure of an owner is no business of this class; see bucket_store.hpp.
#include "handlers/limits/decision.hpp"
#include "handlers/limits/lease.hpp"
#include "handlers/limits/lru_table.hpp"
#include "handlers/limits/probes.hpp"
#include "storage/ports/bucket_store.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace mira::limits {

// Whoever waits for a pending decision derives from this. It must stay where it is until it has been told or
// cancelled.
class take_waiter {
  public:
    take_waiter() = default;
    take_waiter(const take_waiter&) = delete;
    take_waiter& operator=(const take_waiter&) = delete;

    // Never pending. May call the limiter.
    virtual void decided(const decision& d) noexcept = 0;

  protected:
    virtual ~take_waiter() = default;

  private:
    friend class limiter;
    std::span<const limit_request> wanted_;
    take_waiter* next_ = nullptr;
    take_waiter* previous_ = nullptr;
    std::uint32_t lease_ = UINT32_MAX; // whose queue it stands in
};

class limiter final : private ports::bucket_sink {
  public:
    struct settings {
        std::size_t max_leases = 4'096; // at least 2 * max_limits
        std::int64_t max_lease = 4'096; // tokens, up to greatest_lease
        std::int64_t share = 256;       // bucket_request::share: below so many tokens leases are single
        nanoseconds recheck = milliseconds{100};
    };

    // The store must outlive the limiter.
    limiter(ports::bucket_store& store, const settings& s);
    explicit limiter(ports::bucket_store& store) : limiter{store, settings{}} {}
    ~limiter();
    limiter(const limiter&) = delete;
    limiter& operator=(const limiter&) = delete;

    // Takes one token of each bucket, or none of any. At most max_limits, their keys all different. When the
    // decision is pending, wanted must stay until the waiter has been told.
    decision take(std::span<const limit_request> wanted, mono_time now, take_waiter& waiter);
    // The waiter will not be told; nothing where it does not wait.
    void cancel(take_waiter& waiter);
    // What an admitted take() took comes back, since a later stage refused the request. Pass the very same
    // requests: a quota's token goes to the day that it was taken from.
    void give_back(std::span<const limit_request> wanted, mono_time now);

    // Gives back what the time since the last sweep did not use.
    void sweep(mono_time now);
    // Gives back everything, as on stop.
    void give_back_all(mono_time now);

    const limiter_probe& probe() const { return probe_; }

  private:
    using table = lru_table<ports::bucket_key, lease>;
    static constexpr std::uint32_t none = table::none;

    decision attempt(std::span<const limit_request> wanted, mono_time now, std::uint32_t& blocked);
    std::uint32_t lease_for(const limit_request& r, mono_time now);
    bool evict_one(mono_time now);
    void ask(std::uint32_t i, std::int64_t spending, mono_time now);
    void apply(lease& l, const ports::bucket_answer& answer, mono_time now);
    void answered(std::uint64_t tag, const ports::bucket_answer& answer, mono_time now) noexcept override;
    void settle(std::uint32_t i, std::int64_t returned, mono_time now);
    void touch(std::uint32_t i);
    void enqueue(take_waiter& w, std::span<const limit_request> wanted, std::uint32_t i);
    void dequeue(take_waiter& w);
    void deny(decision& d, std::size_t limit, const limit_request& r, const lease& l, mono_time now);

    ports::bucket_store& store_;
    const settings settings_;
    const bool at_once_;
    table leases_;
    std::uint64_t calls_ = 0;
    std::uint32_t round_ = 1; // sweeps begun, and one
    limiter_probe probe_;
};

} // namespace mira::limits
