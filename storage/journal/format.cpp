#include "storage/journal/format.hpp"

#include "engine/base/bytes.hpp"
#include "engine/base/crc32c.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace mira::journal {
namespace {

constexpr char segment_magic[8] = {'M', 'I', 'R', 'A', 'S', 'E', 'G', '\n'};
constexpr std::uint32_t segment_version = 1;
constexpr std::size_t segment_checked = 64; // bytes of the header that its checksum covers

constexpr std::uint32_t record_magic = 0x4345524DU; // "MREC"
constexpr std::uint8_t record_version = 1;
constexpr std::uint16_t flag_body_elsewhere = 0x8000; // only between reactor and writer, never in the file

// Offsets within a record's head.
namespace at {
constexpr std::size_t length = 4, type = 8, version = 9, flags = 10;
constexpr std::size_t tenant_size = 12, source_size = 14, key_size = 16, field_count = 18;
constexpr std::size_t fields_size = 20, body_size = 24, time = 32, id = 40;
constexpr std::size_t count = 12, first = 16, synced = 24, frame_time = 32; // frame
constexpr std::size_t from = 16, to = 24;                                   // gap
} // namespace at

std::size_t padded(std::size_t n) { return (n + 7) & ~std::size_t{7}; }

std::size_t fields_bytes(const event_view& e) {
    std::size_t n = 0;
    for (const kept_field& f : e.fields) n += 4 + f.name.size() + f.value.size();
    return n;
}

std::size_t payload_bytes(const event_view& e) {
    return e.tenant.size() + e.source.size() + e.key.size() + fields_bytes(e) + e.body.size();
}

// Head and payload of the event's record that begins here.
std::size_t used_bytes(const char* p) {
    return record_head_bytes + std::size_t{load_le<std::uint16_t>(p + at::tenant_size)} +
           load_le<std::uint16_t>(p + at::source_size) + load_le<std::uint16_t>(p + at::key_size) +
           load_le<std::uint32_t>(p + at::fields_size) +
           std::size_t{load_le<std::uint32_t>(p + at::body_size)};
}

char* put(char* p, std::string_view s) {
    if (!s.empty()) std::memcpy(p, s.data(), s.size());
    return p + s.size();
}

void put_head(char* out, std::size_t length, record_type type, std::uint16_t flags) {
    std::memset(out, 0, record_head_bytes);
    store_le<std::uint32_t>(out, record_magic);
    store_le<std::uint32_t>(out + at::length, static_cast<std::uint32_t>(length));
    out[at::type] = static_cast<char>(type);
    out[at::version] = static_cast<char>(record_version);
    store_le<std::uint16_t>(out + at::flags, flags);
}

// Completes a checksum with the trailer's first twelve bytes and writes the trailer.
void put_trailer(char* trailer, std::uint32_t crc, std::uint64_t sequence, std::uint32_t epoch) {
    store_le(trailer, sequence);
    store_le(trailer + 8, epoch);
    store_le(trailer + 12, crc32c(crc, trailer, 12));
}

std::int64_t nanos(wall_time t) { return t.time_since_epoch().count(); }
wall_time from_nanos(std::int64_t n) { return wall_time{nanoseconds{n}}; }

// The length that an event's head claims, where the sizes in it add up to that.
std::optional<std::uint32_t> claimed_length(std::string_view bytes) {
    const char* const p = bytes.data();
    const std::uint32_t length = encoded_length(p);
    if (length < smallest_record || length % 8 != 0 || length > bytes.size()) return std::nullopt;
    if (static_cast<std::uint8_t>(p[at::version]) != record_version) return std::nullopt;
    if (static_cast<record_type>(p[at::type]) == record_type::event &&
        padded(used_bytes(p)) + record_trailer_bytes != length)
        return std::nullopt;
    return length;
}

void decode_event(std::string_view bytes, record& r) {
    const char* const p = bytes.data();
    const char* q = p + record_head_bytes;
    const auto take = [&q](std::size_t n) {
        const std::string_view s{q, n};
        q += n;
        return s;
    };
    r.event.tenant = take(load_le<std::uint16_t>(p + at::tenant_size));
    r.event.source = take(load_le<std::uint16_t>(p + at::source_size));
    r.event.key = take(load_le<std::uint16_t>(p + at::key_size));
    r.encoded_fields = take(load_le<std::uint32_t>(p + at::fields_size));
    r.event.body = take(load_le<std::uint32_t>(p + at::body_size));
    r.field_count = load_le<std::uint16_t>(p + at::field_count);
    r.event.time = from_nanos(load_le<std::int64_t>(p + at::time));
    std::memcpy(r.event.id.bytes.data(), p + at::id, r.event.id.bytes.size());
}

} // namespace

