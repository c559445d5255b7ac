// Many segments: rolling, finding, and deleting the oldest.
#include "storage/journal/journal.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/live_journal.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <thread>
#include <vector>

namespace fs = std::filesystem;
using namespace mira;
using mira::test::eventually;
using mira::test::live_journal;
using mira::test::sample_event;
using mira::test::temp_dir;

namespace {

constexpr std::size_t body = 50'000;

void fill(live_journal& j, std::uint64_t first, std::size_t count) {
    std::vector<storage::event> some;
    for (std::uint64_t n = first; n < first + count; ++n) {
        some.push_back(sample_event(n, body));
        if (some.size() < 8 && n + 1 < first + count) continue;
        const auto answers = j.append(some);
        CHECK(std::ranges::all_of(answers, &mira::test::answer::ok));
        some.clear();
    }
}

bool has(live_journal& j, std::uint64_t n) {
    const auto e = j->find(mira::test::sample_id(n));
    REQUIRE(e.has_value());
    if (*e) CHECK(mira::test::same_event(**e, sample_event(n, body)));
    return e->has_value();
}

std::size_t files_in(const fs::path& dir, std::string_view end) {
    return static_cast<std::size_t>(
        std::ranges::count_if(fs::directory_iterator{dir}, [&](const fs::directory_entry& f) {
            return f.path().string().ends_with(end);
        }));
}

} // namespace

TEST_CASE("journal: many small segments, and each event is found in its own") {
    const temp_dir dir;
    {
        live_journal j{dir.path()};
        REQUIRE(j.open());
        fill(j, 1, 200);
        CHECK(j->writing().probe().segments_sealed.value() >= 9);
        for (std::uint64_t n = 1; n <= 200; n += 7) CHECK(has(j, n));
        CHECK_FALSE(has(j, 201));
        CHECK_FALSE(has(j, 0));
        // With an index or without one.
        CHECK(eventually([&] { return files_in(dir.path(), ".idx") >= 9; }));
        for (const auto& f : fs::directory_iterator{dir.path()})
            if (f.path().extension() == ".idx") fs::remove(f.path());
        for (std::uint64_t n = 1; n <= 200; n += 19) CHECK(has(j, n));
    }
    live_journal j{dir.path()};
    REQUIRE(j.open());
    CHECK(j.seen.size() == 200);
    CHECK(files_in(dir.path(), ".idx") >= 10); // made again
    for (std::uint64_t n = 1; n <= 200; n += 11) CHECK(has(j, n));
}

TEST_CASE("journal: by size, the oldest segments go and their files are used again") {
    const temp_dir dir;
    constexpr std::uint64_t limit = 5 * 1024 * 1024;
    {
        live_journal j{dir.path()};
        j.settings.files.max_bytes = limit;
        REQUIRE(j.open());
        fill(j, 1, 300);
        const auto& probe = j->writing().probe();
        CHECK(eventually([&] { return probe.segments_deleted.value() >= 9; }));
        CHECK(eventually([&] { return probe.bytes_kept.value() <= static_cast<std::int64_t>(limit); }));
        CHECK_FALSE(has(j, 1));
        CHECK(has(j, 300));
        // Segments kept, the active one, the next one, and spares.
        CHECK(eventually([&] { return files_in(dir.path(), ".seg") <= 5 + 2; }));
        CHECK(eventually([&] { return files_in(dir.path(), ".idx") <= 5; }));
    }
    live_journal j{dir.path()};
    REQUIRE(j.open());
    REQUIRE_FALSE(j.seen.empty());
    CHECK(j.seen.size() >= 16);
    CHECK(j.seen.size() <= 5 * 20);
    for (std::size_t i = 0; i < j.seen.size(); ++i) {
        CHECK(j.seen[i].sequence == 301 - j.seen.size() + i);
        CHECK(has(j, j.seen[i].sequence));
    }
    CHECK_FALSE(has(j, j.seen.front().sequence - 1));
}

TEST_CASE("journal: by age, and when the limits change") {
    const temp_dir dir;
    live_journal j{dir.path()};
    REQUIRE(j.open());
    fill(j, 1, 100);
    CHECK(has(j, 1));
    CHECK(j->writing().probe().segments_deleted.value() == 0);
    j->writing().housekeeping().set_limits(std::chrono::hours{1}, 1ULL << 40);
    CHECK(eventually([&] { return !has(j, 1); }));
    CHECK(has(j, 100));

    // Events of now are not old.
    storage::event e = sample_event(1000);
    const auto now = static_cast<std::uint64_t>(unix_millis(system_clocks().wall()));
    for (unsigned i = 0; i < 6; ++i) e.id.bytes[i] = static_cast<unsigned char>(now >> (40 - 8 * i));
    CHECK(j.append(e).ok());
    fill(j, 101, 60);
    const auto found = j->find(e.id);
    REQUIRE(found.has_value());
    CHECK(found->has_value());
}

TEST_CASE("journal: numbers go on although every event was past its retention") {
    const temp_dir dir;
    {
        live_journal j{dir.path()};
        REQUIRE(j.open());
        fill(j, 1, 60);
    }
    for (int restart = 0; restart < 2; ++restart) {
        live_journal j{dir.path()};
        j.settings.files.retention = std::chrono::hours{1};
        REQUIRE(j.open());
        CHECK(eventually([&] { return files_in(dir.path(), ".idx") <= 1; }));
        CHECK_FALSE(has(j, 1));
    }
    {
        live_journal j{dir.path()};
        REQUIRE(j.open());
        CHECK(j.append(sample_event(999)).ok());
    }
    live_journal j{dir.path()};
    REQUIRE(j.open());
    REQUIRE_FALSE(j.seen.empty());
    CHECK(j.seen.back().id == mira::test::sample_id(999));
    CHECK(j.seen.back().sequence == 61);
}
