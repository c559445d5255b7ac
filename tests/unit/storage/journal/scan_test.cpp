#include "engine/base/bytes.hpp"
#include "storage/journal/lookup.hpp"
#include "storage/journal/scan.hpp"
#include "tests/support/segment_builder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

using namespace mira;
using namespace mira::journal;
using mira::test::sample_event;
using mira::test::segment_builder;

namespace {

struct reading {
    segment_scan scan;
    std::vector<storage::event> events;
    bool has(std::uint64_t sequence) const {
        return std::ranges::any_of(events, [&](const auto& e) { return e.sequence == sequence; });
    }
};

reading read(std::string_view bytes) {
    reading r;
    r.scan = scan_segment(bytes, [&](const record& x, std::uint64_t) {
        if (x.type == record_type::event) r.events.push_back(copy_of(x));
    });
    return r;
}

// Nothing that the builder did not write: the n-th event has the sequence number n.
void check_true(const reading& r) {
    for (const storage::event& e : r.events)
        CHECK(mira::test::same_event(e, sample_event(e.sequence, e.body.size())));
    CHECK(r.scan.events == r.events.size());
}

void check_exactly(const reading& r, const std::vector<std::uint64_t>& sequences) {
    std::vector<std::uint64_t> got;
    for (const storage::event& e : r.events) got.push_back(e.sequence);
    CHECK(got == sequences);
    check_true(r);
}

bool any_corrupt(const segment_scan& s) {
    return std::ranges::any_of(s.damages, [](const damage& d) { return d.what == damage::corrupt; });
}

std::string flipped(std::string s, std::size_t byte, unsigned bit) {
    s.at(byte) = static_cast<char>(s[byte] ^ static_cast<char>(1U << bit));
    return s;
}

// An event whose body is these bytes, at a place where a search looks for records.
storage::event carrying(std::uint64_t number, std::string_view bytes) {
    storage::event e = sample_event(number, 0);
    std::size_t before = record_head_bytes + e.tenant.size() + e.source.size() + e.key.size();
    for (const auto& [name, value] : e.fields) before += 4 + name.size() + value.size();
    e.body.assign((8 - before % 8) % 8, '.');
    e.body += bytes;
    return e;
}

segment_builder sealed_segment() {
    segment_builder b;
    b.group({40}).group({0, 100, 13}).mark().group({64, 8}).seal();
    return b;
}

} // namespace

TEST_CASE("journal scan: a clean sealed segment") {
    const segment_builder b = sealed_segment();
    const reading r = read(b.bytes());
    check_exactly(r, {1, 2, 3, 4, 5, 6});
    CHECK(r.scan.header_sound);
    CHECK(r.scan.header.number == 1);
    CHECK(r.scan.sealed);
    CHECK(r.scan.end == b.bytes().size());
    CHECK(r.scan.first_sequence == 1);
    CHECK(r.scan.next_sequence == 7);
    CHECK(r.scan.missing == 0);
    CHECK(r.scan.damages.empty());
    CHECK_FALSE(r.scan.corrupt());
    CHECK(r.scan.first_millis == mira::test::first_sample_millis + 1);
    CHECK(r.scan.last_millis == mira::test::first_sample_millis + 6);
}

