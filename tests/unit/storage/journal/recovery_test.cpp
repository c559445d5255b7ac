#include "storage/journal/index.hpp"
#include "storage/journal/lookup.hpp"
#include "storage/journal/recovery.hpp"
#include "storage/journal/segment_file.hpp"
#include "tests/support/segment_builder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using namespace mira;
using namespace mira::journal;
using mira::test::flip;
using mira::test::read_file;
using mira::test::sample_event;
using mira::test::segment_builder;
using mira::test::temp_dir;

namespace {

struct opened {
    inspection found;
    std::vector<std::uint64_t> sequences; // as visited; each event was as it was written
};

opened look(const fs::path& dir) {
    opened o;
    auto found = inspect(dir, [&](const record& r, std::uint64_t, std::uint64_t) {
        o.sequences.push_back(r.sequence);
        CHECK(mira::test::same_event(copy_of(r), sample_event(r.sequence, r.event.body.size())));
    });
    REQUIRE(found.has_value());
    o.found = std::move(*found);
    return o;
}

recovered repair(const fs::path& dir, bool salvage = false) {
    auto start = recover(dir, look(dir).found, salvage);
    REQUIRE(start.has_value());
    return *start;
}

// Sound from end to end, each segment with an index that finds each of its events, and these events.
void check_clean(const fs::path& dir, const recovered& start, const std::vector<std::uint64_t>& sequences) {
    CHECK_FALSE(start.refused);
    const opened o = look(dir);
    CHECK(o.found.findings.empty());
    CHECK(o.sequences == sequences);
    CHECK(o.found.numbers.size() == start.segments.size());
    CHECK(start.next_sequence == o.found.next_sequence);
    std::uint64_t events = 0;
    for (std::size_t i = 0; i < start.segments.size(); ++i) {
        const segment_info& s = start.segments[i];
        const segment_scan& scan = o.found.segments[i];
        CHECK(s.header.number == o.found.numbers[i]);
        CHECK(s.header.epoch == scan.header.epoch);
        CHECK(s.header.journal == start.id);
        CHECK(scan.header.journal == start.id);
        CHECK(scan.sealed);
        CHECK(s.bytes == fs::file_size(dir / segment_name(s.header.number)));
        CHECK(s.events == scan.events);
        CHECK(s.next_sequence == scan.next_sequence);
        CHECK(s.first_millis == scan.first_millis);
        CHECK(s.last_millis == scan.last_millis);
        CHECK(s.header.number < start.next_number);
        events += s.events;
    }
    CHECK(events == sequences.size());
    for (const std::uint64_t n : sequences) {
        std::size_t found = 0;
        for (const segment_info& s : start.segments) {
            const auto offset = find_in_index(dir, s.header, mira::test::sample_id(n));
            REQUIRE(offset.has_value());
            found += offset->has_value();
            const auto e = find_in_segment(dir, s.header, mira::test::sample_id(n));
            REQUIRE(e.has_value());
            if (*e) CHECK((*e)->sequence == n);
        }
        CHECK(found == 1);
    }
}

void check_refused(const fs::path& dir, std::string_view place, std::string_view what) {
    const opened o = look(dir);
    CHECK(o.found.corrupt());
    CHECK(std::ranges::any_of(o.found.findings, [&](const finding& f) {
        return f.corrupt && f.place.find(place) != std::string::npos &&
               f.what.find(what) != std::string::npos;
    }));
    std::vector<std::string> before;
    for (const std::uint64_t n : o.found.numbers) before.push_back(read_file(dir / segment_name(n)));
    const auto start = recover(dir, o.found, false);
    REQUIRE(start.has_value());
    CHECK(start->refused);
    // Refusing changes nothing.
    const auto after = list_segments(dir);
    REQUIRE(after.has_value());
    CHECK(*after == o.found.numbers);
    for (std::size_t i = 0; i < before.size(); ++i)
        CHECK(read_file(dir / segment_name(o.found.numbers[i])) == before[i]);
}

// Three sealed segments: events 1-2, 3-5, 6.
void make_three(const fs::path& dir) {
    segment_builder{1, 1, 0xAAAA0001}.group({40}).group({10}).seal().save(dir);
    segment_builder{2, 3, 0xAAAA0002}.group({40, 50}).group({20}).mark().seal().save(dir);
    segment_builder{3, 6, 0xAAAA0003}.group({70}).seal().save(dir);
}

std::string name(std::uint64_t n) { return segment_name(n); }

} // namespace

