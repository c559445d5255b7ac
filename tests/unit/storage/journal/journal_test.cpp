#include "storage/journal/journal.hpp"
#include "tests/support/live_journal.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace fs = std::filesystem;
using namespace mira;
using mira::storage::durability;
using mira::storage::log_errc;
using mira::test::answer;
using mira::test::live_journal;
using mira::test::sample_event;
using mira::test::temp_dir;

namespace {

std::vector<storage::event> samples(std::uint64_t first, std::size_t count, std::size_t body = 200) {
    std::vector<storage::event> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(sample_event(first + i, body));
    return all;
}

bool all_ok(const std::vector<answer>& all) { return std::ranges::all_of(all, &answer::ok); }

// What the journal finds under an event's id is that event.
bool finds(live_journal& j, const storage::event& e) {
    const auto found = j->find(e.id);
    return found && *found && mira::test::same_event(**found, e);
}

// Recovery saw these events in this order, numbered without a hole.
void check_seen(const live_journal& j, const std::vector<storage::event>& events) {
    REQUIRE(j.seen.size() == events.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
        CHECK(mira::test::same_event(j.seen[i], events[i]));
        CHECK(j.seen[i].sequence == i + 1);
    }
}

} // namespace

TEST_CASE("journal: waiters are told in the order of their appends, on their own reactor") {
    const temp_dir dir;
    const auto events = samples(1, 1000);
    {
        live_journal j{dir.path()};
        REQUIRE(j.open());
        std::thread::id home;
        j.loops().run_on_each([&](reactor&) { home = std::this_thread::get_id(); });
        std::deque<live_journal::waiter> waiting;
        std::vector<std::vector<storage::event>> turns;
        for (std::size_t i = 0; i < events.size(); i += 50)
            turns.emplace_back(events.begin() + static_cast<std::ptrdiff_t>(i),
                               events.begin() + static_cast<std::ptrdiff_t>(i) + 50);
        for (const auto& t : turns) j.start(t, durability::fsync, 0, waiting);
        const auto answers = j.finish(waiting);
        CHECK(all_ok(answers));
        for (std::size_t i = 0; i < answers.size(); ++i) {
            CHECK(answers[i].turn == i);
            CHECK(answers[i].thread == home);
        }
        for (const std::size_t i : {0UL, 499UL, 999UL}) CHECK(finds(j, events[i]));
        CHECK(j->writing().probe().events.value() == 1000);
        CHECK(j.shard().probe().appended.value() == 1000);
        CHECK(j.shard().probe().waiting.value() == 0);
    }
    live_journal again{dir.path()};
    REQUIRE(again.open());
    check_seen(again, events);
    CHECK(finds(again, events[500]));
}

TEST_CASE("journal: bodies by reference, at the limit and far above it") {
    const temp_dir dir;
    constexpr std::size_t limit = storage::event_appender::by_reference_from;
    std::vector<storage::event> events;
    std::uint64_t n = 1;
    for (const std::size_t size : {limit - 1, limit, limit + 1, limit + 7, std::size_t{1} << 20,
                                   (std::size_t{1} << 20) + 3, std::size_t{20} << 20})
        events.push_back(sample_event(n++, size));
    const auto settle = [](live_journal& j) { j.settings.files.segment_bytes = 24 << 20; };
    {
        live_journal j{dir.path()};
        settle(j);
        REQUIRE(j.open());
        CHECK(all_ok(j.append(events)));
        for (const auto& e : events) CHECK(finds(j, e));
    }
    live_journal again{dir.path()};
    settle(again);
    REQUIRE(again.open());
    check_seen(again, events);
    for (const auto& e : events) CHECK(finds(again, e));
}

TEST_CASE("journal: events that each fit are not refused for arriving together") {
    const temp_dir dir;
    live_journal j{dir.path()};
    REQUIRE(j.open());
    // Each takes more than half of a segment, or of what is left of it.
    std::vector<storage::event> events = samples(1, 3, 600 * 1024);
    for (const auto& e : samples(4, 4, 60 * 1024)) events.push_back(e);
    for (const auto& e : samples(8, 2, 900 * 1024)) events.push_back(e);
    CHECK(all_ok(j.append(events)));
    for (const auto& e : events) CHECK(finds(j, e));
}

TEST_CASE("journal: the largest record fits, whether or not the segment is new; a larger one never") {
    const temp_dir dir;
    live_journal j{dir.path()};
    REQUIRE(j.open());
    storage::event e = sample_event(1, 64 * 1024);
    const mira::test::viewed_event v{e};
    const std::size_t rest = journal::record_size(v.view()) - e.body.size();
    const std::size_t most = j->writing().largest_record() - rest;
    for (std::uint64_t n = 1; n <= 3; ++n) {
        e = sample_event(n, most);
        e.tenant = "tenant-1";
        e.key = "delivery-1";
        e.fields[1].second = "1";
        CHECK(j.append(e).ok());
        CHECK(finds(j, e));
    }
    CHECK(j.append(sample_event(4, 10)).ok());
    e.id = mira::test::sample_id(5);
    CHECK(j.append(e).ok());
    e.id = mira::test::sample_id(6);
    e.body += "12345678";
    CHECK(j.append(e).refused == log_errc::too_large);
    CHECK_FALSE(finds(j, e));
    e = sample_event(7, 10);
    e.tenant.assign(65536, 't');
    CHECK(j.append(e).refused == log_errc::too_large);
    // More than a batch holds, in what cannot be given by reference.
    j.close();
    live_journal small{dir.path()};
    small.settings.batch_bytes = 16 * 1024;
    REQUIRE(small.open());
    CHECK(small.seen.size() == 5);
    e = sample_event(8, 15 * 1024);
    CHECK(small.append(e).ok());
    e = sample_event(9, 17 * 1024);
    CHECK(small.append(e).refused == log_errc::too_large);
}

