#pragma once
// Time, as an input. Logic takes time points as parameters; only the edges read a clock, and they do so
// through clock_source, so that a test can hold time still. Use ticks.hpp where nanoseconds are counted, not
// told.
#include <chrono>
#include <cstdint>

namespace mira {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// Never goes back; says nothing of the date. For durations and deadlines.
using mono_time = std::chrono::time_point<std::chrono::steady_clock, nanoseconds>;
// UTC. May jump. For what leaves the process: journal records, signatures' tolerance, Date.
using wall_time = std::chrono::time_point<std::chrono::system_clock, nanoseconds>;

class clock_source {
  public:
    virtual ~clock_source() = default;
    virtual mono_time mono() const = 0;
    virtual wall_time wall() const = 0;
};

// The machine's clocks. Thread-safe.
const clock_source& system_clocks();

// A clock that moves only when told to. For tests; not thread-safe.
class manual_clock final : public clock_source {
  public:
    explicit manual_clock(wall_time start = wall_time{seconds{1'700'000'000}}) : wall_{start} {}
    mono_time mono() const override { return mono_; }
    wall_time wall() const override { return wall_; }
    // Both clocks move on by d.
    void advance(nanoseconds d) {
        mono_ += d;
        wall_ += d;
    }
    // The date alone jumps, as when somebody sets it.
    void set_wall(wall_time t) { wall_ = t; }

  private:
    mono_time mono_{seconds{1'000}};
    wall_time wall_;
};

inline std::int64_t unix_seconds(wall_time t) {
    return std::chrono::floor<seconds>(t).time_since_epoch().count();
}
inline std::int64_t unix_millis(wall_time t) {
    return std::chrono::floor<milliseconds>(t).time_since_epoch().count();
}

} // namespace mira
