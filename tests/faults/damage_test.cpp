// A journal of three segments, one bit of it changed at a time: either nothing that matters was hit, or it
// is found out and refused; and a salvage keeps every event but the one that was hit.
#include "storage/journal/lookup.hpp"
#include "storage/journal/recovery.hpp"
#include "storage/journal/segment_file.hpp"
#include "tests/support/segment_builder.hpp"

#include <doctest/doctest.h>

#include <set>

namespace fs = std::filesystem;
using namespace mira;
using namespace mira::test;

namespace {

std::set<std::uint64_t> read(const fs::path& dir, journal::inspection& found) {
    std::set<std::uint64_t> seen;
    auto result = journal::inspect(dir, [&](const journal::record& r, std::uint64_t, std::uint64_t) {
        CHECK(seen.insert(r.sequence).second);
        CHECK(same_event(journal::copy_of(r), sample_event(r.sequence, r.event.body.size())));
    });
    REQUIRE(result.has_value());
    found = std::move(*result);
    return seen;
}

// The segments, the last one in use; how much of it was synced when its last frame was written.
std::vector<segment_builder> three_segments() {
    segment_builder one{1, 1, 0x11111111}, two{2, 4, 0x22222222}, three{3, 7, 0x33333333};
    one.group({30}).group({0, 100}).seal();
    two.group({20, 20}).mark().group({50}).seal();
    three.group({40}).mark().group({60, 10}).fill(200);
    return {one, two, three};
}

} // namespace

TEST_CASE("damage: a bit of a journal here and there") {
    const std::vector<segment_builder> all = three_segments();
    std::size_t refusals = 0, tears = 0;
    for (const segment_builder& hit : all) {
        const bool last = &hit == &all.back();
        const std::size_t end = hit.records().back().offset + hit.records().back().length;
        const std::size_t synced = last ? hit.records()[2].offset : end;
        // Every fifth byte is enough here, and comes by every bit: the scan's own test takes each.
        for (std::size_t byte = 0; byte < end; byte += 5) {
            if (byte >= 68 && byte < journal::segment_header_bytes) continue; // carries nothing
            CAPTURE(hit.header().number);
            CAPTURE(byte);
            const temp_dir dir;
            for (const segment_builder& b : all) b.save(dir.path());
            const fs::path file = dir / journal::segment_name(hit.header().number);
            flip(file, byte, static_cast<unsigned char>(1U << byte % 8));
            const std::string original = read_file(file);

            std::set<std::uint64_t> expected{1, 2, 3, 4, 5, 6, 7, 8, 9};
            for (const auto& p : hit.events())
                if (p.has(byte)) expected.erase(p.sequence);
            journal::inspection found;
            CHECK(read(dir.path(), found) == expected);
            CHECK(found.corrupt() == (byte < 68 || byte < synced));

            auto start = journal::recover(dir.path(), found, false);
            REQUIRE(start.has_value());
            CHECK(start->refused == found.corrupt());
            refusals += start->refused;
            tears += !start->refused && expected.size() < 9;
            if (start->refused) {
                start = journal::recover(dir.path(), found, true);
                REQUIRE(start.has_value());
                CHECK(read_file(fs::path{file} += ".damaged") == original);
            }
            journal::inspection after;
            CHECK(read(dir.path(), after) == expected);
            CHECK(after.findings.empty());
            // Where the very last event was torn off its number is free; no other number is given again.
            CHECK(start->next_sequence == (expected.contains(9) || start->next_sequence == 10 ? 10U : 9U));
        }
    }
    CHECK(refusals > 300);
    CHECK(tears > 50);
}