TEST_CASE("journal scan: a segment in use, and one only prepared") {
    segment_builder b{3, 50};
    CHECK(read(b.bytes()).scan.empty());
    b.group({10}).group({20}).fill(10'000);
    const reading r = read(b.bytes());
    check_exactly(r, {50, 51});
    CHECK_FALSE(r.scan.sealed);
    CHECK(r.scan.end == b.bytes().size() - 10'000);
    CHECK(r.scan.first_sequence == 50);
    CHECK(r.scan.next_sequence == 52);

    const reading prepared = read(segment_builder{}.fill(5000).bytes());
    CHECK(prepared.scan.empty());
    CHECK(prepared.scan.header_sound);
    CHECK_FALSE(prepared.scan.corrupt());
    CHECK(prepared.scan.end == segment_header_bytes);
}

TEST_CASE("journal scan: any file is survived") {
    for (const std::size_t n : {0, 1, 71, 4095, 4096, 4097, 4167, 4168, 9000})
        for (const char c : {'\0', '\xFF', 'M'}) {
            const reading r = read(std::string(n, c));
            CHECK(r.events.empty());
            CHECK_FALSE(r.scan.header_sound);
            CHECK(r.scan.empty());
        }
}

TEST_CASE("journal scan: the last record cut at every byte is a torn end") {
    segment_builder b;
    b.group({40}).group({30, 100});
    const auto last = b.records().back();
    for (std::size_t n = last.offset; n < last.offset + last.length; ++n)
        for (const std::size_t zeros : {0, 4000}) {
            const reading r = read(b.bytes().substr(0, n) + std::string(zeros, '\0'));
            check_exactly(r, {1, 2});
            CHECK(r.scan.end == last.offset);
            CHECK_FALSE(r.scan.corrupt());
            CHECK(r.scan.next_sequence == 3);
        }
}

TEST_CASE("journal scan: a segment cut anywhere keeps what precedes the cut") {
    const segment_builder b = sealed_segment();
    for (std::size_t n = segment_header_bytes; n < b.bytes().size(); ++n) {
        const reading r = read(b.bytes().substr(0, n));
        check_true(r);
        std::size_t whole = 0;
        for (const auto& e : b.events()) whole += e.offset + e.length <= n;
        CHECK(r.events.size() == whole);
        CHECK_FALSE(r.scan.sealed);
        CHECK_FALSE(r.scan.corrupt()); // recovery knows whether this segment may be unsealed
    }
}

TEST_CASE("journal scan: every flipped bit of a sealed segment is noticed and costs at most its own event") {
    const segment_builder b = sealed_segment();
    const std::size_t header_end = 68; // magic to checksum
    for (std::size_t byte = 0; byte < b.bytes().size(); ++byte) {
        if (byte >= header_end && byte < segment_header_bytes) continue; // carries nothing
        for (unsigned bit = 0; bit < 8; ++bit) {
            CAPTURE(byte);
            CAPTURE(bit);
            const reading r = read(flipped(b.bytes(), byte, bit));
            std::vector<std::uint64_t> left{1, 2, 3, 4, 5, 6};
            bool seal_hit = false;
            for (const auto& p : b.records()) {
                if (!p.has(byte)) continue;
                if (p.type == record_type::event) std::erase(left, p.sequence);
                seal_hit = p.offset == b.records().back().offset;
            }
            check_exactly(r, left);
            CHECK(r.scan.header_sound == (byte >= header_end));
            CHECK(r.scan.sealed == !seal_hit);
            if (!seal_hit) CHECK(r.scan.corrupt());
            if (left.size() < 6) CHECK(any_corrupt(r.scan));
        }
    }
}

TEST_CASE("journal scan: bytes of the header's page that carry nothing may change") {
    const segment_builder b = sealed_segment();
    for (const std::size_t byte : {68UL, 1000UL, segment_header_bytes - 1})
        CHECK_FALSE(read(flipped(b.bytes(), byte, 3)).scan.corrupt());
}

TEST_CASE("journal scan: a segment in use, every flipped bit: corruption below what was synced, else torn") {
    segment_builder b;
    b.group({40}).group({50, 60}).fill(300);
    const std::size_t synced = b.records()[2].offset; // the second frame says so
    const std::size_t end = b.records().back().offset + b.records().back().length;
    for (std::size_t byte = segment_header_bytes; byte < end; ++byte)
        for (unsigned bit = 0; bit < 8; ++bit) {
            CAPTURE(byte);
            const reading r = read(flipped(b.bytes(), byte, bit));
            check_true(r);
            CHECK(r.scan.corrupt() == (byte < synced));
            for (const auto& p : b.events()) CHECK(r.has(p.sequence) == !p.has(byte));
        }
}

TEST_CASE("journal scan: a mark makes the last group's damage corruption") {
    segment_builder b;
    b.group({40}).group({50, 60});
    const auto victim = b.records().back();
    CHECK_FALSE(read(flipped(b.bytes(), victim.offset + 60, 1)).scan.corrupt());
    b.mark();
    const reading r = read(flipped(b.bytes(), victim.offset + 60, 1));
    CHECK(r.scan.corrupt());
    REQUIRE(r.scan.damages.size() == 1);
    CHECK(r.scan.damages[0].offset == victim.offset);
    CHECK(r.scan.damages[0].size == victim.length);
}

TEST_CASE("journal scan: holes among records that were never synced are torn, and their numbers not missed") {
    segment_builder b;
    b.group({40}).unsynced_group({50, 60, 70}).unsynced_group({80});
    const auto hole = b.events()[2];
    std::string bytes = b.bytes();
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(hole.offset), hole.length, '\0');
    reading r = read(bytes);
    check_exactly(r, {1, 2, 4, 5});
    CHECK_FALSE(r.scan.corrupt());
    CHECK(r.scan.missing == 0);
    REQUIRE(r.scan.damages.size() == 1);
    CHECK(r.scan.damages[0].what == damage::torn);

    // The same hole, when the last frame knows it to have been synced.
    b.group({1}).frame(frame::mark);
    bytes = b.bytes();
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(hole.offset), hole.length, '\0');
    r = read(bytes);
    CHECK(r.scan.corrupt());
    CHECK(r.scan.missing == 1);
}

