#include "tests/faults/disk.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>
#include <vector>

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names.
extern "C" {
int __real_open(const char* name, int flags, ...);
ssize_t __real_pwritev(int fd, const iovec* v, int n, off_t at);
ssize_t __real_pwrite(int fd, const void* p, size_t n, off_t at);
int __real_ftruncate(int fd, off_t size);
int __real_fallocate(int fd, int mode, off_t from, off_t size);
int __real_rename(const char* from, const char* to);
int __real_unlink(const char* name);
int __real_link(const char* from, const char* to);
}

namespace mira::test::disk {
namespace {

constexpr std::uint64_t sector = 512;

// What a file was when it was last synced, as far as it differs.
struct unsynced {
    int fd = -1; // a duplicate
    std::uint64_t size = 0;
    std::map<std::uint64_t, std::array<char, sector>> sectors;
};

struct state {
    std::mutex mutex;
    plan now;
    bool planned = false;
    std::uint64_t hits = 0;
    std::array<std::uint64_t, std::size(all_calls)> counts{};
    bool tracking = false;
    bool skipping_syncs = false;
    std::map<std::pair<dev_t, ino_t>, unsynced> files;
};

state& the() {
    static state s;
    return s;
}

std::uint64_t total() {
    std::uint64_t n = 0;
    for (const std::uint64_t c : the().counts) n += c;
    return n;
}

// Counts the call; whether the plan is meant for it.
bool strikes(call c) {
    state& s = the();
    const std::uint64_t n = ++s.counts[static_cast<std::size_t>(c)];
    if (!s.planned || (s.now.at && *s.now.at != c)) return false;
    const std::uint64_t at = s.now.at ? n : total();
    if (at < s.now.nth || at - s.now.nth >= s.now.times) return false;
    ++s.hits;
    return true;
}

std::array<char, sector> read_sector(int fd, std::uint64_t n) {
    std::array<char, sector> bytes{};
    const std::string name = "/proc/self/fd/" + std::to_string(fd);
    const int plain = __real_open(name.c_str(), O_RDONLY | O_CLOEXEC);
    [[maybe_unused]] const ssize_t r = ::pread(plain, bytes.data(), sector, static_cast<off_t>(n * sector));
    ::close(plain);
    return bytes;
}

unsynced& remembered(int fd, const struct stat& st) {
    unsynced& f = the().files[{st.st_dev, st.st_ino}];
    if (f.fd < 0) {
        f.fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
        f.size = static_cast<std::uint64_t>(st.st_size);
    }
    return f;
}

// Before bytes [from, to) of the file change.
void remember(int fd, std::uint64_t from, std::uint64_t to) {
    struct stat st {};
    if (!the().tracking || ::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return;
    unsynced& f = remembered(fd, st);
    for (std::uint64_t n = from / sector; n * sector < to; ++n)
        if (!f.sectors.contains(n)) f.sectors.emplace(n, read_sector(fd, n));
}

void forget(int fd) {
    struct stat st {};
    if (::fstat(fd, &st) != 0) return;
    const auto it = the().files.find({st.st_dev, st.st_ino});
    if (it == the().files.end()) return;
    ::close(it->second.fd);
    the().files.erase(it);
}

// Every sector, and each file's size, is either as it was when last synced or as it is now.
void lose_unsynced(std::uint32_t seed) {
    std::mt19937 random{seed};
    for (auto& [id, f] : the().files) {
        const std::string name = "/proc/self/fd/" + std::to_string(f.fd);
        const int fd = __real_open(name.c_str(), O_RDWR | O_CLOEXEC);
        if (fd < 0) continue; // deleted meanwhile
        struct stat st {};
        ::fstat(fd, &st);
        // Often all or nothing of a file, else a mixture.
        const unsigned kind = random() % 4;
        for (const auto& [n, bytes] : f.sectors)
            if (kind == 0 || (kind > 1 && random() % 2 == 0))
                __real_pwrite(fd, bytes.data(), sector, static_cast<off_t>(n * sector));
        const std::uint64_t size = random() % 2 == 0 ? f.size : static_cast<std::uint64_t>(st.st_size);
        __real_ftruncate(fd, static_cast<off_t>(size));
    }
}

// With the mutex held: no other thread's call comes through.
[[noreturn]] void crash() {
    if (the().now.end == plan::power_cut) lose_unsynced(the().now.seed);
    end_process(0);
}

// What a call that is struck returns; nothing where it goes on as usual.
std::optional<int> struck(call c) {
    if (!strikes(c)) return std::nullopt;
    if (the().now.end != plan::none) crash();
    if (the().now.error == 0) return std::nullopt;
    errno = the().now.error;
    return -1;
}

ssize_t write_out(call c, int fd, std::vector<iovec> v, off_t at) {
    const std::lock_guard lock{the().mutex};
    const bool hit = strikes(c);
    plan& p = the().now;
    if (!hit && the().hits == p.times && p.at == c && p.then != 0) {
        errno = std::exchange(p.then, 0);
        return -1;
    }
    if (hit && p.end == plan::kill_before) crash();
    if (hit && p.error != 0) {
        errno = p.error;
        return -1;
    }
    std::size_t all = 0;
    for (const iovec& x : v) all += x.iov_len;
    if (hit) {
        // Half, but something: nothing at all would be another error.
        std::size_t left = std::max<std::size_t>(all / 2, 1);
        for (iovec& x : v) left -= x.iov_len = std::min(x.iov_len, left);
        all = std::max<std::size_t>(all / 2, 1);
    }
    remember(fd, static_cast<std::uint64_t>(at), static_cast<std::uint64_t>(at) + all);
    const ssize_t r = __real_pwritev(fd, v.data(), static_cast<int>(v.size()), at);
    if (hit && p.end != plan::none) crash();
    return r;
}

int sync(call c, int fd) {
    const std::lock_guard lock{the().mutex};
    if (const auto r = struck(c)) return *r;
    if (::fcntl(fd, F_GETFD) < 0) return -1; // as the real one
    if (!the().skipping_syncs) forget(fd);
    return 0;
}

} // namespace

std::string_view to_string(call c) {
    static constexpr std::string_view names[] = {"open",      "pwritev",   "pwrite", "fdatasync", "fsync",
                                                 "ftruncate", "fallocate", "rename", "unlink",    "link"};
    return names[static_cast<std::size_t>(c)];
}

void end_process(int status) {
    ::syscall(SYS_exit_group, status);
    std::abort();
}

void start(const plan& p) {
    const std::lock_guard lock{the().mutex};
    the().now = p;
    the().planned = true;
    the().hits = 0;
    the().counts = {};
    the().tracking = the().skipping_syncs = false;
}

bool stop() {
    const std::lock_guard lock{the().mutex};
    the().planned = false;
    return the().hits > 0;
}

std::uint64_t count(call c) {
    const std::lock_guard lock{the().mutex};
    return the().counts[static_cast<std::size_t>(c)];
}
std::uint64_t count() {
    const std::lock_guard lock{the().mutex};
    return total();
}
void track_writes(bool on) {
    const std::lock_guard lock{the().mutex};
    the().tracking = on;
}
void skip_syncs(bool on) {
    const std::lock_guard lock{the().mutex};
    the().skipping_syncs = on;
}

} // namespace mira::test::disk

using namespace mira::test::disk;

extern "C" {

int __wrap_open(const char* name, int flags, ...) {
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list more;
        va_start(more, flags);
        mode = va_arg(more, mode_t);
        va_end(more);
    }
    const std::lock_guard lock{the().mutex};
    if (const auto r = struck(call::open)) return *r;
    return __real_open(name, flags & ~O_DIRECT, mode);
}
ssize_t __wrap_pwritev(int fd, const iovec* v, int n, off_t at) {
    return write_out(call::pwritev, fd, {v, v + n}, at);
}
ssize_t __wrap_pwrite(int fd, const void* p, size_t n, off_t at) {
    return write_out(call::pwrite, fd, {{const_cast<void*>(p), n}}, at);
}
int __wrap_fdatasync(int fd) { return sync(call::fdatasync, fd); }
int __wrap_fsync(int fd) { return sync(call::fsync, fd); }
int __wrap_ftruncate(int fd, off_t size) {
    const std::lock_guard lock{the().mutex};
    if (const auto r = struck(call::ftruncate)) return *r;
    struct stat st {};
    if (::fstat(fd, &st) == 0 && st.st_size > size)
        remember(fd, static_cast<std::uint64_t>(size), static_cast<std::uint64_t>(st.st_size));
    return __real_ftruncate(fd, size);
}
int __wrap_fallocate(int fd, int mode, off_t from, off_t size) {
    const std::lock_guard lock{the().mutex};
    if (const auto r = struck(call::fallocate)) return *r;
    remember(fd, 0, 0);
    return __real_fallocate(fd, mode, from, size);
}
int __wrap_rename(const char* from, const char* to) {
    const std::lock_guard lock{the().mutex};
    if (const auto r = struck(call::rename)) return *r;
    return __real_rename(from, to);
}
int __wrap_unlink(const char* name) {
    const std::lock_guard lock{the().mutex};
    if (const auto r = struck(call::unlink)) return *r;
    return __real_unlink(name);
}
int __wrap_link(const char* from, const char* to) {
    const std::lock_guard lock{the().mutex};
    if (const auto r = struck(call::link)) return *r;
    return __real_link(from, to);
}
}
// NOLINTEND(bugprone-reserved-identifier)
