#include "engine/telemetry/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace mira::telemetry {

void histogram_snapshot::add(const histogram& h) {
    // The count is that of the buckets, so that quantiles are consistent whatever the writer does meanwhile.
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        const std::uint64_t n = h.counts_[i].load(std::memory_order_relaxed);
        counts_[i] += n;
        count_ += n;
    }
    sum_ += h.sum_.load(std::memory_order_relaxed);
    min_ = std::min(min_, h.min_.load(std::memory_order_relaxed));
    max_ = std::max(max_, h.max_.load(std::memory_order_relaxed));
}

double histogram_snapshot::mean() const {
    return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

double histogram_snapshot::stdev() const {
    if (count_ == 0) return 0;
    const double centre = mean();
    double squares = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        if (counts_[i] == 0) continue;
        // A lone value in the first or last bucket is known exactly.
        const double low = static_cast<double>(std::max(buckets::lowest(i), min()));
        const double high = static_cast<double>(std::min(buckets::highest(i), max()));
        const double apart = (low + high) / 2 - centre;
        squares += static_cast<double>(counts_[i]) * apart * apart;
    }
    return std::sqrt(squares / static_cast<double>(count_));
}

std::uint64_t histogram_snapshot::quantile(double q) const {
    if (count_ == 0) return 0;
    const double share = std::isnan(q) ? 1 : std::clamp(q, 0.0, 1.0);
    const auto rank = std::clamp<std::uint64_t>(
        static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))), 1, count_);
    if (rank == count_) return max();
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        seen += counts_[i];
        if (seen >= rank) return std::clamp(buckets::highest(i), min(), max());
    }
    return max();
}

std::uint64_t histogram_snapshot::count_up_to(std::uint64_t value) const {
    std::uint64_t seen = 0;
    const std::size_t last = buckets::index_of(value);
    for (std::size_t i = 0; i <= last; ++i) seen += counts_[i];
    return seen;
}

} // namespace mira::telemetry
