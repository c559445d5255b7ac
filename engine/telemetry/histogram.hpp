#pragma once
// Durations in nanoseconds, counted in buckets whose width grows with the value, in the manner of
// HdrHistogram (Tene, https://hdrhistogram.org): below 256 each value has its own bucket, above that each
// octave has 128, so a figure read back is at most 0.8 % above what was recorded. From 0 to 2^37 ns (137 s);
// what is longer counts in the last bucket, though sum and maximum stay exact. 31 KiB.
//
// One per core and measured thing; record() is for the owner's thread alone, costs some 2 ns and allocates
// nothing. Other threads read by adding it into a histogram_snapshot at any time: figures of one snapshot may
// differ by the records that were under way. Merge buckets, never percentiles.
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace mira::telemetry {

namespace buckets {
inline constexpr unsigned sub_bits = 7;  // 128 buckets an octave
inline constexpr unsigned max_bits = 37; // values below 2^37
inline constexpr std::size_t count = ((max_bits - sub_bits) << sub_bits) + (std::size_t{1} << sub_bits);

constexpr std::size_t index_of(std::uint64_t value) {
    constexpr std::uint64_t top = (std::uint64_t{1} << max_bits) - 1;
    if (value > top) value = top;
    // A value of n bits is cut down to its leading 8.
    const auto shift = static_cast<unsigned>(std::bit_width(value | 0xFFU)) - (sub_bits + 1);
    return (static_cast<std::size_t>(shift) << sub_bits) + static_cast<std::size_t>(value >> shift);
}
// The least and the greatest value that a bucket counts.
constexpr std::uint64_t lowest(std::size_t index) {
    if (index < (std::size_t{2} << sub_bits)) return index;
    const std::size_t shift = (index >> sub_bits) - 1;
    return static_cast<std::uint64_t>(index - (shift << sub_bits)) << shift;
}
constexpr std::uint64_t highest(std::size_t index) {
    if (index < (std::size_t{2} << sub_bits)) return index;
    return lowest(index) + (std::uint64_t{1} << ((index >> sub_bits) - 1)) - 1;
}
} // namespace buckets

class histogram {
  public:
    void record(std::uint64_t nanos) {
        bump(counts_[buckets::index_of(nanos)], 1);
        bump(sum_, nanos);
        if (nanos < min_.load(std::memory_order_relaxed)) min_.store(nanos, std::memory_order_relaxed);
        if (nanos > max_.load(std::memory_order_relaxed)) max_.store(nanos, std::memory_order_relaxed);
    }

  private:
    friend class histogram_snapshot;
    static void bump(std::atomic<std::uint64_t>& v, std::uint64_t n) {
        v.store(v.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }

    std::atomic<std::uint64_t> sum_{0};
    std::atomic<std::uint64_t> min_{std::numeric_limits<std::uint64_t>::max()};
    std::atomic<std::uint64_t> max_{0};
    std::array<std::atomic<std::uint64_t>, buckets::count> counts_{};
};

// The sum of any number of histograms, for reading. A plain value of one thread.
class histogram_snapshot {
  public:
    void add(const histogram& h);

    std::uint64_t count() const { return count_; }
    std::uint64_t sum() const { return sum_; }
    // 0 where nothing was recorded, as are all figures below.
    std::uint64_t min() const { return min_ < max_ ? min_ : max_; }
    std::uint64_t max() const { return max_; }
    double mean() const;
    // Of the population; each record stands at the middle of its bucket.
    double stdev() const;
    // The value that a share q (0 to 1) of the records does not exceed: the upper end of its bucket, never
    // more than the greatest that was recorded. q outside 0 to 1 counts as the nearer of the two.
    std::uint64_t quantile(double q) const;
    // How many records are at most that value, give or take the width of its bucket.
    std::uint64_t count_up_to(std::uint64_t value) const;

  private:
    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t min_ = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t max_ = 0;
    std::array<std::uint64_t, buckets::count> counts_{};
};

} // namespace mira::telemetry
