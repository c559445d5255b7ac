// No room, and worse: what is refused, what goes on, and what ends.
#include "tests/faults/disk.hpp"
#include "tests/faults/pumped_journal.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <limits>
#include <string>
#include <sys/mount.h>
#include <vector>

namespace fs = std::filesystem;
using namespace mira;
using namespace mira::test;
using mira::journal::writer_state;
using mira::storage::log_errc;

namespace {

constexpr std::uint64_t for_ever = std::numeric_limits<std::uint64_t>::max();

disk::plan failing(disk::call c, int error, std::uint64_t nth = 1, std::uint64_t times = for_ever) {
    disk::plan p;
    p.at = c;
    p.nth = nth;
    p.times = times;
    p.error = error;
    return p;
}

bool is_found(pumped_journal& j, std::uint64_t n) {
    const auto e = j->find(sample_id(n));
    REQUIRE(e.has_value());
    return e->has_value();
}

// Appends small events until one is refused; the number of that one.
std::uint64_t fill_up(pumped_journal& j, std::uint64_t n) {
    while (j.append_one(n)) {
        ++n;
        REQUIRE(n < 2000);
    }
    return n;
}

} // namespace

TEST_CASE("full disk: writing a group finds no room: refused, not kept, and taken again when there is some") {
    const temp_dir dir;
    pumped_journal j{dir.path()};
    REQUIRE(j.open());
    CHECK(j.append_one(1));
    disk::start(failing(disk::call::pwritev, ENOSPC));
    j.append({2, 3, 4});
    CHECK(j->writing().state() == writer_state::full);
    for (std::uint64_t n = 2; n <= 4; ++n) CHECK(j.fates().at(n) == fate::refused);
    // While it is full, the reactor refuses by itself; every now and then one attempt is made.
    for (std::uint64_t n = 5; n < 20; ++n) CHECK_FALSE(j.append_one(n));
    disk::stop();
    CHECK(j.eventually([&] { return j->writing().state() == writer_state::ready; }));
    CHECK(j.append_one(20));
    for (std::uint64_t n = 2; n < 20; ++n) {
        CHECK(j.fates().at(n) == fate::refused);
        CHECK_FALSE(is_found(j, n));
    }
    CHECK(is_found(j, 1));
    CHECK(is_found(j, 20));
    CHECK(j.fatal() == 0);
    j.close();
    CHECK(check_account(dir.path(), j.fates()) == "");
}

TEST_CASE("full disk: half a group is written before the room ends: none of it is kept") {
    const temp_dir dir;
    pumped_journal j{dir.path()};
    REQUIRE(j.open());
    CHECK(j.append_one(1));
    // A short write, then the rest of it meets the full disk.
    disk::plan p = failing(disk::call::pwritev, 0, 1, 1);
    p.cut_short = true;
    p.then = ENOSPC;
    disk::start(p);
    j.append({8, 9, 4});
    CHECK(disk::stop());
    CHECK(j.fates().at(8) == fate::refused);
    CHECK(j.eventually([&] { return j->writing().state() == writer_state::ready; }));
    CHECK(j.append_one(10));
    j.close();
    CHECK(check_account(dir.path(), j.fates()) == "");
}

TEST_CASE("full disk: no next segment: the active one is used to its end, then refused, then taken again") {
    const temp_dir dir;
    pumped_journal j{dir.path()};
    REQUIRE(j.open());
    REQUIRE(j.eventually([&] { return j->writing().housekeeping().next_is_ready(); }));
    disk::start(failing(disk::call::pwrite, ENOSPC)); // what fills segments with zeros
    const std::uint64_t refused = fill_up(j, 1);
    CHECK(refused > 30);
    CHECK(j.fates().at(refused) == fate::refused);
    CHECK_FALSE(j.append_one(refused + 1));
    CHECK(j.fatal() == 0);
    disk::stop();
    CHECK(j.eventually([&] { return j->writing().state() == writer_state::ready; }));
    CHECK(j.append_one(refused + 2));
    for (std::uint64_t n = 1; n < refused; ++n) CHECK(is_found(j, n));
    j.close();
    CHECK(check_account(dir.path(), j.fates()) == "");
}

