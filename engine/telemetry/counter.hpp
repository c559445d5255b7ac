#pragma once
// A counter for a component's probe: a plain struct of counters, gauges and histograms that the component
// owns, one per core. One thread writes it, by a relaxed load and a relaxed store, which compile to an
// ordinary increment without a lock prefix; any thread may read it. A second writer at the same time loses
// counts (under a common mutex, writers may change). Figures of all cores are added up when they are read:
// total() in probe.hpp.
#include <atomic>
#include <cstdint>

namespace mira::telemetry {

class counter {
  public:
    void add(std::uint64_t n = 1) {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

} // namespace mira::telemetry
