#pragma once
// Reading single events back from sealed segments, by index, else by reading the segment.
#include "engine/base/result.hpp"
#include "storage/journal/format.hpp"
#include "storage/records/event.hpp"

#include <filesystem>
#include <optional>

namespace mira::journal {

storage::event copy_of(const record& r);

// No value: the segment does not hold it.
result<std::optional<storage::event>> find_in_segment(const std::filesystem::path& dir,
                                                      const segment_header& h, const event_id& id);

} // namespace mira::journal