TEST_CASE("full disk: closed while full, and opened while full") {
    const temp_dir dir;
    account fates;
    std::uint64_t next = 1;
    {
        pumped_journal j{dir.path()};
        REQUIRE(j.open());
        REQUIRE(j.eventually([&] { return j->writing().housekeeping().next_is_ready(); }));
        disk::start(failing(disk::call::pwrite, ENOSPC));
        next = fill_up(j, 1) + 1;
        disk::start(failing(disk::call::pwritev, ENOSPC)); // not even the seal
        j.close();
        disk::stop();
        CHECK(j.fatal() == 0);
        fates = j.fates();
    }
    CHECK(check_account(dir.path(), fates) == "");
    for (int again = 0; again < 3; ++again) {
        pumped_journal j{dir.path()};
        disk::plan p = failing(disk::call::fallocate, ENOSPC);
        disk::start(p);
        REQUIRE(j.open());
        CHECK(j.append_one(next));
        fates[next++] = fate::acknowledged;
        j.close();
        disk::stop();
        CHECK(check_account(dir.path(), fates) == "");
    }
}

TEST_CASE("full disk: a segment that came out short takes what fits, and loses nothing when passed over") {
    const temp_dir dir;
    pumped_journal j{dir.path()};
    constexpr std::uint64_t mib = 1024 * 1024;
    j.settings.files.segment_bytes = 3 * mib;
    j.settings.files.least_segment_bytes = mib;
    REQUIRE(j.open());
    const auto is_ready = [&] { return j->writing().housekeeping().next_is_ready(); };
    REQUIRE(j.eventually(is_ready));
    const auto large = [](std::uint64_t n) {
        storage::event e = numbered_event(n);
        e.body = sample_body(n, 2 * mib + mib / 2);
        return e;
    };
    // Of the third segment's three mebibytes only two can be had.
    disk::start(failing(disk::call::pwrite, ENOSPC, 3, 1));
    j.append(large(1), 1);
    j.append(large(2), 2);
    REQUIRE(j.eventually([&] { return disk::count(disk::call::pwrite) >= 4 && is_ready(); }));
    CHECK(disk::stop());
    REQUIRE(fs::file_size(dir / journal::segment_name(3)) == 2 * mib);
    // The third large one goes to the third segment and does not fit: no room, which is not "too large".
    j.append(large(3), 3);
    CHECK(j.fates().at(3) == fate::refused);
    REQUIRE(j.eventually([&] { return j->writing().state() == writer_state::ready && is_ready(); }));
    j.append(large(4), 4); // passes the short one by
    CHECK(j.fates().at(4) == fate::acknowledged);
    CHECK(j.append_one(5));
    CHECK(j.fatal() == 0);
    CHECK(is_found(j, 4));
    j.close();
    REQUIRE(j.open());
    CHECK(j.seen == std::vector<std::uint64_t>{1, 2, 4, 5});
}

TEST_CASE("full disk: a segment that cannot be deleted stays, and so do those behind it") {
    for (const disk::call c : {disk::call::rename, disk::call::unlink})
        for (std::uint64_t nth = 1; nth < 40; ++nth) {
            CAPTURE(disk::to_string(c));
            CAPTURE(nth);
            const temp_dir dir;
            pumped_journal j{dir.path()};
            j.settings.files.max_bytes = 5 * j.settings.files.segment_bytes;
            disk::start(failing(c, EIO, nth, 2));
            const bool opened = j.open();
            std::uint64_t last = 0;
            for (std::uint64_t n = 7; opened && n < 7 + 11 * 24; n += 11) // large ones
                if (j.append_one(n)) last = n;
            j.close();
            const bool struck = disk::stop();
            std::uint64_t seen = 0;
            const auto found =
                journal::inspect(dir.path(), [&](const journal::record& r, std::uint64_t, std::uint64_t) {
                    seen = static_cast<std::uint64_t>(r.event.id.millis() - first_sample_millis);
                });
            REQUIRE(found.has_value());
            CHECK_FALSE(found->corrupt());
            CHECK(seen == last);
            if (!struck) break;
        }
}

