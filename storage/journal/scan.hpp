#pragma once
// Reads a segment forward and says what is sound in it, without I/O. Recovery, verification, salvage and dump
// stand on it.
#include "storage/journal/format.hpp"

#include <functional>
#include <string_view>
#include <vector>

namespace mira::journal {

// A stretch of bytes in which no record could be read although records follow, or should.
struct damage {
    enum kind : std::uint8_t {
        torn,    // above the mark of what was synced: a write that nobody was told of
        corrupt, // below it: something that was durable is gone
    };
    kind what = torn;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

struct segment_scan {
    bool header_sound = false;
    segment_header header; // where header_sound; else what could be guessed of the epoch
    bool sealed = false;
    std::uint64_t end = segment_header_bytes; // behind the last sound record
    std::uint64_t events = 0;
    std::uint64_t first_sequence = 0; // of the first event or gap; of the first frame where there is none
    std::uint64_t next_sequence =
        0;                     // behind the last event, gap or frame's announcement; 0 where there is nothing
    std::uint64_t missing = 0; // sequence numbers between them that neither an event nor a gap accounts for
    std::int64_t first_millis = 0; // of the event ids
    std::int64_t last_millis = 0;
    std::vector<damage> damages;

    bool empty() const { return next_sequence == 0; }
    bool corrupt() const {
        for (const damage& d : damages)
            if (d.what == damage::corrupt) return true;
        return missing > 0 || (!header_sound && !empty());
    }
};

// visit is called for every sound event and gap in order, with its offset.
using record_visitor = std::function<void(const record&, std::uint64_t offset)>;
segment_scan scan_segment(std::string_view bytes, const record_visitor& visit);

} // namespace mira::journal