TEST_CASE("journal recovery: nothing is there") {
    const temp_dir dir;
    const recovered start = repair(dir.path());
    CHECK_FALSE(start.refused);
    CHECK(start.segments.empty());
    CHECK(start.next_number == 1);
    CHECK(start.next_sequence == 1);
    CHECK(start.id != journal_id{});
    CHECK_FALSE(inspect(dir / "missing", [](const record&, std::uint64_t, std::uint64_t) {}).has_value());
}

TEST_CASE("journal recovery: a journal that was closed is left as it is") {
    const temp_dir dir;
    make_three(dir.path());
    const std::string second = read_file(dir / name(2));
    const recovered start = repair(dir.path());
    CHECK(start.next_sequence == 7);
    CHECK(start.next_number == 4);
    CHECK(start.id[0] == 1); // the journal's own
    CHECK(read_file(dir / name(2)) == second);
    check_clean(dir.path(), start, {1, 2, 3, 4, 5, 6});
    // And again: nothing changes any more.
    check_clean(dir.path(), repair(dir.path()), {1, 2, 3, 4, 5, 6});
}

TEST_CASE("journal recovery: the last segment's torn end is cut, wherever the tear is") {
    segment_builder b{2, 3};
    b.group({40}).group({30, 25});
    const auto last = b.records().back();
    for (std::size_t cut = last.offset; cut < last.offset + last.length; cut += 16) {
        CAPTURE(cut - last.offset);
        const temp_dir dir;
        segment_builder{1, 1, 7}.group({1, 2}).seal().save(dir.path());
        mira::test::write_file(dir / name(2), b.bytes().substr(0, cut) + std::string(5000, '\0'));
        const recovered start = repair(dir.path());
        CHECK(start.next_sequence == 5);
        check_clean(dir.path(), start, {1, 2, 3, 4});
        CHECK(fs::file_size(dir / name(2)) == last.offset + smallest_record);
    }
}

TEST_CASE("journal recovery: a torn end is told of, and is no corruption") {
    const temp_dir dir;
    segment_builder b;
    b.group({40}).group({30});
    const auto last = b.records().back();
    mira::test::write_file(dir / name(1), b.bytes().substr(0, last.offset + 90) + std::string(100, '\0'));
    const opened o = look(dir.path());
    CHECK_FALSE(o.found.corrupt());
    REQUIRE(o.found.findings.size() == 1);
    CHECK(o.found.findings[0].place == (dir / name(1)).string() + " at " + std::to_string(last.offset));
}

TEST_CASE("journal recovery: a tear within what was never synced loses only what is torn") {
    const temp_dir dir;
    segment_builder b;
    b.group({40}).unsynced_group({50, 60, 70}).unsynced_group({80}).fill(3000);
    const auto hole = b.events()[2];
    b.save(dir.path());
    flip(dir / name(1), hole.offset + 70);
    CHECK_FALSE(look(dir.path()).found.corrupt());
    const recovered start = repair(dir.path());
    CHECK_FALSE(start.refused);
    CHECK(start.next_sequence == 6);
    check_clean(dir.path(), start, {1, 2, 4, 5});
    CHECK_FALSE(fs::exists(dir / (name(1) + ".damaged")));
}

TEST_CASE("journal recovery: a segment whose first group was torn, though what came behind it was not") {
    const auto torn = [](const temp_dir& dir, std::uint64_t first) {
        segment_builder{1, 1, 0xAAAA0001}.group({40}).group({10}).seal().save(dir.path());
        segment_builder b{2, first, 0xAAAA0002};
        b.unsynced_group({50, 60}).unsynced_group({70}).fill(3000);
        b.save(dir.path());
        std::string bytes = b.bytes();
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(b.records()[0].offset),
                  bytes.begin() + static_cast<std::ptrdiff_t>(b.events()[2].offset), '\0');
        mira::test::write_file(dir / name(2), bytes);
    };
    const temp_dir dir;
    torn(dir, 3);
    CHECK_FALSE(look(dir.path()).found.corrupt());
    const recovered start = repair(dir.path());
    CHECK(start.next_sequence == 6);
    check_clean(dir.path(), start, {1, 2, 5});

    // More are missing than ever stood there: a segment in between is gone.
    const temp_dir other;
    torn(other, 3000);
    check_refused(other.path(), "before " + (other / name(2)).string(), "sequence numbers 3 to 3001 missing");
}