void encode(const segment_header& h, char* out) {
    std::memset(out, 0, segment_header_bytes);
    std::memcpy(out, segment_magic, sizeof segment_magic);
    store_le(out + 8, segment_version);
    std::memcpy(out + 16, h.journal.data(), h.journal.size());
    store_le(out + 32, h.number);
    store_le(out + 40, nanos(h.created));
    store_le(out + 48, h.epoch);
    store_le(out + segment_checked, crc32c(0, out, segment_checked));
}

std::optional<segment_header> decode_segment_header(std::string_view bytes) {
    if (bytes.size() < segment_header_bytes ||
        std::memcmp(bytes.data(), segment_magic, sizeof segment_magic) != 0)
        return std::nullopt;
    const char* const p = bytes.data();
    if (load_le<std::uint32_t>(p + 8) != segment_version) return std::nullopt;
    if (load_le<std::uint32_t>(p + segment_checked) != crc32c(0, p, segment_checked)) return std::nullopt;
    segment_header h;
    std::memcpy(h.journal.data(), p + 16, h.journal.size());
    h.number = load_le<std::uint64_t>(p + 32);
    h.created = from_nanos(load_le<std::int64_t>(p + 40));
    h.epoch = load_le<std::uint32_t>(p + 48);
    return h;
}

std::size_t record_size(const event_view& e) {
    return padded(record_head_bytes + payload_bytes(e)) + record_trailer_bytes;
}

bool fits_format(const event_view& e) {
    constexpr std::size_t u16 = std::numeric_limits<std::uint16_t>::max();
    if (e.tenant.size() > u16 || e.source.size() > u16 || e.key.size() > u16 || e.fields.size() > u16)
        return false;
    for (const kept_field& f : e.fields)
        if (f.name.size() > u16 || f.value.size() > u16) return false;
    return record_size(e) <= std::numeric_limits<std::uint32_t>::max();
}

std::size_t encode_event(const event_view& e, bool with_body, char* out) {
    const std::size_t length = record_size(e);
    put_head(out, length, record_type::event, with_body ? 0 : flag_body_elsewhere);
    store_le(out + at::tenant_size, static_cast<std::uint16_t>(e.tenant.size()));
    store_le(out + at::source_size, static_cast<std::uint16_t>(e.source.size()));
    store_le(out + at::key_size, static_cast<std::uint16_t>(e.key.size()));
    store_le(out + at::field_count, static_cast<std::uint16_t>(e.fields.size()));
    store_le(out + at::fields_size, static_cast<std::uint32_t>(fields_bytes(e)));
    store_le(out + at::body_size, static_cast<std::uint32_t>(e.body.size()));
    store_le(out + at::time, nanos(e.time));
    std::memcpy(out + at::id, e.id.bytes.data(), e.id.bytes.size());
    char* p = out + record_head_bytes;
    p = put(put(put(p, e.tenant), e.source), e.key);
    for (const kept_field& f : e.fields) {
        store_le(p, static_cast<std::uint16_t>(f.name.size()));
        store_le(p + 2, static_cast<std::uint16_t>(f.value.size()));
        p = put(put(p + 4, f.name), f.value);
    }
    if (with_body) p = put(p, e.body);
    const std::size_t padding = encoded_padding(out);
    std::memset(p, 0, padding);
    p += padding;
    const std::uint32_t crc = with_body ? crc32c(0, out, static_cast<std::size_t>(p - out)) : 0;
    store_le<std::uint32_t>(p + 12, crc);
    return static_cast<std::size_t>(p - out) + record_trailer_bytes;
}

void encode_frame(const frame& f, std::uint64_t sequence, std::uint32_t epoch, char* out) {
    put_head(out, smallest_record, record_type::frame, f.what);
    store_le(out + at::count, f.count);
    store_le(out + at::first, f.first_sequence);
    store_le(out + at::synced, f.synced);
    store_le(out + at::frame_time, nanos(f.time));
    put_trailer(out + record_head_bytes, crc32c(0, out, record_head_bytes), sequence, epoch);
}

