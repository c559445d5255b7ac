#pragma once
// A disk that fails on demand, for this test program alone: the linker puts it between the journal and the
// system calls that change files (--wrap in CMakeLists.txt). Calls are counted from reset(); a plan says what
// happens at which. Calls run one at a time, so that a crash finds the files as some order of calls leaves
// them. Nothing is really synced, nor written past the page cache: that outlives the processes of these
// tests, and the tests are fast.
//
// With track_writes() it knows what was written since each file's last sync, and cut_power() loses a random
// part of that, by sectors of 512 bytes: what a disk without power may do.
#include <cstdint>
#include <optional>
#include <string_view>

namespace mira::test::disk {

enum class call : std::uint8_t {
    open,
    pwritev,
    pwrite,
    fdatasync,
    fsync,
    ftruncate,
    fallocate,
    rename,
    unlink,
    link
};
inline constexpr call all_calls[] = {call::open,   call::pwritev,   call::pwrite,    call::fdatasync,
                                     call::fsync,  call::ftruncate, call::fallocate, call::rename,
                                     call::unlink, call::link};
std::string_view to_string(call c);

struct plan {
    std::optional<call> at; // nothing: any
    std::uint64_t nth = 1;
    std::uint64_t times = 1; // so many in a row
    int error = 0;           // errno, the call not being made
    bool cut_short = false;  // a write: half of it, and no error
    int then = 0;            // the errno of the one call of that kind that follows the last of them
    enum ending : std::uint8_t {
        none,
        kill_before, // the process ends, without the call
        kill_within, // ... with half of a write made
        power_cut,   // ... with half of a write made, and what was not synced partly lost
    };
    ending end = none;
    std::uint32_t seed = 0; // for the power cut
};

// Counts from zero, with this plan.
void start(const plan& p);
// No plan; returns whether the last one came to pass.
bool stop();
// How many calls there were since start().
std::uint64_t count(call c);
std::uint64_t count();

// Ends this process at once: no handler, no flushing, no sanitizer's last words.
[[noreturn]] void end_process(int status);

// Off after start(); the state is the process's own.
void track_writes(bool on);
// A sync that is skipped, for a test of the tests.
void skip_syncs(bool on);

} // namespace mira::test::disk
