#include "storage/journal/scan.hpp"

#include "engine/base/bytes.hpp"

#include <algorithm>
#include <optional>

namespace mira::journal {
namespace {

constexpr std::uint64_t record_alignment = 8;

// Behind the damage at `from`, the next offset at which a sound record stands. Numbers only go up, so a
// record with one below what is due is a copy that a sender put into a body.
std::optional<std::uint64_t> find_record(std::string_view bytes, std::uint64_t from, std::uint32_t epoch,
                                         std::uint64_t due) {
    const auto sound_at = [&](std::uint64_t at) {
        if (at >= bytes.size() || !looks_like_record(bytes.substr(at))) return false;
        const auto r = decode_record(bytes.substr(at), epoch);
        return r && r->sequence >= due;
    };
    // Where the damaged record still says how long it is, its body is not searched: it is the sender's, and
    // could hold any number of things that begin like a record.
    if (const auto length = damaged_event_length(bytes.substr(from), epoch, due))
        if (sound_at(from + *length)) return from + *length;
    for (std::uint64_t at = from + record_alignment; at + smallest_record <= bytes.size();
         at += record_alignment)
        if (sound_at(at)) return at;
    return std::nullopt;
}

// With a damaged header the first record still says which epoch it was written in.
std::uint32_t guessed_epoch(std::string_view bytes) {
    for (std::uint64_t at = segment_header_bytes; at + smallest_record <= bytes.size();
         at += record_alignment) {
        const std::string_view rest = bytes.substr(at);
        if (!looks_like_record(rest)) continue;
        const std::uint32_t length = encoded_length(rest.data());
        if (length < smallest_record || length > rest.size()) continue;
        const auto epoch = load_le<std::uint32_t>(rest.data() + length - record_trailer_bytes + 8);
        if (decode_record(rest, epoch)) return epoch;
    }
    return 0;
}

class scanner {
  public:
    scanner(segment_scan& out, const record_visitor& visit) : out_{out}, visit_{visit} {}

    void take(const record& r, std::uint64_t offset) {
        switch (r.type) {
        case record_type::event:
            follow(r.sequence, r.sequence);
            ++out_.events;
            note_time(r.event.id.millis());
            visit_(r, offset);
            break;
        case record_type::gap:
            follow(r.gap.from, r.gap.to);
            visit_(r, offset);
            break;
        case record_type::frame:
            synced_ = std::max(synced_, r.frame.synced);
            expect(r.frame.first_sequence);
            if (r.frame.what == frame::seal) out_.sealed = true;
            break;
        }
    }

    // Everything below this offset had been synced when the last frame was written.
    std::uint64_t synced() const { return synced_; }

  private:
    // A frame announces the number to come: numbers skipped before it are missing.
    void expect(std::uint64_t next) {
        if (out_.next_sequence == 0) out_.first_sequence = next;
        if (out_.next_sequence != 0 && next > out_.next_sequence) out_.missing += next - out_.next_sequence;
        out_.next_sequence = std::max(out_.next_sequence, next);
    }
    void follow(std::uint64_t first, std::uint64_t last) {
        expect(first);
        // Going back is as wrong as a hole.
        if (first < out_.next_sequence) ++out_.missing;
        out_.next_sequence = std::max(out_.next_sequence, last + 1);
    }
    void note_time(std::int64_t millis) {
        if (out_.events == 1) out_.first_millis = out_.last_millis = millis;
        out_.first_millis = std::min(out_.first_millis, millis);
        out_.last_millis = std::max(out_.last_millis, millis);
    }

    segment_scan& out_;
    const record_visitor& visit_;
    std::uint64_t synced_ = 0;
};

} // namespace

segment_scan scan_segment(std::string_view bytes, const record_visitor& visit) {
    segment_scan out;
    if (const auto h = decode_segment_header(bytes)) {
        out.header_sound = true;
        out.header = *h;
    } else {
        out.header.epoch = guessed_epoch(bytes);
    }
    const std::uint32_t epoch = out.header.epoch;
    scanner s{out, visit};
    std::uint64_t at = segment_header_bytes;
    while (at + smallest_record <= bytes.size() && !out.sealed) {
        if (const auto r = decode_record(bytes.substr(at), epoch)) {
            s.take(*r, at);
            at += r->length;
            out.end = at;
            continue;
        }
        const auto next = find_record(bytes, at, epoch, out.next_sequence);
        if (!next) break;
        out.damages.push_back({damage::torn, at, *next - at});
        at = *next;
    }
    for (damage& d : out.damages)
        if (d.offset < s.synced() || out.sealed) d.what = damage::corrupt;
    // Holes in what was never synced account for the numbers that are missing there.
    if (std::ranges::none_of(out.damages, [](const damage& d) { return d.what == damage::corrupt; }) &&
        !out.damages.empty())
        out.missing = 0;
    return out;
}

} // namespace mira::journal