TEST_CASE("journal recovery: corruption is refused, and file and offset are named") {
    const temp_dir dir;
    make_three(dir.path());
    segment_builder b{2, 3, 0xAAAA0002};
    b.group({40, 50}).group({20}).mark().seal();
    const auto victim = b.events()[1];
    flip(dir / name(2), victim.offset + 60);
    const std::string at = (dir / name(2)).string() + " at " + std::to_string(victim.offset);
    check_refused(dir.path(), at, std::to_string(victim.length) + " bytes unreadable");
    check_refused(dir.path(), name(2), "1 events missing");

    const std::string original = read_file(dir / name(2));
    const recovered start = repair(dir.path(), true);
    CHECK_FALSE(start.refused);
    CHECK(start.next_sequence == 7);
    CHECK(read_file(dir / (name(2) + ".damaged")) == original);
    CHECK_FALSE(fs::exists(dir / (name(1) + ".damaged")));
    check_clean(dir.path(), start, {1, 2, 3, 5, 6});
}

TEST_CASE("journal recovery: salvage of a segment that has an index makes the index anew") {
    const temp_dir dir;
    make_three(dir.path());
    repair(dir.path()); // writes the indexes
    flip(dir / name(2), segment_header_bytes + smallest_record + 60);
    check_clean(dir.path(), repair(dir.path(), true), {1, 2, 4, 5, 6});
}

TEST_CASE("journal recovery: a damaged or foreign index is made anew") {
    const temp_dir dir;
    make_three(dir.path());
    repair(dir.path());
    flip(dir / index_name(1), 10); // its head
    flip(dir / index_name(2), 40); // an entry
    fs::copy_file(dir / index_name(2), dir / index_name(3), fs::copy_options::overwrite_existing);
    check_clean(dir.path(), repair(dir.path()), {1, 2, 3, 4, 5, 6});
}

TEST_CASE("journal recovery: every segment's header in turn") {
    for (const std::uint64_t n : {1, 2, 3}) {
        const temp_dir dir;
        make_three(dir.path());
        flip(dir / name(n), 33);
        check_refused(dir.path(), (dir / name(n)).string() + " at 0", "header");
        check_clean(dir.path(), repair(dir.path(), true), {1, 2, 3, 4, 5, 6});
    }
}

TEST_CASE("journal recovery: a segment of which nothing can be read is corruption, even as the last") {
    for (const std::uint64_t n : {1, 2, 3}) {
        CAPTURE(n);
        const temp_dir dir;
        make_three(dir.path());
        const std::string noise = mira::test::sample_body(n, 6000);
        mira::test::write_file(dir / name(n), noise);
        check_refused(dir.path(), name(n), "");
        const recovered start = repair(dir.path(), true);
        CHECK(read_file(dir / (name(n) + ".damaged")) == noise);
        CHECK_FALSE(fs::exists(dir / name(n)));
        std::vector<std::uint64_t> left{1, 2, 3, 4, 5, 6};
        std::erase_if(left, [n](std::uint64_t s) { return (s <= 2 ? 1U : s <= 5 ? 2U : 3U) == n; });
        check_clean(dir.path(), start, left);
    }
}

TEST_CASE("journal recovery: a missing segment") {
    const temp_dir dir;
    make_three(dir.path());
    fs::remove(dir / name(2));
    check_refused(dir.path(), "before " + (dir / name(3)).string(), "sequence numbers 3 to 5 missing");
    const recovered start = repair(dir.path(), true);
    CHECK(start.next_sequence == 7);
    check_clean(dir.path(), start, {1, 2, 6});

    // The oldest ones go by retention: that is no loss.
    const temp_dir other;
    make_three(other.path());
    fs::remove(other / name(1));
    check_clean(other.path(), repair(other.path()), {3, 4, 5, 6});
}

TEST_CASE("journal recovery: a segment in the middle without its seal") {
    const temp_dir dir;
    make_three(dir.path());
    segment_builder b{2, 3, 0xAAAA0002};
    b.group({40, 50}).group({20}).fill(1000);
    b.save(dir.path());
    check_refused(dir.path(), name(2) + " at ", "without its seal");
    check_clean(dir.path(), repair(dir.path(), true), {1, 2, 3, 4, 5, 6});

    // Torn as well: the last event is gone and its number accounted for.
    const temp_dir other;
    make_three(other.path());
    mira::test::write_file(other / name(2), b.bytes().substr(0, b.events().back().offset + 20));
    check_clean(other.path(), repair(other.path(), true), {1, 2, 3, 4, 6});
}

