// The journal's record decoder and segment scan, over any bytes and over a sound segment that was damaged.
//
// The first byte of the input chooses.
//   0    the rest is a segment: it is scanned, and decoded at every eighth byte
//   else the rest describes a small segment and changes to it, four bytes each (see changes()); then: no
//   event
//        comes out that was not put in, none that was left alone is lost, and what was synced and is gone is
//        called corruption
#include "storage/journal/lookup.hpp"
#include "storage/journal/scan.hpp"
#include "tests/support/segment_builder.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

using namespace mira;
using mira::test::segment_builder;

namespace {

constexpr std::size_t header_checked = 68; // bytes of the header, its checksum included

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

class input {
  public:
    input(const std::uint8_t* p, std::size_t n) : p_{p}, left_{n} {}
    bool empty() const { return left_ == 0; }
    std::uint8_t byte() {
        if (left_ == 0) return 0;
        --left_;
        return *p_++;
    }
    std::string_view rest() const { return {reinterpret_cast<const char*>(p_), left_}; }

  private:
    const std::uint8_t* p_;
    std::size_t left_;
};

void any_bytes(std::string_view bytes) {
    std::uint64_t events = 0;
    const auto visit = [&](const journal::record& r, std::uint64_t offset) {
        require(offset % 8 == 0 && offset + r.length <= bytes.size(), "a record lies within the segment");
        if (r.type == journal::record_type::event) {
            ++events;
            const storage::event e = journal::copy_of(r);
            require(e.tenant.size() + e.body.size() <= r.length, "an event is no larger than its record");
        }
    };
    // As it is, and behind a sound header of the epoch that its first record claims.
    const journal::segment_scan plain = journal::scan_segment(bytes, visit);
    require(plain.events == events, "each event is visited once");
    require(plain.end <= std::max<std::uint64_t>(bytes.size(), journal::segment_header_bytes),
            "the end is inside");
    segment_builder b{1, 1, 0x01010101};
    b.raw(bytes);
    bytes = b.bytes();
    journal::scan_segment(b.bytes(), visit);
}

// A segment as the input describes it: a byte a step.
segment_builder build(input& in) {
    segment_builder b;
    for (int steps = 0; steps < 6; ++steps) {
        const std::uint8_t what = in.byte();
        const std::size_t size = what >> 2;
        switch (what & 3) {
        case 0: b.group({size}); break;
        case 1: b.group({size, 0, size * 3}); break;
        case 2: b.unsynced_group({size, size + 1}); break;
        default: b.mark(); break;
        }
    }
    if ((in.byte() & 1) != 0) b.seal();
    b.fill(in.byte());
    return b;
}

struct damaged {
    std::string bytes;
    std::set<std::size_t> changed; // offsets
    std::size_t cut = 0;           // nothing behind it is as it was
};

// The rest of the input: kind, and three bytes that say where and what.
damaged changes(const segment_builder& b, input& in) {
    damaged d{b.bytes(), {}, b.bytes().size()};
    const auto put = [&](std::size_t at, char c) {
        if (at >= d.bytes.size() || d.bytes[at] == c) return;
        d.bytes[at] = c;
        d.changed.insert(at);
    };
    while (!in.empty()) {
        const std::uint8_t kind = in.byte();
        // The header's page carries little: most changes go to the records.
        const std::size_t from = kind % 8 == 7 ? 0 : journal::segment_header_bytes;
        const std::size_t span = d.bytes.size() > from ? d.bytes.size() - from : 1;
        const std::size_t high = in.byte();
        const std::size_t at = from + (high * 256 + in.byte()) % span;
        const std::uint8_t value = in.byte();
        switch (kind % 4) {
        case 0: put(at, static_cast<char>(value)); break;
        case 1:
            for (std::size_t i = 0; i < value; ++i) put(at + i, '\0');
            break;
        case 2: // a stretch of the segment itself, somewhere else
            for (std::size_t i = 0; i < 160; ++i) {
                const std::size_t source = journal::segment_header_bytes + value * std::size_t{8} + i;
                if (source < b.bytes().size()) put(at / 8 * 8 + i, b.bytes()[source]);
            }
            break;
        default:
            if (at >= journal::segment_header_bytes) {
                d.bytes.resize(at);
                d.cut = std::min(d.cut, at);
            }
            break;
        }
    }
    return d;
}

bool has_misplaced(const segment_builder& b, std::string_view bytes) {
    for (std::size_t at = journal::segment_header_bytes; at + journal::smallest_record <= bytes.size();
         at += 8)
        if (journal::decode_record(bytes.substr(at), b.header().epoch) &&
            std::ranges::none_of(b.records(), [at](const auto& p) { return p.offset == at; }))
            return true;
    // Or exactly in another's place.
    for (const auto& p : b.records()) {
        if (p.offset >= bytes.size()) continue;
        const auto r = journal::decode_record(bytes.substr(p.offset), b.header().epoch);
        if (r && (r->sequence != p.sequence || r->type != p.type)) return true;
    }
    return false;
}

void damaged_segment(input in) {
    const segment_builder b = build(in);
    const damaged d = changes(b, in);
    const auto intact = [&](const segment_builder::placed& p) {
        const auto it = d.changed.lower_bound(p.offset);
        return p.offset + p.length <= d.cut && (it == d.changed.end() || *it >= p.offset + p.length);
    };
    std::set<std::uint64_t> found;
    const journal::segment_scan scan =
        journal::scan_segment(d.bytes, [&](const journal::record& r, std::uint64_t) {
            require(r.type == journal::record_type::event, "no gap was written");
            const storage::event e = journal::copy_of(r);
            require(e.sequence >= 1 && e.sequence < b.next_sequence() &&
                        mira::test::same_event(e, mira::test::sample_event(e.sequence, e.body.size())),
                    "every event that comes out was put in");
            found.insert(e.sequence);
        });
    require(scan.header_sound ==
                std::ranges::none_of(d.changed, [](std::size_t at) { return at < header_checked; }),
            "a damaged header is noticed");
    if (has_misplaced(b, d.bytes))
        return; // a whole record where it was not written: no promise but the above

    std::uint64_t synced = 0;
    for (const auto& p : b.records()) {
        if (p.type != journal::record_type::frame || !intact(p)) continue;
        const auto r = journal::decode_record(std::string_view{b.bytes()}.substr(p.offset), b.header().epoch);
        require(r.has_value(), "the builder writes sound frames");
        synced = std::max(synced, r->frame.synced);
        if (r->frame.what == journal::frame::seal) require(scan.sealed, "an intact seal is read");
    }
    for (const auto& p : b.events()) {
        const bool lost = !found.contains(p.sequence);
        require(!(lost && intact(p)), "what was left alone is found");
        require(!(lost && (p.offset < synced || scan.sealed)) || scan.corrupt(),
                "what was synced and is gone is corruption");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    if (data[0] == 0)
        any_bytes({reinterpret_cast<const char*>(data + 1), size - 1});
    else
        damaged_segment(input{data + 1, size - 1});
    return 0;
}
