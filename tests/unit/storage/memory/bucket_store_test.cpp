#include "storage/memory/bucket_store.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

using namespace mira;
using namespace mira::ports;
using namespace std::chrono_literals;
using store = mira::memory::bucket_store;

namespace {

constexpr mono_time start{1000s};

bucket_key key_of(std::uint64_t n) {
    bucket_key k;
    k.tenant = 1;
    k.scope = 2;
    k.subject = {n, 0};
    return k;
}
bucket_spec spec_of(std::int64_t capacity, std::int64_t refill = 0, nanoseconds period = 1s,
                    nanoseconds keep = 0ns) {
    return {capacity, refill, period, keep};
}
// Takes and spends at once.
bucket_answer take(store& s, std::uint64_t key, const bucket_spec& spec, mono_time now,
                   std::int64_t min = 1) {
    bucket_request r;
    r.key = key_of(key);
    r.spec = spec;
    r.min = r.max = r.spending = min;
    return s.take(r, now);
}
bucket_answer lease(store& s, std::uint64_t key, const bucket_spec& spec, mono_time now, std::int64_t max,
                    std::int64_t share = 1, std::int64_t spent = 0) {
    bucket_request r;
    r.key = key_of(key);
    r.spec = spec;
    r.max = max;
    r.share = share;
    r.spent = spent;
    return s.take(r, now);
}

} // namespace

TEST_CASE("bucket store: grants what is there, exactly, and says how long to wait") {
    store s;
    const auto spec = spec_of(3, 1, 1s);
    CHECK(take(s, 1, spec, start).remaining == 2);
    CHECK(take(s, 1, spec, start).remaining == 1);
    CHECK(take(s, 1, spec, start).remaining == 0);
    const auto denied = take(s, 1, spec, start + 400ms);
    CHECK(denied.granted == 0);
    CHECK(denied.remaining == 0);
    CHECK(denied.wait == 600ms);
    CHECK(take(s, 1, spec, start + 1s - 1ns).granted == 0);
    CHECK(take(s, 1, spec, start + 1s).granted == 1);
    CHECK(take(s, 2, spec, start).granted == 1); // another key, another bucket
}

TEST_CASE("bucket store: all of min or nothing, and a denial takes nothing") {
    store s;
    const auto spec = spec_of(5, 1, 1s);
    CHECK(take(s, 1, spec, start, 6).granted == 0);
    CHECK(take(s, 1, spec, start, 6).wait == never);
    CHECK(take(s, 1, spec, start, 3).granted == 3);
    const auto denied = take(s, 1, spec, start, 3);
    CHECK(denied.granted == 0);
    CHECK(denied.remaining == 2);
    CHECK(denied.wait == 1s);
    CHECK(take(s, 1, spec, start, 2).granted == 2);
}