TEST_CASE("journal recovery: prepared segments are no events, and their blocks are kept") {
    const temp_dir dir;
    make_three(dir.path());
    segment_builder{4, 1, 44}.fill(9000).save(dir.path());
    segment_builder{5, 1, 55}.fill(9000).save(dir.path());
    CHECK(look(dir.path()).found.findings.empty());
    const recovered start = repair(dir.path());
    CHECK(start.next_number == 4);
    check_clean(dir.path(), start, {1, 2, 3, 4, 5, 6});
    CHECK_FALSE(fs::exists(dir / name(4)));
    CHECK_FALSE(fs::exists(dir / name(5)));
    // On a full disk the journal opens again with the room that it had.
    CHECK(list_spares(dir.path()).size() == 2);

    // Among segments that were used, an empty one is a loss, if numbers are missing there.
    const temp_dir other;
    make_three(other.path());
    segment_builder{2, 1, 22}.fill(9000).save(other.path());
    check_refused(other.path(), name(3), "sequence numbers 3 to 5 missing");
    CHECK(look(other.path()).found.findings[0].place == (other / name(2)).string() + " at 0");
    check_clean(other.path(), repair(other.path(), true), {1, 2, 6});
    CHECK(fs::exists(other / (name(2) + ".damaged")));

    const temp_dir unused;
    make_three(unused.path());
    fs::rename(unused / name(3), unused / name(4));
    segment_builder{3, 1, 33}.fill(9000).save(unused.path());
    check_clean(unused.path(), repair(unused.path()), {1, 2, 3, 4, 5, 6});
}

TEST_CASE("journal recovery: only prepared segments, or only a frame") {
    const temp_dir dir;
    segment_builder{1, 1, 11}.fill(9000).save(dir.path());
    recovered start = repair(dir.path());
    CHECK_FALSE(start.refused);
    CHECK(start.segments.empty());
    CHECK(start.next_number == 1);
    CHECK(start.next_sequence == 1);
    CHECK(start.id[0] == 1); // which journal it is, is known all the same

    segment_builder b{1, 9, 11};
    b.frame(frame::group, 1).fill(9000);
    b.save(dir.path());
    start = repair(dir.path());
    CHECK(start.next_sequence == 9);
    check_clean(dir.path(), start, {});
}

TEST_CASE("journal recovery: a segment of another journal is refused and set aside") {
    journal_id other_id{};
    other_id.fill(0xEE);
    for (const std::uint64_t n : {0, 4}) {
        CAPTURE(n);
        const temp_dir dir;
        make_three(dir.path());
        segment_builder stray{n, n == 0 ? 1U : 7U, 99};
        stray.belongs_to(other_id).group({30, 30}).seal().save(dir.path());
        check_refused(dir.path(), name(n), "another journal");
        CHECK(look(dir.path()).sequences == std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6});
        const recovered start = repair(dir.path(), true);
        CHECK(start.id[0] == 1);
        CHECK(start.next_sequence == 7);
        check_clean(dir.path(), start, {1, 2, 3, 4, 5, 6});
        CHECK(fs::exists(dir / (name(n) + ".damaged")));
    }
}

TEST_CASE("journal recovery: a copy of an older segment under a later name") {
    const temp_dir dir;
    make_three(dir.path());
    fs::copy_file(dir / name(1), dir / name(4));
    check_refused(dir.path(), name(4), "go back to 1");
    const recovered start = repair(dir.path(), true);
    // Whatever the copy says, no number is given twice.
    CHECK(start.next_sequence == 7);
    check_clean(dir.path(), start, {1, 2, 3, 4, 5, 6});
}

TEST_CASE("journal recovery: damage to what was salvaged before is set aside beside the first") {
    const temp_dir dir;
    make_three(dir.path());
    const std::size_t first_event = segment_header_bytes + smallest_record;
    flip(dir / name(2), first_event + 60);
    const std::string first = read_file(dir / name(2));
    repair(dir.path(), true);
    // Rewritten: a gap in place of the first event, then the others.
    flip(dir / name(2), first_event + 60);
    const std::string second = read_file(dir / name(2));
    check_clean(dir.path(), repair(dir.path(), true), {1, 2, 5, 6});
    std::vector<std::string> kept;
    for (const auto& entry : fs::directory_iterator{dir.path()})
        if (entry.path().string().find(".damaged") != std::string::npos)
            kept.push_back(read_file(entry.path()));
    CHECK(std::ranges::find(kept, first) != kept.end());
    CHECK(std::ranges::find(kept, second) != kept.end());
}

TEST_CASE("journal recovery: files with other names are left alone") {
    const temp_dir dir;
    make_three(dir.path());
    for (const char* other : {"notes.txt", "1.seg", "000000000000000g.seg", "0000000000000009.seg.damaged"})
        mira::test::write_file(dir / other, "keep me");
    check_clean(dir.path(), repair(dir.path()), {1, 2, 3, 4, 5, 6});
    for (const char* other : {"notes.txt", "1.seg", "000000000000000g.seg", "0000000000000009.seg.damaged"})
        CHECK(read_file(dir / other) == "keep me");
}