void encode_gap(const gap& g, std::uint64_t sequence, std::uint32_t epoch, char* out) {
    put_head(out, smallest_record, record_type::gap, 0);
    store_le(out + at::from, g.from);
    store_le(out + at::to, g.to);
    put_trailer(out + record_head_bytes, crc32c(0, out, record_head_bytes), sequence, epoch);
}

std::uint32_t encoded_length(const char* record) { return load_le<std::uint32_t>(record + at::length); }

event_id encoded_id(const char* record) {
    event_id id;
    std::memcpy(id.bytes.data(), record + at::id, id.bytes.size());
    return id;
}

std::size_t encoded_padding(const char* record) {
    const std::size_t used = used_bytes(record);
    return padded(used) - used;
}

bool encoded_without_body(const char* record) {
    return (load_le<std::uint16_t>(record + at::flags) & flag_body_elsewhere) != 0;
}

void seal_record(char* record, std::uint64_t sequence, std::uint32_t epoch) {
    char* const trailer = record + encoded_length(record) - record_trailer_bytes;
    put_trailer(trailer, load_le<std::uint32_t>(trailer + 12), sequence, epoch);
}

void seal_record_around(char* front, std::size_t front_size, std::string_view body, char* back,
                        std::size_t back_size, std::uint64_t sequence, std::uint32_t epoch) {
    store_le<std::uint16_t>(front + at::flags, 0);
    std::uint32_t crc = crc32c(0, front, front_size);
    crc = crc32c(crc, body.data(), body.size());
    const std::size_t padding = back_size - record_trailer_bytes;
    crc = crc32c(crc, back, padding);
    put_trailer(back + padding, crc, sequence, epoch);
}

bool looks_like_record(std::string_view bytes) {
    return bytes.size() >= smallest_record && load_le<std::uint32_t>(bytes.data()) == record_magic;
}

std::optional<record> decode_record(std::string_view bytes, std::uint32_t epoch) {
    if (!looks_like_record(bytes)) return std::nullopt;
    // The checksum comes last: whoever searches a damaged stretch asks at every eighth byte of it.
    const auto length = claimed_length(bytes);
    if (!length) return std::nullopt;
    const char* const p = bytes.data();
    const char* const trailer = p + *length - record_trailer_bytes;
    if (load_le<std::uint32_t>(trailer + 8) != epoch ||
        load_le<std::uint32_t>(trailer + 12) != crc32c(0, p, *length - 4))
        return std::nullopt;
    record r;
    r.length = *length;
    r.sequence = load_le<std::uint64_t>(trailer);
    r.type = static_cast<record_type>(p[at::type]);
    switch (r.type) {
    case record_type::event: decode_event(bytes, r); return r;
    case record_type::frame:
        r.frame = {static_cast<frame::kind>(load_le<std::uint16_t>(p + at::flags)),
                   load_le<std::uint64_t>(p + at::first), load_le<std::uint64_t>(p + at::synced),
                   load_le<std::uint32_t>(p + at::count),
                   from_nanos(load_le<std::int64_t>(p + at::frame_time))};
        return r;
    case record_type::gap:
        r.gap = {load_le<std::uint64_t>(p + at::from), load_le<std::uint64_t>(p + at::to)};
        return r;
    }
    return std::nullopt;
}

std::optional<std::uint32_t> damaged_event_length(std::string_view bytes, std::uint32_t epoch,
                                                  std::uint64_t sequence) {
    if (!looks_like_record(bytes) || static_cast<record_type>(bytes[at::type]) != record_type::event)
        return std::nullopt;
    const auto length = claimed_length(bytes);
    if (!length) return std::nullopt;
    const char* const trailer = bytes.data() + *length - record_trailer_bytes;
    if (load_le<std::uint64_t>(trailer) != sequence || load_le<std::uint32_t>(trailer + 8) != epoch)
        return std::nullopt;
    return length;
}

std::vector<kept_field> fields_of(const record& r) {
    std::vector<kept_field> all;
    const char* p = r.encoded_fields.data();
    std::size_t left = r.encoded_fields.size();
    for (unsigned i = 0; i < r.field_count; ++i) {
        if (left < 4) break;
        const std::size_t name = load_le<std::uint16_t>(p);
        const std::size_t value = load_le<std::uint16_t>(p + 2);
        if (left - 4 < name + value) break;
        all.push_back({{p + 4, name}, {p + 4 + name, value}});
        p += 4 + name + value;
        left -= 4 + name + value;
    }
    return all;
}

} // namespace mira::journal