TEST_CASE("journal scan: missing and repeated sequence numbers are seen without any damage") {
    segment_builder holed;
    holed.group({10}).skip_numbers(3).group({10}).mark();
    reading r = read(holed.bytes());
    CHECK(r.scan.missing == 3);
    CHECK(r.scan.corrupt());

    segment_builder back{1, 10};
    back.group({10});
    segment_builder early{1, 5};
    early.group({10});
    back.raw(early.bytes().substr(segment_header_bytes));
    r = read(back.bytes());
    CHECK(r.scan.corrupt());

    segment_builder known;
    known.group({10}).gap(9).group({20}).seal();
    r = read(known.bytes());
    check_exactly(r, {1, 10});
    CHECK(r.scan.missing == 0);
    CHECK_FALSE(r.scan.corrupt());
}

TEST_CASE("journal scan: an earlier life's records behind the end are not read") {
    segment_builder old{1, 1, 0x01D01D01};
    old.group({40, 41, 42, 43}).group({44, 45, 46}).seal();
    segment_builder b{2, 100};
    b.group({20}).group({30});
    // The file is the old one, written over from the front.
    std::string bytes = old.bytes();
    bytes.replace(0, b.bytes().size(), b.bytes());
    REQUIRE(bytes.size() > b.bytes().size());
    reading r = read(bytes);
    check_exactly(r, {100, 101});
    CHECK_FALSE(r.scan.corrupt());
    CHECK_FALSE(r.scan.sealed);
    CHECK(r.scan.end == b.bytes().size());

    // Nor where the new life was torn.
    bytes.replace(b.records().back().offset + 30, 200, 200, '\0');
    r = read(bytes);
    check_exactly(r, {100});

    // Nor where the header can no longer say which life it is.
    r = read(flipped(bytes, 50, 0));
    check_exactly(r, {100});
    CHECK(r.scan.corrupt());
}

TEST_CASE("journal scan: a damaged header loses no event") {
    const segment_builder b = sealed_segment();
    std::string bytes = b.bytes();
    std::fill_n(bytes.begin(), segment_header_bytes, '\xA5');
    const reading r = read(bytes);
    check_exactly(r, {1, 2, 3, 4, 5, 6});
    CHECK(r.scan.corrupt());
    CHECK_FALSE(r.scan.header_sound);
    CHECK(r.scan.header.epoch == b.header().epoch);
}

