#pragma once
// What several tests of the limits share: short ways to say a limit, a waiter that remembers, and an owner
// that answers when it is told to.
#include "handlers/limits/limiter.hpp"
#include "storage/memory/bucket_store.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace mira::limits::test {

using namespace std::chrono_literals;

inline constexpr mono_time start{1000s};

inline limit_request limit(std::uint64_t subject, std::int64_t capacity, std::int64_t refill = 0,
                           nanoseconds period = 1s) {
    limit_request r;
    r.key.tenant = 7;
    r.key.scope = 8;
    r.key.subject = {subject, 0};
    r.spec = {capacity, refill, period, nanoseconds{0}};
    return r;
}

struct waiter final : take_waiter {
    void decided(const decision& d) noexcept override {
        told = d;
        ++times;
    }
    std::optional<decision> told;
    int times = 0;
};

// Takes of one limit for which the owner answers at once.
inline decision take(limiter& l, std::span<const limit_request> wanted, mono_time now) {
    waiter w;
    return l.take(wanted, now, w);
}
inline decision take(limiter& l, const limit_request& r, mono_time now) {
    return take(l, std::span{&r, 1}, now);
}
inline bool admits(limiter& l, const limit_request& r, mono_time now) {
    return take(l, r, now).outcome == verdict::admitted;
}

// An owner that is away: the real one behind a queue.
class late_store final : public ports::bucket_store {
  public:
    bool answers_at_once() const override { return false; }
    bool take(const ports::bucket_request& r, mono_time, ports::bucket_sink& sink, std::uint64_t tag,
              ports::bucket_answer&) override {
        queue.push_back({r, &sink, tag});
        return false;
    }
    void settle(const ports::bucket_key& k, const ports::bucket_spec& s, std::int64_t returned,
                std::int64_t spent, mono_time now) override {
        owner.settle(k, s, returned, spent, now);
    }
    void forget(ports::bucket_sink& sink) override {
        std::erase_if(queue, [&](const asked& a) { return a.sink == &sink; });
    }
    // Answers the oldest question.
    void answer(mono_time now) {
        const asked a = queue.front();
        queue.pop_front();
        a.sink->answered(a.tag, owner.take(a.request, now), now);
    }

    struct asked {
        ports::bucket_request request;
        ports::bucket_sink* sink;
        std::uint64_t tag;
    };
    std::deque<asked> queue;
    memory::bucket_store owner;
};

} // namespace mira::limits::test
