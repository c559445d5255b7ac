#include "engine/base/bytes.hpp"
#include "storage/journal/format.hpp"
#include "storage/journal/lookup.hpp"
#include "tests/support/sample_event.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace mira;
using namespace mira::journal;
using mira::test::sample_body;
using mira::test::sample_event;
using mira::test::viewed_event;

namespace {

constexpr std::uint32_t epoch = 0x5EED1234;

std::string encoded(const storage::event& e, std::uint64_t sequence, std::uint32_t in = epoch) {
    const viewed_event v{e};
    // Not zero, so that a byte that is never written shows.
    std::string out(record_size(v.view()), '\xEE');
    CHECK(encode_event(v.view(), true, out.data()) == out.size());
    seal_record(out.data(), sequence, in);
    return out;
}

void check_round_trip(const storage::event& e) {
    const std::string bytes = encoded(e, 77);
    CHECK(bytes.size() % 8 == 0);
    CHECK(encoded_length(bytes.data()) == bytes.size());
    CHECK(encoded_id(bytes.data()) == e.id);
    CHECK_FALSE(encoded_without_body(bytes.data()));
    const auto r = decode_record(bytes, epoch);
    REQUIRE(r);
    CHECK(r->type == record_type::event);
    CHECK(r->length == bytes.size());
    const storage::event back = copy_of(*r);
    CHECK(back.sequence == 77);
    CHECK(mira::test::same_event(back, e));
}

storage::event bare() {
    storage::event e;
    e.id = mira::test::sample_id(3);
    return e;
}

} // namespace

TEST_CASE("journal format: an event comes back as it went in") {
    check_round_trip(sample_event(1));
    check_round_trip(bare());

    storage::event e = sample_event(2, 0);
    check_round_trip(e);
    e.fields.clear();
    check_round_trip(e);
    e.body.assign(3, '\0');
    check_round_trip(e);
    e.time = wall_time{nanoseconds{-1}};
    check_round_trip(e);
    e.fields.assign(2000, {"x-name", "value"});
    e.fields[1999] = {"", ""};
    check_round_trip(e);
}

TEST_CASE("journal format: every length of padding") {
    // The same number of bytes, once as a body, once as a key: what is padded is their sum.
    for (std::size_t n = 0; n <= 40; ++n) {
        storage::event e = bare();
        e.body.assign(n, 'b');
        check_round_trip(e);
        std::swap(e.body, e.key);
        check_round_trip(e);
        const std::size_t unpadded = record_head_bytes + n;
        CHECK(encoded(e, 1).size() == (unpadded + 7) / 8 * 8 + record_trailer_bytes);
    }
}

TEST_CASE("journal format: lengths up to what their fields hold") {
    constexpr std::size_t most = std::numeric_limits<std::uint16_t>::max();
    storage::event e = bare();
    e.tenant.assign(most, 't');
    e.source.assign(most, 's');
    e.key.assign(most, 'k');
    e.fields = {{std::string(most, 'n'), std::string(most, 'v')}};
    CHECK(fits_format(viewed_event{e}.view()));
    check_round_trip(e);

    const auto too_long = [&](auto&& change) {
        storage::event worse = e;
        change(worse);
        CHECK_FALSE(fits_format(viewed_event{worse}.view()));
    };
    too_long([](storage::event& x) { x.tenant += 't'; });
    too_long([](storage::event& x) { x.source += 's'; });
    too_long([](storage::event& x) { x.key += 'k'; });
    too_long([](storage::event& x) { x.fields[0].first += 'n'; });
    too_long([](storage::event& x) { x.fields[0].second += 'v'; });

    e = bare();
    e.fields.assign(most, {"", ""});
    CHECK(fits_format(viewed_event{e}.view()));
    check_round_trip(e);
    e.fields.emplace_back("", "");
    CHECK_FALSE(fits_format(viewed_event{e}.view()));
}

TEST_CASE("journal format: a record's length must fit into 32 bits") {
    // Nothing is read through the view, so it may claim more than there is.
    storage::event_view v;
    const std::size_t most = std::numeric_limits<std::uint32_t>::max() - 7 - smallest_record;
    v.body = {"", most};
    CHECK(fits_format(v));
    v.body = {"", most + 1};
    CHECK_FALSE(fits_format(v));
}

TEST_CASE("journal format: another epoch's record is none") {
    const std::string bytes = encoded(sample_event(4), 9);
    CHECK(decode_record(bytes, epoch));
    CHECK_FALSE(decode_record(bytes, epoch + 1));
    CHECK_FALSE(decode_record(bytes, 0));
    // Nor is one whose epoch was exchanged for the right one: the checksum covers it.
    std::string forged = encoded(sample_event(4), 9, epoch + 1);
    store_le(forged.data() + forged.size() - 8, epoch);
    CHECK_FALSE(decode_record(forged, epoch));
}

