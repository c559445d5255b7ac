#pragma once
// The bytes of a journal segment; no I/O here.
//
//   segment = header (4 KiB), then records, then zeros or what an earlier use of the file left behind
//   record  = 56 bytes of head, a payload, padding to 8, and a trailer of 16: sequence, epoch, CRC-32C over
//             all before it
//   frame   = a record that the writer puts before each group of records that it writes and syncs in one go
//
// All integers are little-endian. The epoch is a random number drawn each time a file becomes a segment, and
// never leaves the machine: in a recycled file the records of its earlier life do not fit, and nobody can put
// bytes into a body that a search would take for a record. A frame says up to which offset everything was
// synced when it was written; so a bad record below that mark is corruption, and one above it is the torn end
// of a write that nobody was told of.
#include "engine/base/event_id.hpp"
#include "storage/records/event.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace mira::journal {

using storage::event_view;
using storage::kept_field;

inline constexpr std::size_t segment_header_bytes = 4096;
inline constexpr std::size_t record_head_bytes = 56;
inline constexpr std::size_t record_trailer_bytes = 16;
inline constexpr std::size_t smallest_record = record_head_bytes + record_trailer_bytes;

// Identifies a journal directory: a segment of another journal that strays in is refused.
using journal_id = std::array<unsigned char, 16>;

struct segment_header {
    journal_id journal{};
    std::uint64_t number = 0;
    std::uint32_t epoch = 0;
    wall_time created;
};
void encode(const segment_header& h, char* out); // segment_header_bytes, the rest zero
// Nothing where magic, version or checksum do not fit.
std::optional<segment_header> decode_segment_header(std::string_view bytes);

enum class record_type : std::uint8_t { event = 1, frame = 2, gap = 3 };

struct frame {
    enum kind : std::uint16_t {
        group = 0, // records follow
        mark = 1,  // written when idle: all before it is synced
        seal = 2,  // the segment's last: no record may follow
    };
    kind what = group;
    std::uint64_t first_sequence = 0; // of the records that follow; for mark and seal: the next to come
    std::uint64_t synced = 0;         // offset below which the segment was synced
    std::uint32_t count = 0;
    wall_time time;
};

// Sequence numbers that are known to be missing: left by a salvage.
struct gap {
    std::uint64_t from = 0;
    std::uint64_t to = 0; // inclusive
};

// The size of an event's record with everything in it.
std::size_t record_size(const event_view& e);
bool fits_format(const event_view& e); // lengths within their fields

// Writes head and payload without the body, then the body unless it is left out, then padding. The trailer's
// room is left behind it; the checksum so far stands in the trailer, for seal_record() to complete (0 where
// the body was left out). Returns the number of bytes written, trailer included.
std::size_t encode_event(const event_view& e, bool with_body, char* out);
void encode_frame(const frame& f, std::uint64_t sequence, std::uint32_t epoch,
                  char* out); // smallest_record bytes
void encode_gap(const gap& g, std::uint64_t sequence, std::uint32_t epoch,
                char* out); // smallest_record bytes

// What the writer needs of a record that a reactor encoded.
std::uint32_t encoded_length(const char* record);
event_id encoded_id(const char* record);
// Bytes of the record between its body and its trailer.
std::size_t encoded_padding(const char* record);
bool encoded_without_body(const char* record);
// Completes the trailer.
void seal_record(char* record, std::uint64_t sequence, std::uint32_t epoch);
// The same for a record whose body stands elsewhere: front is the part before the body, back the part behind
// it.
void seal_record_around(char* front, std::size_t front_size, std::string_view body, char* back,
                        std::size_t back_size, std::uint64_t sequence, std::uint32_t epoch);

struct record {
    record_type type{};
    std::uint32_t length = 0;
    std::uint64_t sequence = 0;
    // event
    event_view event; // fields are in fields_of()
    std::string_view encoded_fields;
    std::uint16_t field_count = 0;
    // frame, gap
    journal::frame frame;
    journal::gap gap;
};

// The record at the front of bytes; nothing where there is none of that epoch that is whole.
std::optional<record> decode_record(std::string_view bytes, std::uint32_t epoch);
// The length of an event's record that is damaged, but in none of the places that say where it ends: head and
// trailer agree with each other, and with the epoch and the sequence number that is due here.
std::optional<std::uint32_t> damaged_event_length(std::string_view bytes, std::uint32_t epoch,
                                                  std::uint64_t sequence);
// The kept header fields of a decoded event, as views.
std::vector<kept_field> fields_of(const record& r);

// Whether a record might begin here: cheap, for searching.
bool looks_like_record(std::string_view bytes);

} // namespace mira::journal
