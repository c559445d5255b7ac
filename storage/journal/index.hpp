#pragma once
// Where in a segment an event is. A sealed segment has an index file: entries sorted by event id, found by
// bisection. The segment that is being written has its entries in memory. An index is made from its segment
// and can be made again.
#include "engine/base/result.hpp"
#include "storage/journal/format.hpp"

#include <filesystem>
#include <optional>
#include <vector>

namespace mira::journal {

struct index_entry {
    event_id id;
    std::uint32_t offset = 0;
};

// Sorts the entries and writes them, synced, under the segment's index name.
error_code write_index(const std::filesystem::path& dir, const segment_header& of,
                       std::vector<index_entry>& entries);

// Whether the segment has an index, whole and its own.
bool index_fits(const std::filesystem::path& dir, const segment_header& of);

// The offset of an event in a sealed segment. No value: not in it. An error where the index is missing or
// damaged: look into the segment itself.
result<std::optional<std::uint32_t>> find_in_index(const std::filesystem::path& dir, const segment_header& of,
                                                   const event_id& id);

} // namespace mira::journal
