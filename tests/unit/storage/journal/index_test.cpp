#include "storage/journal/index.hpp"
#include "storage/journal/lookup.hpp"
#include "storage/journal/segment_file.hpp"
#include "tests/support/segment_builder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace mira;
using namespace mira::journal;
using mira::test::flip;
using mira::test::read_file;
using mira::test::sample_id;
using mira::test::segment_builder;
using mira::test::temp_dir;

namespace {

constexpr std::size_t index_head = 32;
constexpr std::size_t index_entry_bytes = 20;

struct indexed {
    temp_dir dir;
    segment_builder segment{7};
    std::vector<index_entry> entries;

    // Written in an order that is not that of their ids.
    explicit indexed(std::size_t events) {
        segment.group(std::vector<std::size_t>(events, 24)).seal();
        segment.save(dir.path());
        for (const auto& p : segment.events())
            entries.push_back({sample_id(p.sequence), static_cast<std::uint32_t>(p.offset)});
        std::ranges::reverse(entries);
        REQUIRE_FALSE(write_index(dir.path(), segment.header(), entries));
    }
    std::filesystem::path file() const { return dir / index_name(7); }
    result<std::optional<std::uint32_t>> offset_of(std::uint64_t n) const {
        return find_in_index(dir.path(), segment.header(), sample_id(n));
    }
    // By way of the index or in spite of it.
    bool finds(std::uint64_t n) const {
        const auto e = find_in_segment(dir.path(), segment.header(), sample_id(n));
        REQUIRE(e.has_value());
        return *e && mira::test::same_event(**e, mira::test::sample_event(n, 24)) && (*e)->sequence == n;
    }
};

} // namespace

TEST_CASE("journal index: sorted, and finds each entry and nothing else") {
    for (const std::size_t events : {1, 2, 3, 64, 101}) {
        CAPTURE(events);
        const indexed x{events};
        CHECK(std::ranges::is_sorted(x.entries, {}, &index_entry::id));
        CHECK(index_fits(x.dir.path(), x.segment.header()));
        CHECK(read_file(x.file()).size() == index_head + events * index_entry_bytes);
        for (const auto& p : x.segment.events()) {
            const auto offset = x.offset_of(p.sequence);
            REQUIRE(offset.has_value());
            CHECK(offset->value_or(0) == p.offset);
        }
        for (const std::uint64_t n : {std::uint64_t{0}, events + 1, std::uint64_t{100'000}}) {
            const auto offset = x.offset_of(n);
            REQUIRE(offset.has_value());
            CHECK_FALSE(offset->has_value());
        }
    }
}

TEST_CASE("journal index: of a segment without events") {
    const temp_dir dir;
    segment_builder b;
    b.seal();
    std::vector<index_entry> none;
    REQUIRE_FALSE(write_index(dir.path(), b.header(), none));
    CHECK(index_fits(dir.path(), b.header()));
    const auto offset = find_in_index(dir.path(), b.header(), sample_id(1));
    REQUIRE(offset.has_value());
    CHECK_FALSE(offset->has_value());
}

TEST_CASE("journal index: every flipped bit is noticed, and costs no event") {
    const indexed x{5};
    const std::size_t size = read_file(x.file()).size();
    for (std::size_t byte = 0; byte < size; ++byte) {
        CAPTURE(byte);
        const auto mask = static_cast<unsigned char>(1U << byte % 8);
        flip(x.file(), byte, mask);
        CHECK_FALSE(index_fits(x.dir.path(), x.segment.header()));
        for (std::uint64_t n = 1; n <= 5; ++n) CHECK(x.finds(n));
        CHECK_FALSE(x.finds(6));
        flip(x.file(), byte, mask);
    }
}

TEST_CASE("journal index: cut, missing, or of an earlier life of the file") {
    const indexed x{5};
    const std::string whole = read_file(x.file());
    for (std::size_t n = 0; n < whole.size(); n += 7) {
        mira::test::write_file(x.file(), whole.substr(0, n));
        CHECK_FALSE(index_fits(x.dir.path(), x.segment.header()));
        CHECK_FALSE(x.offset_of(1).has_value());
        CHECK(x.finds(1));
        CHECK_FALSE(x.finds(6));
    }
    mira::test::write_file(x.file(), whole + "x");
    CHECK_FALSE(x.offset_of(1).has_value());

    std::filesystem::remove(x.file());
    CHECK_FALSE(index_fits(x.dir.path(), x.segment.header()));
    CHECK(x.finds(5));

    segment_header earlier = x.segment.header();
    ++earlier.epoch;
    std::vector<index_entry> entries;
    REQUIRE_FALSE(write_index(x.dir.path(), earlier, entries));
    CHECK_FALSE(x.offset_of(1).has_value());
    CHECK(x.finds(1));
}

TEST_CASE("journal index: entries that point astray are not believed") {
    const indexed x{3};
    for (const std::uint32_t offset : {0U, 4096U, 4097U, 1U << 20, 0xFFFFFFFFU}) {
        std::vector<index_entry> wrong = x.entries;
        wrong[1].offset = offset;
        REQUIRE_FALSE(write_index(x.dir.path(), x.segment.header(), wrong));
        for (std::uint64_t n = 1; n <= 3; ++n) CHECK(x.finds(n));
    }
}

TEST_CASE("journal index: a segment that is gone has no event, and says so without an error") {
    const indexed x{3};
    std::filesystem::remove(x.dir / segment_name(7));
    const auto e = find_in_segment(x.dir.path(), x.segment.header(), sample_id(1));
    REQUIRE(e.has_value());
    CHECK_FALSE(e->has_value());
}

TEST_CASE("journal index: where it cannot be written nothing is left behind") {
    const temp_dir dir;
    const segment_builder b;
    std::vector<index_entry> none;
    CHECK(write_index(dir / "missing", b.header(), none));
}
