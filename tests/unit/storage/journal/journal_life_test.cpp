// Opening, closing, refusing: the journal as its process sees it.
#include "storage/journal/journal.hpp"
#include "tests/support/live_journal.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <unistd.h>
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

std::size_t segments_in(const fs::path& dir) {
    const auto all = journal::list_segments(dir);
    REQUIRE(all.has_value());
    return all->size();
}

bool mentions(const journal::open_failure& why, std::string_view text) {
    return std::ranges::any_of(why.reasons,
                               [&](const std::string& r) { return r.find(text) != std::string::npos; });
}

} // namespace

TEST_CASE("journal: opened many times, numbers go on and nothing is lost") {
    const temp_dir dir;
    for (std::uint64_t n = 1; n <= 12; ++n) {
        live_journal j{dir / "journal"};
        REQUIRE(j.open());
        REQUIRE(j.seen.size() == n - 1);
        for (std::uint64_t i = 1; i < n; ++i) {
            CHECK(j.seen[i - 1].sequence == i);
            CHECK(mira::test::same_event(j.seen[i - 1], sample_event(i)));
        }
        CHECK(j.append(sample_event(n)).ok());
    }
    const std::size_t kept = segments_in(dir / "journal");
    CHECK(kept >= 12);
    CHECK(kept <= 13); // one each, and the next
}

TEST_CASE("journal: opened and closed without an event it does not grow, and opens again") {
    const temp_dir dir;
    for (int i = 0; i < 5; ++i) {
        live_journal j{dir.path()};
        REQUIRE(j.open());
        CHECK(j.seen.empty());
    }
    CHECK(segments_in(dir.path()) <= 2);
    CHECK(journal::list_spares(dir.path()).size() <= 2);
}

TEST_CASE("journal: close seals what was written, and refuses what comes after") {
    const temp_dir dir;
    live_journal j{dir.path()};
    REQUIRE(j.open());
    CHECK(j.append(sample_event(1)).ok());
    j->close();
    const std::string bytes = mira::test::read_file(dir / journal::segment_name(1));
    const auto s = journal::scan_segment(bytes, [](const journal::record&, std::uint64_t) {});
    CHECK(s.sealed);
    CHECK(s.end == bytes.size());
    CHECK(s.events == 1);
    CHECK(j.append(sample_event(2)).refused == log_errc::stopping);
    const auto e = j->find(sample_event(1).id); // reading goes on
    REQUIRE(e.has_value());
    CHECK(e->has_value());
    j.close();
    CHECK(j.fatal().empty());
}

TEST_CASE("journal: a batch handed over after the close comes back, unwritten") {
    const temp_dir dir;
    live_journal j{dir.path()};
    REQUIRE(j.open());
    std::deque<live_journal::waiter> waiting;
    waiting.emplace_back(j);
    j.loops().run_on_each([&](reactor&) {
        j.append_now(sample_event(1), durability::fsync, 0, waiting[0]); // gathers until the turn's end
        j->close();
    });
    const auto answers = j.finish(waiting);
    CHECK(answers[0].outcome == log_errc::stopping);
    j.close();
    REQUIRE(j.open());
    CHECK(j.seen.empty());
}