TEST_CASE("journal: two reactors at once: numbers are unique, dense and in the order of the file") {
    const temp_dir dir;
    const auto left = samples(1, 1500);
    const auto right = samples(5001, 1500);
    {
        live_journal j{dir.path(), 2};
        REQUIRE(j.open());
        std::thread other{[&] {
            for (std::size_t i = 0; i < right.size(); i += 100)
                CHECK(all_ok(j.append({right.begin() + static_cast<std::ptrdiff_t>(i),
                                       right.begin() + static_cast<std::ptrdiff_t>(i) + 100},
                                      durability::fsync, 1)));
        }};
        for (std::size_t i = 0; i < left.size(); i += 100)
            CHECK(all_ok(j.append({left.begin() + static_cast<std::ptrdiff_t>(i),
                                   left.begin() + static_cast<std::ptrdiff_t>(i) + 100})));
        other.join();
    }
    live_journal again{dir.path()};
    REQUIRE(again.open());
    REQUIRE(again.seen.size() == 3000);
    std::vector<storage::event> from_left, from_right;
    for (std::size_t i = 0; i < again.seen.size(); ++i) {
        CHECK(again.seen[i].sequence == i + 1);
        (again.seen[i].id < mira::test::sample_id(5001) ? from_left : from_right).push_back(again.seen[i]);
    }
    // Each reactor's own are in its order.
    REQUIRE(from_left.size() == left.size());
    for (std::size_t i = 0; i < left.size(); ++i) {
        CHECK(mira::test::same_event(from_left[i], left[i]));
        CHECK(mira::test::same_event(from_right[i], right[i]));
    }
}

TEST_CASE("journal: levels") {
    const temp_dir dir;
    std::vector<storage::event> events;
    {
        live_journal j{dir.path()};
        REQUIRE(j.open());
        const auto syncs = [&] { return j->writing().probe().syncs.value(); };

        events.push_back(sample_event(1));
        CHECK(j.append(events[0], durability::written).ok());
        CHECK(syncs() == 0); // within the first second of its life

        events.push_back(sample_event(2));
        CHECK(j.append(events[1], durability::fsync).ok());
        CHECK(syncs() == 1);

        events.push_back(sample_event(3));
        const answer a = j.append(events[2], durability::memory);
        CHECK(a.ok());
        CHECK_FALSE(a.waits);

        // One event that asks for it syncs its whole group.
        events.push_back(sample_event(4));
        events.push_back(sample_event(5));
        std::deque<live_journal::waiter> waiting;
        waiting.emplace_back(j);
        waiting.emplace_back(j);
        j.loops().run_on_each([&](reactor&) {
            j.append_now(events[3], durability::memory, 0, waiting[0]);
            j.append_now(events[4], durability::fsync, 0, waiting[1]);
        });
        CHECK(all_ok(j.finish(waiting)));
        CHECK(syncs() == 2);
        for (const auto& e : events) CHECK(finds(j, e));
    }
    live_journal again{dir.path()};
    REQUIRE(again.open());
    check_seen(again, events);
}

TEST_CASE("journal: level memory copies what it can, and waits where it cannot") {
    const temp_dir dir;
    const auto events = std::vector{sample_event(1, 100 * 1024), sample_event(2, 900 * 1024)};
    live_journal j{dir.path()};
    j.settings.batch_bytes = 256 * 1024;
    REQUIRE(j.open());
    const auto answers = j.append(events, durability::memory);
    CHECK(all_ok(answers));
    CHECK_FALSE(answers[0].waits);
    CHECK(answers[1].waits);
    CHECK(finds(j, events[0]));
    CHECK(finds(j, events[1]));
}

TEST_CASE("journal: level written is synced within seconds, and then marked") {
    const temp_dir dir;
    live_journal j{dir.path()};
    REQUIRE(j.open());
    const storage::event e = sample_event(1);
    CHECK(j.append(e, durability::written).ok());
    const mira::test::viewed_event v{e};
    const std::size_t event_end =
        journal::segment_header_bytes + journal::smallest_record + journal::record_size(v.view());
    const auto end = [&] {
        const std::string bytes = mira::test::read_file(dir / journal::segment_name(1));
        return journal::scan_segment(bytes, [](const journal::record&, std::uint64_t) {}).end;
    };
    CHECK(end() == event_end);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (end() == event_end && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    CHECK(end() == event_end + journal::smallest_record);
    CHECK(j->writing().probe().syncs.value() == 1);
    // And from then on nothing: an idle journal leaves the disk alone.
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    CHECK(end() == event_end + journal::smallest_record);
    CHECK(j->writing().probe().syncs.value() == 1);
}
