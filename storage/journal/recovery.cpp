#include "storage/journal/recovery.hpp"

#include "engine/base/log.hpp"
#include "storage/journal/index.hpp"
#include "storage/journal/segment_file.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <map>
#include <optional>
#include <random>
#include <unistd.h>

namespace mira::journal {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t prepared_kept = 2; // as many as a writer has at a time

error_code last_error() { return {errno, boost::system::system_category()}; }

std::string range(std::uint64_t from, std::uint64_t to) {
    return from == to ? "sequence number " + std::to_string(from)
                      : "sequence numbers " + std::to_string(from) + " to " + std::to_string(to);
}

bool all_zero(std::string_view s) { return s.find_first_not_of('\0') == std::string_view::npos; }

// How many segments there are up to the last that holds anything: later ones were only prepared.
std::size_t count_used(const std::vector<segment_scan>& all) {
    for (std::size_t i = all.size(); i > 0; --i)
        if (!all[i - 1].empty()) return i;
    return 0;
}

// The journal that most of the segments belong to. Nothing where no header can be read.
std::optional<journal_id> owner_of(const std::vector<mapped_file>& files) {
    std::map<journal_id, std::size_t> counts;
    std::optional<journal_id> owner;
    for (const mapped_file& f : files) {
        const auto h = decode_segment_header(f.bytes());
        if (!h) continue;
        ++counts[h->journal];
        if (!owner || counts[h->journal] > counts[*owner]) owner = h->journal;
    }
    return owner;
}

// Numbers that are missing before a segment stood in it where nothing of its beginning was ever synced: the
// hole there accounts for as many as it has room for.
bool lost_in_torn_beginning(const segment_scan& s, std::uint64_t missing) {
    return !s.damages.empty() && s.damages[0].what == damage::torn &&
           s.damages[0].offset == segment_header_bytes && missing <= s.damages[0].size / smallest_record;
}

void describe(inspection& out, std::size_t i, const fs::path& dir, std::size_t used, std::string_view tail) {
    const segment_scan& s = out.segments[i];
    const std::string file = (dir / segment_name(out.numbers[i])).string();
    const bool is_last = i + 1 == used;
    if (out.strays[i]) {
        out.findings.push_back({file + " at 0", "the segment belongs to another journal", true});
        return;
    }
    if (s.empty()) {
        // Before a segment gets its name its header is synced; so this one was sound once, and used perhaps.
        // With a sound header it was not used, unless numbers are missing where it stands.
        if (!s.header_sound || i < used)
            out.findings.push_back({file + " at 0", "a segment without a readable record", !s.header_sound});
        return;
    }
    if (!s.header_sound) out.findings.push_back({file + " at 0", "the segment's header is unreadable", true});
    for (const damage& d : s.damages)
        out.findings.push_back({file + " at " + std::to_string(d.offset),
                                std::to_string(d.size) + " bytes unreadable" +
                                    (d.what == damage::torn ? ", in what was never acknowledged" : ""),
                                d.what == damage::corrupt});
    if (s.missing > 0)
        out.findings.push_back({file,
                                std::to_string(s.missing) + " events missing among " +
                                    range(s.first_sequence, s.next_sequence - 1),
                                true});
    if (!s.sealed && !is_last)
        out.findings.push_back(
            {file + " at " + std::to_string(s.end), "the segment ends without its seal", true});
    if (!s.sealed && is_last && !all_zero(tail.substr(0, smallest_record)) && looks_like_record(tail))
        out.findings.push_back(
            {file + " at " + std::to_string(s.end), "a torn end, never acknowledged", false});
}

segment_info info_of(const segment_scan& s, std::uint64_t bytes) {
    return {s.header, bytes, s.events, s.first_sequence, s.next_sequence, s.first_millis, s.last_millis};
}

// Keeps a segment's file as "*.damaged", beside those of earlier salvages.
error_code set_aside(const fs::path& segment) {
    for (int n = 1;; ++n) {
        fs::path name = segment;
        name += n == 1 ? ".damaged" : ".damaged." + std::to_string(n);
        if (::link(segment.c_str(), name.c_str()) == 0) return {};
        if (errno != EEXIST) return last_error();
        std::error_code ec;
        if (fs::equivalent(segment, name, ec))
            return {}; // a salvage that was interrupted came as far as this
    }
}

// Copies every sound record of a segment into a new file of the same number; numbers that are missing become
// gaps.
class rewriter {
  public:
    rewriter(const fs::path& dir, const segment_header& h) : dir_{dir}, header_{h} {
        bytes_.resize(segment_header_bytes);
        encode(header_, bytes_.data());
    }

