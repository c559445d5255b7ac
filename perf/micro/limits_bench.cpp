// What the limits and the telemetry cost on the hot path.
#include "engine/base/ticks.hpp"
#include "engine/telemetry/counter.hpp"
#include "engine/telemetry/histogram.hpp"
#include "handlers/limits/answer_fields.hpp"
#include "handlers/limits/limiter.hpp"
#include "handlers/limits/peer_admission.hpp"
#include "handlers/limits/quota.hpp"
#include "storage/memory/bucket_store.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <vector>

using namespace mira;
using namespace mira::limits;

namespace {

constexpr mono_time start{seconds{1'000}};

struct nobody final : take_waiter {
    void decided(const decision&) noexcept override {}
};

limit_request limit(std::uint64_t subject, std::int64_t capacity) {
    limit_request r;
    r.key.subject = {subject, 0};
    r.spec = {capacity, capacity, seconds{1}, nanoseconds{0}};
    return r;
}

// A lease that is warm: the owner is asked once in some thousand takes.
void take_warm(benchmark::State& state) {
    memory::bucket_store store;
    limiter l{store};
    nobody w;
    std::vector<limit_request> wanted;
    for (std::int64_t i = 0; i < state.range(0); ++i)
        wanted.push_back(limit(static_cast<std::uint64_t>(i), ports::max_tokens));
    mono_time now = start;
    for (auto _ : state) {
        now += nanoseconds{100};
        benchmark::DoNotOptimize(l.take(wanted, now, w));
    }
}
BENCHMARK(take_warm)->Arg(1)->Arg(2)->Arg(3)->Arg(8);

// Each request is another client's, of a thousand; every lease is used up at once.
void take_of_many_clients(benchmark::State& state) {
    memory::bucket_store store;
    limiter l{store};
    nobody w;
    mono_time now = start;
    std::uint64_t n = 0;
    for (auto _ : state) {
        now += nanoseconds{100};
        if (++n % 500'000 == 0) l.sweep(now);
        const auto r = limit(n * 7'919 % 1'000, 1'000'000);
        benchmark::DoNotOptimize(l.take(std::span{&r, 1}, now, w));
    }
}
BENCHMARK(take_of_many_clients);

// A bucket so low that leases are single: every take asks the owner.
void take_single(benchmark::State& state) {
    static memory::bucket_store store;
    limiter l{store};
    nobody w;
    auto r = limit(static_cast<std::uint64_t>(state.thread_index()), 255);
    if (state.range(0) != 0) r.key.subject = {99, 0}; // all threads the same bucket
    r.spec.period = nanoseconds{10};
    mono_time now = start;
    for (auto _ : state) {
        now += nanoseconds{100};
        benchmark::DoNotOptimize(l.take(std::span{&r, 1}, now, w));
    }
}
BENCHMARK(take_single)->Arg(0)->Arg(1)->Threads(1)->Threads(2);

void take_denied(benchmark::State& state) {
    memory::bucket_store store;
    limiter l{store};
    nobody w;
    const auto r = limit(1, 0);
    mono_time now = start;
    for (auto _ : state) {
        now += nanoseconds{100};
        benchmark::DoNotOptimize(l.take(std::span{&r, 1}, now, w));
    }
}
BENCHMARK(take_denied);

void quota_request(benchmark::State& state) {
    const auto key = quota_key("acme");
    wall_time now{seconds{1'700'000'000}};
    for (auto _ : state) {
        now += nanoseconds{100};
        benchmark::DoNotOptimize(daily_quota(key, 1'000, now));
    }
}
BENCHMARK(quota_request);

void sweep_of_active(benchmark::State& state) {
    memory::bucket_store store;
    limiter l{store};
    nobody w;
    mono_time now = start;
    for (auto _ : state) {
        state.PauseTiming();
        for (std::uint64_t k = 0; k < 1'000; ++k) {
            const auto r = limit(k, 1'000'000);
            benchmark::DoNotOptimize(l.take(std::span{&r, 1}, now, w));
        }
        state.ResumeTiming();
        l.sweep(now);
        now += milliseconds{50};
    }
}
BENCHMARK(sweep_of_active)->Unit(benchmark::kMicrosecond);

void peer_admit_and_genuine(benchmark::State& state) {
    peer_admission p{peer_admission::settings{}};
    address a{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
    mono_time now = start;
    for (auto _ : state) {
        now += nanoseconds{100};
        benchmark::DoNotOptimize(p.admit(a, 1, now));
        p.genuine(a, 1, now);
    }
}
BENCHMARK(peer_admit_and_genuine);

void answer_fields_of_two(benchmark::State& state) {
    const std::array<std::string_view, 2> names{"client", "source"};
    const std::array limits{limit(1, 10'000), limit(2, 500)};
    decision d;
    d.remaining = {9'999, 123};
    std::array<char, answer_field_size> buffer;
    for (auto _ : state) benchmark::DoNotOptimize(rate_limit(buffer, names, limits, d));
}
BENCHMARK(answer_fields_of_two);

void histogram_record(benchmark::State& state) {
    auto h = std::make_unique<telemetry::histogram>();
    std::uint64_t v = 1;
    for (auto _ : state) {
        v = v * 6'364'136'223'846'793'005U + 1;
        h->record(v >> 44); // up to a millisecond
    }
}
BENCHMARK(histogram_record);

void histogram_merge(benchmark::State& state) {
    auto h = std::make_unique<telemetry::histogram>();
    auto s = std::make_unique<telemetry::histogram_snapshot>();
    for (auto _ : state) {
        s->add(*h);
        benchmark::ClobberMemory();
    }
}
BENCHMARK(histogram_merge);

void counter_add(benchmark::State& state) {
    telemetry::counter c;
    for (auto _ : state) {
        c.add();
        benchmark::ClobberMemory();
    }
}
BENCHMARK(counter_add);

} // namespace