TEST_CASE("journal: those who wait when everything ends are told") {
    const temp_dir dir;
    std::vector<storage::event> events;
    for (std::uint64_t n = 1; n <= 64; ++n) events.push_back(sample_event(n, 30'000));
    live_journal j{dir.path()};
    REQUIRE(j.open());
    std::deque<live_journal::waiter> waiting;
    for (std::size_t i = 0; i < events.size(); ++i) waiting.emplace_back(j);
    j.loops().run_on_each([&](reactor& r) {
        for (std::size_t i = 0; i < events.size(); ++i)
            j.append_now(events[i], durability::fsync, 0, waiting[i]);
        r.stop(); // some are under way, some not even handed over
    });
    j.close();
    for (const auto& w : waiting) {
        CHECK(w.a.told);
        CHECK_FALSE(w.a.outcome);
    }
    live_journal again{dir.path()};
    REQUIRE(again.open());
    CHECK(again.seen.size() == events.size());
}

TEST_CASE("journal: one more batch than may wait is refused, and soon taken") {
    const temp_dir dir;
    live_journal j{dir.path()};
    j.settings.batch_bytes = 64 * 1024;
    j.settings.batches_per_reactor = 3;
    REQUIRE(j.open());
    std::vector<storage::event> events;
    for (std::uint64_t n = 1; n <= 12; ++n) events.push_back(sample_event(n, 30'000));
    const auto answers = j.append(events); // in one turn: nothing can come back meanwhile
    for (std::size_t i = 0; i < answers.size(); ++i) {
        CAPTURE(i);
        if (i < 6)
            CHECK(answers[i].ok());
        else
            CHECK(answers[i].refused == log_errc::overloaded);
    }
    CHECK(j.shard().probe().refused.value() == 6);
    CHECK(j.append(events[6]).ok());
}

TEST_CASE("journal: who is told may append again at once, even where there is only one batch") {
    const temp_dir dir;
    live_journal j{dir.path()};
    j.settings.batches_per_reactor = 1;
    REQUIRE(j.open());
    const storage::event first = sample_event(1), second = sample_event(2);
    std::deque<live_journal::waiter> waiting;
    waiting.emplace_back(j);
    waiting.emplace_back(j);
    waiting[0].then = [&] { j.append_now(second, durability::fsync, 0, waiting[1]); };
    j.loops().run_on_each([&](reactor&) { j.append_now(first, durability::fsync, 0, waiting[0]); });
    const auto answers = j.finish(waiting);
    CHECK(answers[0].ok());
    CHECK(answers[1].ok());
}

TEST_CASE("journal: a directory in use is not opened twice") {
    const temp_dir dir;
    live_journal j{dir.path()}, other{dir.path()};
    REQUIRE(j.open());
    CHECK_FALSE(other.open());
    CHECK(mentions(other.why, "in use by process " + std::to_string(::getpid())));
    // Who may wait gets it when the first has ended.
    other.settings.wait_for_lock = std::chrono::seconds{30};
    std::thread ends{[&] {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        j.close();
    }};
    CHECK(other.open());
    ends.join();
}

TEST_CASE("journal: a place that can be no journal is named") {
    const temp_dir dir;
    mira::test::write_file(dir / "file", "x");
    live_journal j{dir / "file"};
    CHECK_FALSE(j.open());
    CHECK(mentions(j.why, (dir / "file").string()));
    live_journal below{dir / "file/journal"};
    CHECK_FALSE(below.open());
    CHECK(mentions(below.why, (dir / "file/journal").string()));
}

TEST_CASE("journal: a corrupt one opens only to be salvaged, and goes on") {
    const temp_dir dir;
    {
        live_journal j{dir.path()};
        REQUIRE(j.open());
        for (std::uint64_t n = 1; n <= 3; ++n) CHECK(j.append(sample_event(n)).ok());
    }
    mira::test::flip(dir / journal::segment_name(1),
                     journal::segment_header_bytes + journal::smallest_record + 60);
    {
        live_journal j{dir.path()};
        CHECK_FALSE(j.open());
        CHECK(mentions(j.why, journal::segment_name(1) + " at 4168"));
        CHECK(mentions(j.why, "--salvage"));
        j.settings.salvage = true;
        REQUIRE(j.open());
        CHECK(j.seen.size() == 2);
        CHECK(j.append(sample_event(4)).ok());
    }
    live_journal j{dir.path()};
    REQUIRE(j.open());
    REQUIRE(j.seen.size() == 3);
    CHECK(j.seen[0].sequence == 2);
    CHECK(j.seen[2].sequence == 4);
    const auto e = j->find(sample_event(3).id);
    REQUIRE(e.has_value());
    CHECK(e->has_value());
    const auto lost = j->find(sample_event(1).id);
    REQUIRE(lost.has_value());
    CHECK_FALSE(lost->has_value());
}

TEST_CASE("journal: a torn end is cut and appending goes on behind it") {
    const temp_dir dir;
    {
        live_journal j{dir.path()};
        REQUIRE(j.open());
        for (std::uint64_t n = 1; n <= 3; ++n) CHECK(j.append(sample_event(n)).ok());
    }
    // Without the seal, and with half of the third event.
    const fs::path last = dir / journal::segment_name(1);
    const auto s =
        journal::scan_segment(mira::test::read_file(last), [](const journal::record&, std::uint64_t) {});
    fs::resize_file(last, s.end - journal::smallest_record - 100);
    {
        live_journal j{dir.path()};
        REQUIRE(j.open());
        CHECK(j.seen.size() == 2);
        CHECK(j.append(sample_event(9)).ok());
    }
    live_journal j{dir.path()};
    REQUIRE(j.open());
    REQUIRE(j.seen.size() == 3);
    CHECK(j.seen[2].sequence == 3);
    CHECK(j.seen[2].id == sample_event(9).id);
}

TEST_CASE("journal: the port's words") {
    for (const auto d : {durability::memory, durability::written, durability::fsync})
        CHECK(storage::parse_durability(storage::to_string(d)) == d);
    for (const char* s : {"", "sync", "Fsync", "fsync ", "replicated"})
        CHECK_FALSE(storage::parse_durability(s));
    for (const auto e : {log_errc::overloaded, log_errc::no_space, log_errc::failed, log_errc::too_large,
                         log_errc::stopping}) {
        const error_code ec = e;
        CHECK(ec);
        CHECK(ec == e);
        CHECK(std::string_view{ec.category().name()} == "event log");
        CHECK(ec.message() != "unknown");
    }
}