TEST_CASE(
    "failing disk: a sync fails: all who wait hear it, the process hears it once, and that is the end") {
    const temp_dir dir;
    pumped_journal j{dir.path()};
    REQUIRE(j.open());
    CHECK(j.append_one(1));
    REQUIRE(j.eventually([&] { return j->writing().housekeeping().next_is_ready(); }));
    disk::start(failing(disk::call::fdatasync, EIO, 1, 1)); // once: the next would claim success
    j.append({2, 3, 4});
    for (std::uint64_t n = 2; n <= 4; ++n) CHECK(j.fates().at(n) == fate::failed);
    CHECK(j.fatal() == 1);
    CHECK(j->writing().state() == writer_state::failed);
    const std::uint64_t syncs = disk::count(disk::call::fdatasync);
    const std::uint64_t writes = disk::count(disk::call::pwritev);
    j.append({5, 6});
    CHECK(j.fates().at(5) == fate::failed);
    j.close();
    // Neither a write nor a sync of that file was tried again, not even for the seal.
    CHECK(disk::count(disk::call::pwritev) == writes);
    CHECK(disk::count(disk::call::fdatasync) == syncs);
    disk::stop();
    CHECK(j.fatal() == 1);
    CHECK_FALSE(j.acknowledged_after_fatal());
    CHECK(check_account(dir.path(), j.fates()) == "");
}

TEST_CASE("failing disk: batches that wait behind the one that failed hear it too") {
    const temp_dir dir;
    pumped_journal j{dir.path()};
    REQUIRE(j.open());
    // The sync that fails must be the writer's, not that of the next file being made ready.
    REQUIRE(j.eventually([&] { return j->writing().housekeeping().next_is_ready(); }));
    // Three batches in one go: each large event fills one.
    disk::start(failing(disk::call::fdatasync, EIO, 1, 1));
    j.append({4, 15, 26, 37, 48, 59, 70, 81, 92, 103, 114, 125, 136, 147});
    disk::stop();
    for (const auto& [n, f] : j.fates()) CHECK(f == fate::failed);
    CHECK(j.fatal() == 1);
    j.close();
    CHECK(check_account(dir.path(), j.fates()) == "");
}

TEST_CASE("full disk: a real one of four mebibytes") {
    const temp_dir dir;
    if (::mount("tmpfs", dir.path().c_str(), "tmpfs", 0, "size=4m") != 0) {
        MESSAGE("skipped: a tmpfs cannot be mounted here");
        return;
    }
    account fates;
    std::uint64_t refused = 0;
    {
        const fs::path ballast = dir / "ballast";
        write_file(ballast, std::string(1 << 20, 'b'));
        pumped_journal j{dir / "journal"};
        j.settings.files.segment_bytes = 1024 * 1024;
        j.settings.files.least_segment_bytes = 256 * 1024;
        REQUIRE(j.open());
        refused = fill_up(j, 1);
        CHECK(refused > 100);
        CHECK(j.fates().at(refused) == fate::refused);
        // On a disk without any room: closed, opened, and nothing is lost.
        j.close();
        CHECK(j.fatal() == 0);
        fates = j.fates();
        CHECK(check_account(dir / "journal", fates) == "");
        const bool opened = j.open();
        fs::remove(ballast);
        if (!opened) REQUIRE(j.open());
        CHECK(j.eventually([&] { return j.append_one(refused + 1); }));
        for (std::uint64_t n = 1; n < refused; ++n) CHECK(is_found(j, n));
        j.close();
        fates.insert(j.fates().begin(), j.fates().end());
    }
    CHECK(check_account(dir / "journal", fates) == "");
    CHECK(::umount(dir.path().c_str()) == 0);
}
