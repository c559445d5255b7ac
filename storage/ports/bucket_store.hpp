#pragma once
// The port behind which the owner of all token buckets stands: the process itself (storage/memory) or a
// server that several instances share. A reactor takes tokens from the owner in leases and spends them on its
// own (handlers/limits/limiter); this is what the owner promises:
//
//   - What is granted is debited at once and as a whole, so no token is spent twice, whoever takes it.
//   - A denial changes nothing.
//   - A lease counts against the capacity until the lessee says that it was spent or gives it back. So in
//     any interval of length d at most capacity + d * refill / period tokens are spent, by all together.
//   - A lost answer, or a lessee that dies, counts as spent.
//   - A bucket that was not touched for long enough to be full is forgotten: one that is not known is full.
//
// Every call passes the spec; where it differs from the last one the bucket changes to it
// (token_bucket::respec). Times are inputs; an owner with a clock of its own disregards them. A time before
// the last one refills nothing.
//
// A store may answer later. An object of this type belongs to one reactor and is used on its thread, answers
// included, unless it says otherwise. An owner that can be out of reach answers all the same: what happens
// then (a local bucket at a share of the rate, grant, or deny; with a half-open probe) is a decorator of this
// port between limiter and owner, so that neither knows of it.
#include "engine/base/clock.hpp"
#include "storage/ports/token_bucket.hpp"

#include <array>
#include <cstdint>

namespace mira::ports {

// Whose tokens: always a tenant's, and within the tenant a scope (source and limit) and a subject (a client's
// address, the hash of a header's value, a day, or zero). Compared as a whole, so no two subjects share a
// bucket by accident; a store on several machines places all keys of a tenant together by the first number.
struct bucket_key {
    std::uint64_t tenant = 0;
    std::uint64_t scope = 0;
    std::array<std::uint64_t, 2> subject{};
    bool operator==(const bucket_key&) const = default;
    std::array<std::uint64_t, 4> words() const { return {tenant, scope, subject[0], subject[1]}; }
};

struct bucket_request {
    bucket_key key;
    bucket_spec spec;     // valid and not unlimited
    std::int64_t min = 1; // all of this or nothing
    std::int64_t max = 1; // at most this
    // What exceeds min is at most the bucket's level divided by this: leases become small as a bucket runs
    // low, so that no lessee sits on tokens that another one is denied.
    std::int64_t share = 1;
    // Tokens of earlier leases that were spent and not yet reported; 0 or more.
    std::int64_t spent = 0;
    // Tokens of this grant, at most min, that are spent at once: they are no part of the lease.
    std::int64_t spending = 0;
};

struct bucket_answer {
    std::int64_t granted = 0;   // 0, or min to max
    std::int64_t remaining = 0; // whole tokens that the owner still has
    // When nothing was granted: until min tokens are there, if nobody else takes them; or never.
    nanoseconds wait{0};
};

// Receives late answers. The tag is the caller's own.
class bucket_sink {
  public:
    virtual void answered(std::uint64_t tag, const bucket_answer& answer, mono_time now) noexcept = 0;

  protected:
    ~bucket_sink() = default;
};

class bucket_store {
  public:
    virtual ~bucket_store() = default;

    // True where every take() answers at once. Then asking ahead of need gains nothing.
    virtual bool answers_at_once() const = 0;

    // Returns true and fills the answer; or returns false, and the sink is told later, once, but never from
    // within this call.
    virtual bool take(const bucket_request& request, mono_time now, bucket_sink& sink, std::uint64_t tag,
                      bucket_answer& answer) = 0;

    // The lessee gives back unspent tokens (what does not fit below the capacity is lost) and reports spent
    // ones. A negative number of these takes an earlier report back: so a token that was spent at once and
    // then was not is returned = 1, spent = -1. No answer.
    virtual void settle(const bucket_key& key, const bucket_spec& spec, std::int64_t returned,
                        std::int64_t spent, mono_time now) = 0;

    // Nothing more is told to that sink; what is under way for it counts as spent.
    virtual void forget(bucket_sink& sink) = 0;
};

} // namespace mira::ports
