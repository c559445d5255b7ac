#pragma once
// A cheap stopwatch for the hot path: the processor's time-stamp counter where it is invariant, else the
// monotonic clock. A reading costs some 8 ns instead of 24. Not a clock: tell no dates with it and compare no
// two machines.
#include <cstdint>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace mira {

class ticks {
  public:
    static std::uint64_t now() {
#if defined(__x86_64__)
        if (scale_.tsc) return __rdtsc();
#endif
        return monotonic_nanos();
    }

    // Nanoseconds between two readings; 0 when the second is not after the first (another core's counter).
    static std::uint64_t nanos_between(std::uint64_t from, std::uint64_t to) {
        if (to <= from) return 0;
        return static_cast<std::uint64_t>((static_cast<unsigned __int128>(to - from) * scale_.multiplier) >>
                                          32);
    }

    // Measures the counter against the monotonic clock for some 2 ms. Call once at start, before other
    // threads.
    static void calibrate();

  private:
    struct scale {
        bool tsc = false;
        std::uint64_t multiplier = std::uint64_t{1} << 32; // nanoseconds a tick, 32.32 fixed point
    };
    static std::uint64_t monotonic_nanos();
    static scale scale_;
};

} // namespace mira
