#pragma once
// A figure that goes up and down, such as the depth of a queue; the share of one core, so that the sum over
// the cores is the whole. One writer, any reader, as counter.hpp says.
#include <atomic>
#include <cstdint>

namespace mira::telemetry {

class gauge {
  public:
    void set(std::int64_t v) { value_.store(v, std::memory_order_relaxed); }
    void add(std::int64_t n = 1) { set(value() + n); }
    void sub(std::int64_t n = 1) { set(value() - n); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::int64_t> value_{0};
};

} // namespace mira::telemetry