TEST_CASE("bucket store: a lease is at most its share of what is left, and one when little is") {
    store s;
    const auto spec = spec_of(1'000);
    CHECK(lease(s, 1, spec, start, 50, 10).granted == 50);  // less than a tenth
    CHECK(lease(s, 1, spec, start, 500, 10).granted == 95); // a tenth of 950
    CHECK(lease(s, 1, spec, start, 500, 600).granted == 1); // a share below 2
    CHECK(lease(s, 1, spec, start, 500, 854).granted == 1); // of 854 left
    CHECK(lease(s, 1, spec, start, 500, 426).granted == 2); // 853 / 426
    CHECK(lease(s, 1, spec, start, 2'000).granted == 851);  // no more than there is
    CHECK(lease(s, 1, spec, start, 1).granted == 0);
}

TEST_CASE("bucket store: a lease counts against the capacity until it is spent or given back") {
    store s;
    const auto spec = spec_of(10, 1, 1s);
    CHECK(lease(s, 1, spec, start, 4).granted == 4);
    // Long enough to be full again, but for the four that are out.
    CHECK(lease(s, 1, spec, start + 100s, 1).remaining == 5);
    // One of these five was spent, another two come back; two are still out.
    s.settle(key_of(1), spec, 2, 1, start + 100s);
    CHECK(take(s, 1, spec, start + 100s).remaining == 6);
    CHECK(take(s, 1, spec, start + 200s).remaining == 7);
    // All is spent: after that the bucket fills.
    s.settle(key_of(1), spec, 0, 2, start + 200s);
    CHECK(take(s, 1, spec, start + 300s).remaining == 9);
}

TEST_CASE("bucket store: spent tokens are reported with the next take") {
    store s;
    const auto spec = spec_of(10, 1, 1s);
    CHECK(lease(s, 1, spec, start, 4).granted == 4);
    CHECK(lease(s, 1, spec, start, 4, 1, 4).remaining == 2);
    CHECK(take(s, 1, spec, start + 100s).remaining == 5); // full but for the last four
}

TEST_CASE("bucket store: what comes back does not exceed the capacity, and nothing is made of a report taken "
          "back") {
    store s;
    const auto spec = spec_of(10, 1, 1s);
    CHECK(take(s, 1, spec, start, 2).granted == 2);
    s.settle(key_of(1), spec, 2, -2, start + 100s); // spent, as was said; but it was not
    CHECK(take(s, 1, spec, start + 100s).remaining == 9);
    // Held instead of spent: the room for it goes.
    CHECK(take(s, 2, spec, start, 2).remaining == 8);
    s.settle(key_of(2), spec, 0, -2, start);
    CHECK(take(s, 2, spec, start + 100s).remaining == 7);
    s.settle(key_of(3), spec, 5, 0, start); // a bucket that is not known is full
    CHECK(take(s, 3, spec, start).remaining == 9);
}

TEST_CASE("bucket store: a clock that is behind makes no tokens and waits longer") {
    store s;
    const auto spec = spec_of(1, 1, 1s);
    CHECK(take(s, 1, spec, start).granted == 1);
    CHECK(take(s, 1, spec, start - 10s).granted == 0);
    CHECK(take(s, 1, spec, start - 10s).wait == 11s);
    CHECK(take(s, 1, spec, start + 1s).granted == 1);
}

TEST_CASE("bucket store: a bucket can start used, in debt even, and once only") {
    store s;
    const auto quota = spec_of(100, 0, 0ns, 24h);
    CHECK(s.prime(key_of(1), quota, 98, start));
    CHECK(take(s, 1, quota, start).remaining == 1);
    CHECK(s.prime(key_of(1), quota, 0, start)); // it exists
    CHECK(take(s, 1, quota, start).remaining == 0);
    CHECK(take(s, 1, quota, start).wait == never);
    CHECK(s.prime(key_of(2), quota, 150, start));
    CHECK(take(s, 2, quota, start).granted == 0);
    // A higher tier: 150 used of 200.
    CHECK(take(s, 2, spec_of(200, 0, 0ns, 24h), start).remaining == 49);
}

TEST_CASE("bucket store: two specs in turn make no tokens") {
    store s;
    const auto small = spec_of(10, 1, 1s), great = spec_of(20, 1, 1s);
    int admitted = 0;
    for (int i = 0; i < 200; ++i)
        admitted += take(s, 1, i % 2 == 0 ? great : small, start).granted > 0 ? 1 : 0;
    CHECK(admitted <= 20);
    CHECK(admitted >= 10);
}

TEST_CASE("bucket store: room is made by the full ones first, then by the one that is full soonest") {
    for (const std::size_t shards : {1U, 16U}) {
        store s{{4, shards}};
        // Full again after 10, 1, 100 and 5 s.
        take(s, 1, spec_of(10, 1, 1s), start, 10);
        take(s, 2, spec_of(10, 10, 1s), start, 10);
        take(s, 3, spec_of(10, 1, 10s), start, 10);
        take(s, 4, spec_of(10, 2, 1s), start, 10);
        CHECK(s.read().buckets == 4);
        CHECK(s.read().left_full + s.read().left_early == 0);
        const auto known = [&](std::uint64_t key, const bucket_spec& spec, mono_time now) {
            return take(s, key, spec, now).granted == 0;
        };
        // 2 is full.
        const mono_time later = start + 2s;
        take(s, 5, spec_of(10, 1, 1h), later, 10);
        CHECK(s.read().left_full == 1);
        CHECK(s.read().left_early == 0);
        // None is: 4 would be first, in 3 s.
        take(s, 6, spec_of(10, 1, 1h), later, 10);
        CHECK(s.read().left_full == 1);
        CHECK(s.read().left_early == 1);
        CHECK(known(3, spec_of(10, 1, 10s), later));
        CHECK(known(5, spec_of(10, 1, 1h), later));
        CHECK(known(6, spec_of(10, 1, 1h), later));
        // Then 1, in 8 s.
        take(s, 7, spec_of(10, 1, 1h), later, 10);
        CHECK(s.read().left_early == 2);
        CHECK(known(3, spec_of(10, 1, 10s), later));
        CHECK(s.read().buckets == 4);
    }
}

TEST_CASE("bucket store: those without refill leave last, the one that was quiet for longest first") {
    store s{{3, 4}};
    take(s, 1, spec_of(1), start);
    take(s, 2, spec_of(1), start + 1s);
    CHECK(take(s, 1, spec_of(1), start + 2s).granted == 0); // touched again
    take(s, 3, spec_of(9, 1, 1h), start + 2s, 9);
    take(s, 4, spec_of(1), start + 3s); // 3 leaves
    CHECK(take(s, 1, spec_of(1), start + 3s).granted == 0);
    CHECK(take(s, 2, spec_of(1), start + 3s).granted == 0);
    take(s, 5, spec_of(1), start + 4s); // 1 and 2 were touched at the same time, 4 too
    take(s, 6, spec_of(1), start + 5s);
    take(s, 7, spec_of(1), start + 6s);
    CHECK(s.read().left_early == 4);
    CHECK(take(s, 5, spec_of(1), start + 7s).granted == 0); // the last three are known
    CHECK(take(s, 6, spec_of(1), start + 7s).granted == 0);
    CHECK(take(s, 7, spec_of(1), start + 7s).granted == 0);
}

TEST_CASE("bucket store: a quota is kept through its day, and when only such are left new ones are refused") {
    store s{{2, 1}};
    const auto quota = spec_of(5, 0, 0ns, 24h);
    take(s, 1, quota, start, 5);
    take(s, 2, spec_of(5), start);
    take(s, 3, spec_of(5), start); // 2 leaves, not 1
    CHECK(s.read().left_early == 1);
    CHECK(take(s, 1, quota, start + 1h).granted == 0);
    take(s, 4, quota, start + 1h, 5); // 3 leaves
    const auto refused = take(s, 5, spec_of(5), start + 25h - 1ns);
    CHECK(refused.granted == 0);
    CHECK(refused.wait == 1s);
    CHECK_FALSE(s.prime(key_of(6), quota, 0, start + 25h - 1ns));
    CHECK(s.read().refused_no_room == 2);
    CHECK(s.read().left_full == 0);
    // Both were quiet for a day.
    CHECK(take(s, 5, spec_of(5), start + 25h).granted == 1);
    CHECK(s.read().left_full == 2);
    CHECK(s.read().left_early == 2);
}

TEST_CASE("bucket store: a bucket with a lease out does not count as full") {
    store s{{1, 1}};
    const auto spec = spec_of(10, 1, 1s);
    lease(s, 1, spec, start, 5);
    take(s, 2, spec, start + 100s);
    CHECK(s.read().left_early == 1);
    CHECK(s.read().left_full == 0);
}

TEST_CASE("bucket store: at, below and above its bound") {
    store s{{100, 16}};
    const auto spec = spec_of(1, 1, 1h);
    for (std::uint64_t i = 0; i < 99; ++i) take(s, i, spec, start);
    CHECK(s.read().buckets == 99);
    take(s, 99, spec, start);
    CHECK(s.read().buckets == 100);
    CHECK(s.read().left_early == 0);
    for (std::uint64_t i = 0; i < 100; ++i) CHECK(take(s, i, spec, start).granted == 0);
    for (std::uint64_t i = 100; i < 1'100; ++i) CHECK(take(s, i, spec, start).granted == 1);
    CHECK(s.read().buckets == 100);
    CHECK(s.read().left_early == 1'000);
}

TEST_CASE("bucket store: the useless ones vanish without need") {
    store s{{10'000, 1}};
    for (std::uint64_t i = 0; i < 1'000; ++i) take(s, i, spec_of(1, 1, 1s), start + i * 10ms);
    // A bucket lives a second here, so a hundred are alive at a time, and each new one drops two dead ones.
    CHECK(s.read().buckets <= 102);
    CHECK(s.read().left_early == 0);
}

TEST_CASE("bucket store: its figures are shown") {
    store s{{1, 1}};
    take(s, 1, spec_of(5, 1, 1s), start, 5);
    take(s, 1, spec_of(5, 1, 1s), start);
    lease(s, 2, spec_of(5, 1, 1s), start, 3);
    s.settle(key_of(2), spec_of(5, 1, 1s), 2, 1, start);
    mira::telemetry::exposition out;
    s.expose(out);
    const std::string text = out.text();
    for (const char* line : {"mira_buckets 1\n", "mira_buckets_forgotten_total{when=\"early\"} 1\n",
                             "mira_bucket_takes_total{outcome=\"granted\"} 2\n",
                             "mira_bucket_takes_total{outcome=\"denied\"} 1\n",
                             "mira_bucket_tokens_total{direction=\"granted\"} 8\n",
                             "mira_bucket_tokens_total{direction=\"returned\"} 2\n"}) {
        CAPTURE(line);
        CHECK(text.find(line) != text.npos);
    }
}

TEST_CASE("bucket store: many threads get exactly what is there, while others come and go") {
    store s{{64, 4}};
    const auto spec = spec_of(20'000, 0, 0ns, 24h);
    std::atomic<std::int64_t> granted{0};
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            std::int64_t mine = 0;
            for (std::uint64_t i = 0; i < 8'000; ++i) {
                const mono_time now = start + i * 1us;
                mine += lease(s, 0, spec, now, 3).granted;
                take(s, 1 + (t * 8'000 + i) % 500, spec_of(2, 1, 1ms), now); // more than there is room for
            }
            granted += mine;
        });
    }
    for (auto& t : threads) t.join();
    CHECK(granted == 20'000);
    CHECK(s.read().buckets <= 64);
}
