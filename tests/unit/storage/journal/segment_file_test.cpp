#include "storage/journal/segment_file.hpp"
#include "tests/support/segment_builder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace mira;
using namespace mira::journal;
using mira::test::read_file;
using mira::test::segment_builder;
using mira::test::temp_dir;
using mira::test::write_file;

namespace {

constexpr std::uint64_t size = 256 * 1024;
const journal_id journal_of_test{1, 2, 3};

prepared_segment prepared(const temp_dir& dir, std::uint64_t number, std::uint64_t bytes = size) {
    auto s = prepare_segment(dir.path(), journal_of_test, number, bytes, bytes);
    REQUIRE(s.has_value());
    return std::move(*s);
}

std::uint64_t blocks_bytes(const fs::path& p) {
    struct stat s {};
    REQUIRE(::stat(p.c_str(), &s) == 0);
    return static_cast<std::uint64_t>(s.st_blocks) * 512;
}

} // namespace

TEST_CASE("journal files: a prepared segment is zero, has its blocks and is readable by its owner alone") {
    const temp_dir dir;
    const prepared_segment s = prepared(dir, 0x1F);
    const fs::path p = dir / "000000000000001f.seg";
    CHECK(s.size == size);
    const std::string bytes = read_file(p);
    CHECK(bytes.size() == size);
    CHECK(bytes.find_first_not_of('\0', segment_header_bytes) == std::string::npos);
    const auto h = decode_segment_header(bytes);
    REQUIRE(h.has_value());
    CHECK(h->number == 0x1F);
    CHECK(h->journal == journal_of_test);
    CHECK(h->epoch == s.header.epoch);
    CHECK(blocks_bytes(p) >= size);
    CHECK((fs::status(p).permissions() & fs::perms::all) == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(list_spares(dir.path()).empty());
}

TEST_CASE("journal files: segments are listed by number, in order, and nothing else is") {
    const temp_dir dir;
    for (const std::uint64_t n : {0x100ULL, 0x2ULL, 0xFFFFFFFFFFFFFFFFULL, 0x10ULL})
        write_file(dir / segment_name(n), "x");
    for (const char* other :
         {"LOCK", "0000000000000001.idx", "spare-0000000000000001.seg", "1.seg", "000000000000000x.seg",
          "0000000000000001.seg.damaged", "00000000000000001.seg"})
        write_file(dir / other, "x");
    const auto all = list_segments(dir.path());
    REQUIRE(all.has_value());
    CHECK(*all == std::vector<std::uint64_t>{0x2, 0x10, 0x100, 0xFFFFFFFFFFFFFFFF});
    CHECK(list_spares(dir.path()).size() == 1);
    CHECK_FALSE(list_segments(dir / "missing").has_value());
}

TEST_CASE("journal files: a spare is used again, whatever its size") {
    for (const std::uint64_t had : {std::uint64_t{0}, std::uint64_t{100}, size / 2 + 8, size, size * 2}) {
        CAPTURE(had);
        const temp_dir dir;
        write_file(dir / "spare-0000000000000003.seg", std::string(had, 'o'));
        const prepared_segment s = prepared(dir, 9);
        CHECK(s.size == size);
        CHECK(list_spares(dir.path()).empty());
        const std::string bytes = read_file(dir / segment_name(9));
        CHECK(bytes.size() == size);
        CHECK(decode_segment_header(bytes).has_value());
        // What the file had is overwritten by and by, what it lacked is zero.
        const std::size_t from = std::max<std::size_t>(std::min(had, size), segment_header_bytes);
        CHECK(bytes.find_first_not_of('\0', from) == std::string::npos);
        CHECK(std::count(bytes.begin() + segment_header_bytes, bytes.end(), 'o') ==
              static_cast<std::ptrdiff_t>(from - segment_header_bytes));
    }
}

TEST_CASE("journal files: every life of a file has its own epoch") {
    const temp_dir dir;
    const std::uint32_t first = prepared(dir, 1).header.epoch;
    REQUIRE_FALSE(retire_segment(dir.path(), 1, 1));
    CHECK(prepared(dir, 2).header.epoch != first);
}

TEST_CASE("journal files: retiring keeps as many spares as asked, and takes the index along") {
    const temp_dir dir;
    for (std::uint64_t n = 1; n <= 3; ++n) {
        segment_builder{n}.save(dir.path());
        write_file(dir / index_name(n), "index");
        REQUIRE_FALSE(retire_segment(dir.path(), n, 2));
        CHECK_FALSE(fs::exists(dir / segment_name(n)));
        CHECK_FALSE(fs::exists(dir / index_name(n)));
        CHECK(list_spares(dir.path()).size() == std::min<std::uint64_t>(n, 2));
    }
    // Again: it is gone, and that was asked for.
    CHECK_FALSE(retire_segment(dir.path(), 3, 2));
    CHECK(retire_segment(dir / "missing", 1, 0));
}

TEST_CASE("journal files: where nothing can be prepared nothing is left behind") {
    const temp_dir dir;
    CHECK_FALSE(prepare_segment(dir / "missing", journal_of_test, 1, size, size).has_value());
    // A directory stands in the way of the new name.
    fs::create_directories(dir / segment_name(1) / "x");
    CHECK_FALSE(prepare_segment(dir.path(), journal_of_test, 1, size, size).has_value());
    CHECK(list_spares(dir.path()).empty());
}

TEST_CASE("journal files: a mapped file is all of the file, an empty one too") {
    const temp_dir dir;
    write_file(dir / "a", "some bytes");
    write_file(dir / "b", "");
    auto a = mapped_file::open(dir / "a");
    auto b = mapped_file::open(dir / "b");
    REQUIRE(a.has_value());
    REQUIRE(b.has_value());
    CHECK(a->bytes() == "some bytes");
    CHECK(b->bytes().empty());
    *b = std::move(*a);
    CHECK(b->bytes() == "some bytes");
    CHECK(mapped_file::open(dir / "c").error() == boost::system::errc::no_such_file_or_directory);
}

TEST_CASE("journal files: one holder of the lock at a time") {
    const temp_dir dir;
    std::string holder;
    auto first = directory_lock::take(dir.path(), holder);
    REQUIRE(first.has_value());
    REQUIRE(first->has_value());
    // The lock is the open file's, not the process's: the same process is refused like any other.
    const auto second = directory_lock::take(dir.path(), holder);
    REQUIRE(second.has_value());
    CHECK_FALSE(second->has_value());
    CHECK(holder == std::to_string(::getpid()));

    first->reset();
    const auto third = directory_lock::take(dir.path(), holder);
    REQUIRE(third.has_value());
    CHECK(third->has_value());
    CHECK_FALSE(directory_lock::take(dir / "missing", holder).has_value());
}

TEST_CASE("journal files: a lock whose holder wrote nothing") {
    const temp_dir dir;
    std::string holder;
    const auto held = directory_lock::take(dir.path(), holder);
    REQUIRE(held.has_value());
    fs::resize_file(dir / "LOCK", 0);
    REQUIRE(directory_lock::take(dir.path(), holder).has_value());
    CHECK(holder == "unknown");
}