TEST_CASE("journal scan: records in a body are never taken for the journal's own") {
    // The worst case: somebody has the bytes of this very segment and sends them as a body.
    segment_builder donor;
    donor.group({40}).group({50, 60});
    const std::string stolen = donor.bytes().substr(segment_header_bytes);
    segment_builder b;
    b.group({40}).group({50, 60}).frame(frame::group, 2);
    const storage::event host = carrying(4, stolen + stolen);
    b.event(host);
    const auto placed = b.records().back();
    b.group({10}).seal();

    const reading clean = read(b.bytes());
    REQUIRE(clean.events.size() == 5);
    CHECK(clean.events[3].body == host.body);
    CHECK_FALSE(clean.scan.corrupt());

    // However the host is damaged, it alone is lost.
    for (std::size_t byte = placed.offset; byte < placed.offset + placed.length; ++byte) {
        CAPTURE(byte - placed.offset);
        const reading r = read(flipped(b.bytes(), byte, byte % 8));
        std::vector<std::uint64_t> got;
        for (const auto& e : r.events) got.push_back(e.sequence);
        CHECK(got == std::vector<std::uint64_t>{1, 2, 3, 5});
        CHECK(r.scan.corrupt());
    }
}

TEST_CASE(
    "journal scan: a foreign record with the right number inside a damaged record's body is not found") {
    // Damage to a body must not bring to light what its sender put there, even where the sender guessed the
    // epoch and the number.
    segment_builder b;
    b.group({40}).frame(frame::group, 1);
    segment_builder forged{1, 2, b.header().epoch};
    forged.event(sample_event(999));
    const storage::event host = carrying(2, forged.bytes().substr(segment_header_bytes));
    b.event(host);
    const auto placed = b.records().back();
    b.group({10}).seal();
    // Where the damage is to what says that the host is a record, or where it ends, nothing tells the two
    // apart.
    const auto decides = [&](std::size_t byte) {
        const std::size_t in_head = byte - placed.offset;
        const std::size_t in_trailer = byte - (placed.offset + placed.length - record_trailer_bytes);
        return in_head < 10 || (in_head >= 12 && in_head < 18) || (in_head >= 20 && in_head < 28) ||
               in_trailer < 12;
    };
    for (std::size_t byte = placed.offset; byte < placed.offset + placed.length; ++byte) {
        CAPTURE(byte - placed.offset);
        const reading r = read(flipped(b.bytes(), byte, byte % 8));
        CHECK(r.has(1));
        CHECK(r.has(3));
        CHECK(r.scan.corrupt());
        if (!decides(byte)) CHECK_FALSE(r.has(2));
    }
}

TEST_CASE("journal scan: a damaged record full of heads is passed without checking each against its end") {
    // Every 64 bytes a head whose record would end where the host's does.
    constexpr std::size_t body_size = 4 * 1024 * 1024;
    segment_builder b;
    b.group({40}).frame(frame::group, 1);
    storage::event host = sample_event(2, body_size);
    b.event(host);
    const auto placed = b.records().back();
    const std::size_t end = placed.offset + placed.length;
    std::string bytes = b.bytes();
    for (std::size_t at = placed.offset + 256; at + 128 < end; at += 64) {
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), record_head_bytes, '\0');
        store_le<std::uint32_t>(bytes.data() + at, 0x4345524DU);
        store_le<std::uint32_t>(bytes.data() + at + 4, static_cast<std::uint32_t>(end - at));
        bytes[at + 8] = 1;
        bytes[at + 9] = 1;
        store_le<std::uint32_t>(bytes.data() + at + 24,
                                static_cast<std::uint32_t>(end - at - smallest_record));
    }
    segment_builder after{1, 3, b.header().epoch};
    after.group({10}).seal();
    bytes += after.bytes().substr(segment_header_bytes);
    const auto before = std::chrono::steady_clock::now();
    const reading r = read(bytes);
    const auto took = std::chrono::steady_clock::now() - before;
    CHECK(r.has(1));
    CHECK_FALSE(r.has(2));
    CHECK(r.has(3));
    // Checking each would be a checksum over 64 GiB.
    CHECK(took < std::chrono::seconds{2});
}
