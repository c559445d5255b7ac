#include "engine/telemetry/histogram.hpp"
#include "engine/telemetry/probe.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <thread>
#include <vector>

using namespace mira::telemetry;

namespace {
std::unique_ptr<histogram_snapshot> snapshot_of(const histogram& h) {
    auto s = std::make_unique<histogram_snapshot>();
    s->add(h);
    return s;
}
} // namespace

TEST_CASE("histogram: buckets join without gap or overlap and are at most 0.8 % wide") {
    CHECK(buckets::index_of(0) == 0);
    CHECK(buckets::highest(buckets::count - 1) == (std::uint64_t{1} << 37) - 1);
    for (std::size_t i = 0; i < buckets::count; ++i) {
        const std::uint64_t low = buckets::lowest(i), high = buckets::highest(i);
        REQUIRE(low <= high);
        REQUIRE(buckets::index_of(low) == i);
        REQUIRE(buckets::index_of(high) == i);
        if (i > 0) REQUIRE(buckets::highest(i - 1) + 1 == low);
        REQUIRE(static_cast<double>(high - low) <= 0.008 * static_cast<double>(low));
    }
    CHECK(sizeof(histogram) <= 32 * 1024);
}

TEST_CASE("histogram: what is too long counts in the last bucket, its sum and maximum stay exact") {
    constexpr std::uint64_t bound = std::uint64_t{1} << 37;
    CHECK(buckets::index_of(bound - 1) == buckets::count - 1);
    CHECK(buckets::index_of(bound) == buckets::count - 1);
    CHECK(buckets::index_of(std::numeric_limits<std::uint64_t>::max()) == buckets::count - 1);
    histogram h;
    h.record(10 * bound);
    const auto s = snapshot_of(h);
    CHECK(s->max() == 10 * bound);
    CHECK(s->sum() == 10 * bound);
    CHECK(s->quantile(1) == 10 * bound);
}

TEST_CASE("histogram: nothing recorded reads as zero") {
    const auto s = snapshot_of(histogram{});
    CHECK(s->count() == 0);
    CHECK(s->min() == 0);
    CHECK(s->max() == 0);
    CHECK(s->mean() == 0);
    CHECK(s->stdev() == 0);
    CHECK(s->quantile(0.5) == 0);
    CHECK(s->count_up_to(1'000) == 0);
}

TEST_CASE("histogram: figures of small values are exact") {
    histogram h;
    for (const std::uint64_t v : {2U, 4U, 4U, 4U, 5U, 5U, 7U, 9U}) h.record(v);
    const auto s = snapshot_of(h);
    CHECK(s->count() == 8);
    CHECK(s->sum() == 40);
    CHECK(s->min() == 2);
    CHECK(s->max() == 9);
    CHECK(s->mean() == 5.0);
    CHECK(s->stdev() == doctest::Approx(2.0)); // the textbook example of a population's deviation
    CHECK(s->quantile(0) == 2);
    CHECK(s->quantile(0.125) == 2);
    CHECK(s->quantile(0.126) == 4);
    CHECK(s->quantile(0.5) == 4);
    CHECK(s->quantile(0.75) == 5);
    CHECK(s->quantile(1) == 9);
    CHECK(s->quantile(-1) == 2);
    CHECK(s->quantile(2) == 9);
    CHECK(s->count_up_to(1) == 0);
    CHECK(s->count_up_to(4) == 4);
    CHECK(s->count_up_to(5) == 6);
}

TEST_CASE("histogram: quantiles of random values are never below the true one and at most 0.8 % above") {
    std::mt19937_64 random{7};
    std::lognormal_distribution<double> latencies{12, 2};
    for (const std::size_t n : {1U, 2U, 10U, 999U, 50'000U}) {
        histogram h;
        std::vector<std::uint64_t> all;
        long double squares = 0, sum = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const auto v = static_cast<std::uint64_t>(latencies(random));
            all.push_back(v);
            sum += static_cast<long double>(v);
            h.record(v);
        }
        std::sort(all.begin(), all.end());
        const auto s = snapshot_of(h);
        for (const double q : {0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
            const auto rank =
                std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(q * static_cast<double>(n))));
            const std::uint64_t truth = all[rank - 1];
            CAPTURE(n);
            CAPTURE(q);
            CHECK(s->quantile(q) >= truth);
            CHECK(static_cast<double>(s->quantile(q)) <= 1.008 * static_cast<double>(truth));
        }
        for (const std::uint64_t v : all) {
            squares += (static_cast<long double>(v) - sum / n) * (static_cast<long double>(v) - sum / n);
        }
        CHECK(s->stdev() == doctest::Approx(static_cast<double>(std::sqrt(squares / n))).epsilon(0.01));
        CHECK(s->mean() == doctest::Approx(static_cast<double>(sum / n)));
    }
}

TEST_CASE("histogram: merging those of several cores is the same as one for all") {
    struct probe {
        counter requests;
        gauge open;
        histogram latency;
    };
    std::array<probe, 3> cores;
    histogram together;
    std::mt19937_64 random{11};
    for (int i = 0; i < 3'000; ++i) {
        const std::uint64_t v = random() % 5'000'000;
        probe& p = cores[static_cast<std::size_t>(i % 3)];
        p.latency.record(v);
        p.requests.add(2);
        p.open.add(3);
        p.open.sub();
        together.record(v);
    }
    const std::array<const probe*, 3> all{&cores[0], &cores[1], &cores[2]};
    const auto sum = merged(all, &probe::latency);
    const auto one = snapshot_of(together);
    CHECK(sum->count() == 3'000);
    CHECK(sum->sum() == one->sum());
    CHECK(sum->min() == one->min());
    CHECK(sum->max() == one->max());
    for (const double q : {0.1, 0.5, 0.99}) CHECK(sum->quantile(q) == one->quantile(q));
    CHECK(total(all, &probe::requests) == 6'000);
    CHECK(total(all, &probe::open) == 6'000);
}

// Its worth lies in the thread sanitizer's build.
TEST_CASE("histogram: another thread reads while the owner records") {
    histogram h;
    counter c;
    std::atomic<bool> done{false};
    std::thread owner{[&] {
        for (std::uint64_t i = 1; i <= 200'000; ++i) {
            h.record(i);
            c.add();
        }
        done = true;
    }};
    std::uint64_t before = 0;
    while (!done) {
        const auto s = snapshot_of(h);
        CHECK(s->count() >= before);
        CHECK(s->quantile(0.5) <= 200'000);
        before = s->count();
    }
    owner.join();
    CHECK(snapshot_of(h)->count() == 200'000);
    CHECK(c.value() == 200'000);
}
