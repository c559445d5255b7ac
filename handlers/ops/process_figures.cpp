#include "handlers/ops/process_figures.hpp"

#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace mira::ops {

void expose_process_figures(telemetry::exposition& out) {
    using telemetry::metric;
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) {
        const auto seconds = [](const timeval& t) {
            return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
        };
        out.family("process_cpu_seconds_total", metric::counter, "User and system processor time.")
            .sample(seconds(usage.ru_utime) + seconds(usage.ru_stime));
    }
    std::ifstream statm{"/proc/self/statm"};
    std::uint64_t all = 0, resident = 0;
    if (statm >> all >> resident) {
        const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
        out.family("process_resident_memory_bytes", metric::gauge, "Resident memory.")
            .sample(resident * page);
        out.family("process_virtual_memory_bytes", metric::gauge, "Virtual memory.").sample(all * page);
    }
    std::error_code ec;
    std::uint64_t open = 0;
    for (std::filesystem::directory_iterator it{"/proc/self/fd", ec};
         !ec && it != std::filesystem::directory_iterator{}; it.increment(ec))
        ++open;
    out.family("process_open_fds", metric::gauge, "Open file descriptors.").sample(open);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
        out.family("process_max_fds", metric::gauge, "File descriptors that may be open.")
            .sample(std::uint64_t{limit.rlim_cur});
}

} // namespace mira::ops
