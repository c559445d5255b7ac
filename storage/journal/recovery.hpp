#pragma once
// What happens when a journal directory is opened: every segment is read, a torn end is cut, corruption is
// refused or, when asked, salvaged; and what was read is shown to whoever rebuilds memory from it
// (duplicates, quotas).
#include "engine/base/result.hpp"
#include "storage/journal/scan.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mira::journal {

struct segment_info {
    segment_header header;
    std::uint64_t bytes = 0; // the file's size
    std::uint64_t events = 0;
    std::uint64_t first_sequence = 0;
    std::uint64_t next_sequence = 0;
    std::int64_t first_millis = 0;
    std::int64_t last_millis = 0;
};

// What is unsound, for people: the segment's file, the offset and what is there.
struct finding {
    std::string place;
    std::string what;
    bool corrupt = false; // else a torn end, which is no loss
};

struct inspection {
    std::vector<finding> findings;
    std::vector<segment_scan> segments; // a stray's is empty
    std::vector<std::uint64_t> numbers;
    std::vector<bool> strays; // segments of another journal, as their headers say
    std::optional<journal_id> owner;
    std::uint64_t events = 0;
    std::uint64_t next_sequence = 1;

    bool corrupt() const {
        for (const finding& f : findings)
            if (f.corrupt) return true;
        return false;
    }
};

// Reads all segments of dir, changing nothing. visit sees every sound event in order; segment and offset are
// where it stands now, which recover() may change.
using event_visitor = std::function<void(const record&, std::uint64_t segment, std::uint64_t offset)>;
result<inspection> inspect(const std::filesystem::path& dir, const event_visitor& visit);

// Repairs dir so that a writer can go on: cuts the torn end and seals the last segment, makes spares of those
// that were prepared and not used; with salvage, rewrites every corrupt segment with all that is readable and
// sets the original aside as "*.damaged". Refuses a corrupt journal without salvage and changes nothing then
// (see found.findings).
struct recovered {
    std::vector<segment_info> segments; // sealed, in order
    std::uint64_t next_number = 1;
    std::uint64_t next_sequence = 1;
    journal_id id{};
    bool refused = false;
};
result<recovered> recover(const std::filesystem::path& dir, const inspection& found, bool salvage);

} // namespace mira::journal