    void add(const record& r, std::uint64_t expected) {
        if (r.type == record_type::gap) {
            add_gap(expected, r.gap.to);
            next_ = r.gap.to + 1;
            return;
        }
        if (r.sequence > expected) add_gap(expected, r.sequence - 1);
        event_view e = r.event;
        const auto fields = fields_of(r);
        e.fields = fields;
        const std::size_t at = bytes_.size();
        bytes_.resize(at + record_size(e));
        encode_event(e, true, bytes_.data() + at);
        seal_record(bytes_.data() + at, r.sequence, header_.epoch);
        next_ = r.sequence + 1;
    }
    void add_gap(std::uint64_t from, std::uint64_t to) {
        if (from > to || from == 0) return;
        const std::size_t at = bytes_.size();
        bytes_.resize(at + smallest_record);
        encode_gap({from, to}, from, header_.epoch, bytes_.data() + at);
        next_ = to + 1;
    }

    error_code finish(std::uint64_t next, bool keep_original) {
        frame seal;
        seal.what = frame::seal;
        seal.first_sequence = std::max(next, next_);
        seal.synced = bytes_.size();
        seal.time = system_clocks().wall();
        const std::size_t at = bytes_.size();
        bytes_.resize(at + smallest_record);
        encode_frame(seal, seal.first_sequence, header_.epoch, bytes_.data() + at);

        const fs::path final_name = dir_ / segment_name(header_.number);
        const fs::path working = fs::path{final_name}.concat(".salvage");
        const unique_fd fd{::open(working.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
        if (!fd) return last_error();
        if (const error_code ec = write_fully(fd.get(), bytes_.data(), bytes_.size(), 0)) return ec;
        if (::fsync(fd.get()) != 0) return last_error();
        if (keep_original)
            if (const error_code ec = set_aside(final_name)) return ec;
        if (::rename(working.c_str(), final_name.c_str()) != 0) return last_error();
        return sync_directory(dir_);
    }

  private:
    const fs::path& dir_;
    segment_header header_;
    std::string bytes_;
    std::uint64_t next_ = 0;
};

// first and next: the numbers that the segment must account for.
result<segment_info> rewrite(const fs::path& dir, std::uint64_t number, const journal_id& id,
                             std::uint64_t first, std::uint64_t next, bool keep_original) {
    const fs::path name = dir / segment_name(number);
    {
        const auto file = mapped_file::open(name);
        if (!file) return file.error();
        std::random_device random;
        rewriter w{dir, {id, number, random(), system_clocks().wall()}};
        std::uint64_t expected = first;
        scan_segment(file->bytes(), [&](const record& r, std::uint64_t) {
            const std::uint64_t last = r.type == record_type::gap ? r.gap.to : r.sequence;
            if (last < expected) return; // went back: the first copy counts
            w.add(r, expected);
            expected = last + 1;
        });
        if (next > expected) w.add_gap(expected, next - 1);
        if (const error_code ec = w.finish(next, keep_original)) return ec;
    }
    const auto file = mapped_file::open(name);
    if (!file) return file.error();
    return info_of(scan_segment(file->bytes(), [](const record&, std::uint64_t) {}), file->bytes().size());
}

// Writes the seal behind the last sound record and cuts what follows. In this order: the seal's place has its
// blocks, and on a full disk a file cut first might not get them again.
result<segment_info> seal_segment(const fs::path& dir, const segment_scan& s) {
    const unique_fd fd{::open((dir / segment_name(s.header.number)).c_str(), O_RDWR | O_CLOEXEC)};
    if (!fd) return last_error();
    frame seal;
    seal.what = frame::seal;
    seal.first_sequence = s.next_sequence;
    seal.synced = s.end;
    seal.time = system_clocks().wall();
    std::array<char, smallest_record> bytes{};
    encode_frame(seal, seal.first_sequence, s.header.epoch, bytes.data());
    if (const error_code ec = write_fully(fd.get(), bytes.data(), bytes.size(), s.end)) return ec;
    const std::uint64_t end = s.end + bytes.size();
    if (::ftruncate(fd.get(), static_cast<off_t>(end)) != 0 || ::fsync(fd.get()) != 0) return last_error();
    return info_of(s, end);
}

void index_segment(const fs::path& dir, const segment_header& h) {
    if (index_fits(dir, h)) return;
    const auto file = mapped_file::open(dir / segment_name(h.number));
    if (!file) return;
    std::vector<index_entry> entries;
    scan_segment(file->bytes(), [&](const record& r, std::uint64_t offset) {
        if (r.type == record_type::event) entries.push_back({r.event.id, static_cast<std::uint32_t>(offset)});
    });
    // Without an index the event is found by reading the segment: slower, not wrong.
    if (const error_code ec = write_index(dir, h, entries))
        log::warn("journal.index_not_written", {{"segment", h.number}, {"reason", ec.message()}});
}

// A segment that holds nothing readable: one that was only prepared gives its blocks to the next, any other
// is set aside.
error_code clear_away(const fs::path& dir, std::uint64_t number, bool prepared) {
    if (prepared) return retire_segment(dir, number, prepared_kept);
    const fs::path p = dir / segment_name(number);
    if (const error_code ec = set_aside(p)) return ec;
    return ::unlink(p.c_str()) == 0 ? error_code{} : last_error();
}

} // namespace

result<inspection> inspect(const fs::path& dir, const event_visitor& visit) {
    const auto numbers = list_segments(dir);
    if (!numbers) return numbers.error();
    inspection out;
    out.numbers = *numbers;
    std::vector<mapped_file> files;
    for (const std::uint64_t n : out.numbers) {
        auto file = mapped_file::open(dir / segment_name(n));
        if (!file) return file.error();
        files.push_back(std::move(*file));
    }
    out.owner = owner_of(files);
    for (std::size_t i = 0; i < files.size(); ++i) {
        const auto h = decode_segment_header(files[i].bytes());
        out.strays.push_back(h && h->journal != *out.owner);
        if (out.strays[i]) {
            out.segments.emplace_back();
            continue;
        }
        out.segments.push_back(scan_segment(files[i].bytes(), [&](const record& r, std::uint64_t offset) {
            if (r.type == record_type::event) visit(r, out.numbers[i], offset);
        }));
    }
    const std::size_t used = count_used(out.segments);
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < out.segments.size(); ++i) {
        const segment_scan& s = out.segments[i];
        describe(out, i, dir, used,
                 files[i].bytes().substr(std::min<std::uint64_t>(s.end, files[i].bytes().size())));
        if (s.empty()) continue;
        if (expected != 0 && s.first_sequence > expected &&
            !lost_in_torn_beginning(s, s.first_sequence - expected))
            out.findings.push_back({"before " + (dir / segment_name(out.numbers[i])).string(),
                                    range(expected, s.first_sequence - 1) + " missing", true});
        if (expected != 0 && s.first_sequence < expected)
            out.findings.push_back({(dir / segment_name(out.numbers[i])).string(),
                                    "sequence numbers go back to " + std::to_string(s.first_sequence), true});
        expected = std::max(expected, s.next_sequence);
        out.events += s.events;
    }
    out.next_sequence = std::max<std::uint64_t>(expected, 1);
    return out;
}

result<recovered> recover(const fs::path& dir, const inspection& found, bool salvage) {
    recovered out;
    out.next_sequence = found.next_sequence;
    if (found.owner) {
        out.id = *found.owner;
    } else {
        std::random_device random;
        for (unsigned char& b : out.id) b = static_cast<unsigned char>(random());
    }
    if (found.corrupt() && !salvage) {
        out.refused = true;
        return out;
    }
    const std::size_t used = count_used(found.segments);
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < found.segments.size(); ++i) {
        segment_scan s = found.segments[i];
        const std::uint64_t number = found.numbers[i];
        if (s.empty()) {
            const bool prepared = s.header_sound && !found.strays[i] && (i >= used || !found.corrupt());
            if (const error_code ec = clear_away(dir, number, prepared)) return ec;
            continue;
        }
        s.header.number = number;
        const bool gap_before = expected != 0 && s.first_sequence != expected;
        const bool unsealed = !s.sealed && i + 1 < used;
        result<segment_info> info = info_of(s, 0);
        if (s.corrupt() || !s.damages.empty() || gap_before || unsealed) {
            info = rewrite(dir, number, out.id, expected != 0 ? expected : s.first_sequence,
                           std::max(expected, s.next_sequence), found.corrupt());
        } else if (!s.sealed) {
            info = seal_segment(dir, s);
        } else {
            std::error_code ec;
            info->bytes = fs::file_size(dir / segment_name(number), ec);
        }
        if (!info) return info.error();
        index_segment(dir, info->header);
        expected = info->next_sequence;
        out.segments.push_back(*info);
        out.next_number = number + 1;
    }
    if (const error_code ec = sync_directory(dir)) return ec;
    return out;
}

} // namespace mira::journal
