// Every system call of a journal's life fails once, in every way: whatever happens, what was acknowledged is
// there exactly once, what was refused is not, and nothing is acknowledged after a final failure.
#include "tests/faults/disk.hpp"
#include "tests/faults/pumped_journal.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <sstream>
#include <string>

using namespace mira;
using namespace mira::test;

namespace {

struct figures {
    std::uint64_t runs = 0;
    std::uint64_t struck = 0; // of the runs: those in which the call was made and failed
    std::uint64_t not_opened = 0;
    std::uint64_t fatal = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t refused = 0;
    std::uint64_t failed = 0;
};

void count(figures& all, const account& fates) {
    for (const auto& [n, f] : fates) {
        all.acknowledged += f == fate::acknowledged;
        all.refused += f == fate::refused;
        all.failed += f == fate::failed;
    }
}

// Two lives under the plan, a third on a healthy disk. False where the plan found no such call.
bool run(const disk::plan& p, figures& all) {
    const temp_dir dir;
    account fates;
    disk::start(p);
    int fatal = 0;
    for (const std::uint64_t first : {1, 101}) {
        pumped_journal j{dir.path()};
        if (j.open()) {
            live_once(j, first);
            j.close();
        } else {
            CHECK_FALSE(j.why.reasons.empty());
            ++all.not_opened;
        }
        CHECK(j.fatal() <= 1);
        CHECK_FALSE(j.acknowledged_after_fatal());
        fatal += j.fatal();
        for (const auto& [n, f] : j.fates()) {
            if (j.fatal() == 0) CHECK(f != fate::failed);
            CHECK(f != fate::unknown);
        }
        fates.insert(j.fates().begin(), j.fates().end());
    }
    const bool struck = disk::stop();
    CHECK(check_account(dir.path(), fates) == "");

    pumped_journal j{dir.path()};
    REQUIRE(j.open());
    CHECK(j.append_one(201));
    for (const auto& [n, f] : fates) {
        const auto e = j->find(sample_id(n));
        REQUIRE(e.has_value());
        if (f == fate::acknowledged) CHECK(e->has_value());
        if (f == fate::refused) CHECK_FALSE(e->has_value());
    }
    j.close();
    fates[201] = fate::acknowledged;
    CHECK(check_account(dir.path(), fates) == "");

    // Only what cannot be tried again may end it: a sync, or a write that failed for want of anything but
    // room.
    const bool sync = p.at == disk::call::fdatasync || p.at == disk::call::ftruncate;
    if (!sync && (p.error == ENOSPC || p.error == EINTR || p.cut_short)) CHECK(fatal == 0);
    const bool harmless =
        p.cut_short || (p.error == EINTR && (p.at == disk::call::pwritev || p.at == disk::call::pwrite));
    if (harmless)
        for (const auto& [n, f] : fates)
            CHECK((f == fate::acknowledged || f == fate::written || f == fate::taken));
    ++all.runs;
    all.struck += struck;
    all.fatal += static_cast<std::uint64_t>(fatal);
    count(all, fates);
    return struck;
}

void sweep(disk::call c, int error, bool cut_short) {
    figures all;
    // How often a life makes the call depends on when the keeper's thread has its turn: only several lives
    // without the n-th call say that there is none.
    constexpr int lives_without = 4;
    for (std::uint64_t nth = 1;; ++nth) {
        disk::plan p;
        p.at = c;
        p.nth = nth;
        p.error = error;
        p.cut_short = cut_short;
        CAPTURE(disk::to_string(c));
        CAPTURE(nth);
        CAPTURE(error);
        CAPTURE(cut_short);
        int without = 0;
        while (without < lives_without && !run(p, all)) ++without;
        if (without == lives_without) break;
    }
    std::ostringstream told;
    told << disk::to_string(c) << (cut_short ? " cut short" : "") << ", errno " << error << ": " << all.runs
         << " lives, " << all.not_opened << " not opened, " << all.fatal << " ended, " << all.acknowledged
         << " acknowledged, " << all.refused << " refused, " << all.failed << " failed";
    MESSAGE(told.str());
    CHECK(all.struck > 0); // the call is made at all
}

} // namespace

// Where the engine does not ask which error it was, one stands for all.
TEST_CASE("error sweep: writing a group") {
    for (const int error : {EIO, ENOSPC, EINTR}) sweep(disk::call::pwritev, error, false);
    sweep(disk::call::pwritev, 0, true);
}
TEST_CASE("error sweep: writing anything else") {
    for (const int error : {EIO, ENOSPC, EINTR}) sweep(disk::call::pwrite, error, false);
    sweep(disk::call::pwrite, 0, true);
}
TEST_CASE("error sweep: syncing data") {
    for (const int error : {EIO, EINTR}) sweep(disk::call::fdatasync, error, false);
}
TEST_CASE("error sweep: syncing files and directories") { sweep(disk::call::fsync, EIO, false); }
TEST_CASE("error sweep: cutting files") { sweep(disk::call::ftruncate, EIO, false); }
TEST_CASE("error sweep: reserving room") { sweep(disk::call::fallocate, EOPNOTSUPP, false); }
TEST_CASE("error sweep: opening files") { sweep(disk::call::open, EMFILE, false); }
TEST_CASE("error sweep: names") {
    sweep(disk::call::rename, EIO, false);
    sweep(disk::call::unlink, EIO, false);
}