TEST_CASE("journal format: every flipped bit is noticed") {
    std::string bytes = encoded(sample_event(5, 100), 12);
    for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
        const auto mask = static_cast<char>(1 << (i % 8));
        bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ mask);
        CHECK_FALSE_MESSAGE(decode_record(bytes, epoch), "bit " << i);
        bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ mask);
    }
    CHECK(decode_record(bytes, epoch));

    std::string framed(smallest_record, '\0');
    encode_frame({frame::mark, 5, 4096, 3, wall_time{}}, 5, epoch, framed.data());
    std::string gapped(smallest_record, '\0');
    encode_gap({5, 9}, 5, epoch, gapped.data());
    for (std::string* const s : {&framed, &gapped})
        for (std::size_t i = 0; i < s->size() * 8; ++i) {
            const auto mask = static_cast<char>(1 << (i % 8));
            (*s)[i / 8] = static_cast<char>((*s)[i / 8] ^ mask);
            CHECK_FALSE_MESSAGE(decode_record(*s, epoch), "bit " << i);
            (*s)[i / 8] = static_cast<char>((*s)[i / 8] ^ mask);
        }
}

TEST_CASE("journal format: a record cut at any length is none, and nothing behind the cut is read") {
    const std::string bytes = encoded(sample_event(6, 50), 13);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        // A block of exactly n bytes: the address sanitizer sees a read behind it.
        const std::string cut{bytes, 0, n};
        CHECK_FALSE_MESSAGE(decode_record(cut, epoch), "cut at " << n);
    }
    CHECK(decode_record(bytes + "more", epoch));
}

TEST_CASE("journal format: a body that stands elsewhere makes the same bytes") {
    for (const std::size_t size : {0, 1, 7, 8, 9, 63, 64, 1000}) {
        const storage::event e = sample_event(size, size);
        const viewed_event v{e};
        std::string apart(record_size(v.view()) - size, '\xEE');
        CHECK(encode_event(v.view(), false, apart.data()) == apart.size());
        CHECK(encoded_without_body(apart.data()));
        CHECK(encoded_length(apart.data()) == record_size(v.view()));
        const std::size_t back = encoded_padding(apart.data()) + record_trailer_bytes;
        const std::size_t front = apart.size() - back;
        seal_record_around(apart.data(), front, e.body, apart.data() + front, back, 21, epoch);
        CHECK_MESSAGE(apart.substr(0, front) + e.body + apart.substr(front) == encoded(e, 21),
                      "body of " << size);
    }
}

TEST_CASE("journal format: frames and gaps come back as they went in") {
    std::string bytes(smallest_record, '\xEE');
    const frame f{frame::seal, 1ULL << 40, 1ULL << 33, 0xFFFFFFFF, wall_time{nanoseconds{123456789}}};
    encode_frame(f, 42, epoch, bytes.data());
    auto r = decode_record(bytes, epoch);
    REQUIRE(r);
    CHECK(r->type == record_type::frame);
    CHECK(r->sequence == 42);
    CHECK(r->frame.what == frame::seal);
    CHECK(r->frame.first_sequence == f.first_sequence);
    CHECK(r->frame.synced == f.synced);
    CHECK(r->frame.count == f.count);
    CHECK(r->frame.time == f.time);

    encode_gap({7, 1ULL << 50}, 7, epoch, bytes.data());
    r = decode_record(bytes, epoch);
    REQUIRE(r);
    CHECK(r->type == record_type::gap);
    CHECK(r->gap.from == 7);
    CHECK(r->gap.to == 1ULL << 50);
}

TEST_CASE("journal format: segment header") {
    segment_header h;
    h.number = 0xABCDEF0123;
    h.epoch = 0x80000001;
    h.created = wall_time{nanoseconds{1'700'000'000'123'456'789}};
    h.journal[0] = 1;
    h.journal[15] = 255;
    std::string bytes(segment_header_bytes, '\xEE');
    encode(h, bytes.data());
    const auto back = decode_segment_header(bytes);
    REQUIRE(back);
    CHECK(back->number == h.number);
    CHECK(back->epoch == h.epoch);
    CHECK(back->created == h.created);
    CHECK(back->journal == h.journal);
    CHECK_FALSE(decode_segment_header(std::string_view{bytes}.substr(0, segment_header_bytes - 1)));
    CHECK_FALSE(decode_segment_header({}));

    // The 64 bytes that carry something and their checksum.
    for (std::size_t i = 0; i < 68 * 8; ++i) {
        std::string flipped = bytes;
        flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ static_cast<char>(1 << (i % 8)));
        CHECK_FALSE_MESSAGE(decode_segment_header(flipped), "bit " << i);
    }
}

TEST_CASE("journal format: fields of a record whose list is cut are those that are whole") {
    const std::string bytes = encoded(sample_event(8), 1);
    auto r = decode_record(bytes, epoch);
    REQUIRE(r);
    CHECK(fields_of(*r).size() == 2);
    const std::string all{r->encoded_fields};
    for (std::size_t n = 0; n < all.size(); ++n) {
        const std::string cut{all, 0, n};
        r->encoded_fields = cut;
        CHECK(fields_of(*r).size() < 2);
    }
    // And one that claims fewer than it has.
    r->encoded_fields = all;
    r->field_count = 1;
    CHECK(fields_of(*r).size() == 1);
}
