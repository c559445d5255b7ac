#include "engine/base/ticks.hpp"

#include <ctime>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace mira {

ticks::scale ticks::scale_;

std::uint64_t ticks::monotonic_nanos() {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(t.tv_nsec);
}

void ticks::calibrate() {
#if defined(__x86_64__)
    unsigned a = 0, b = 0, c = 0, d = 0;
    // CPUID 80000007h, EDX bit 8: the counter runs at one rate in every power state (Intel SDM 17.17, AMD
    // APM 13.2).
    if (__get_cpuid(0x80000007, &a, &b, &c, &d) == 0 || (d & (1U << 8)) == 0) return;
    const std::uint64_t n0 = monotonic_nanos();
    const std::uint64_t t0 = __rdtsc();
    std::uint64_t n1 = n0;
    while (n1 - n0 < 2'000'000) n1 = monotonic_nanos();
    const std::uint64_t t1 = __rdtsc();
    if (t1 <= t0) return;
    scale_.multiplier =
        static_cast<std::uint64_t>((static_cast<unsigned __int128>(n1 - n0) << 32) / (t1 - t0));
    scale_.tsc = true;
#endif
}

} // namespace mira
