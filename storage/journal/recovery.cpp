#include "storage/journal/recovery.hpp"

#include "engine/base/log.hpp"
#include "storage/journal/index.hpp"
#include "storage/journal/segment_file.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <random>
#include <unistd.h>

namespace mira::journal {
namespace {

namespace fs = std::filesystem;

error_code last_error() { return {errno, boost::system::system_category()}; }

std::string range(std::uint64_t from, std::uint64_t to) {
    return from == to ? "sequence number " + std::to_string(from)
                      : "sequence numbers " + std::to_string(from) + " to " + std::to_string(to);
}

bool all_zero(std::string_view s) { return s.find_first_not_of('\0') == std::string_view::npos; }

// The last segment that holds anything: later ones were only prepared.
std::size_t last_used(const std::vector<segment_scan>& all) {
    for (std::size_t i = all.size(); i-- > 0;)
        if (!all[i].empty()) return i;
    return all.size();
}

void describe(inspection& out, std::size_t i, const fs::path& dir, bool is_last, std::string_view tail) {
    const segment_scan& s = out.segments[i];
    const std::string file = (dir / segment_name(out.numbers[i])).string();
    if (s.empty()) return;
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

    result<std::uint64_t> finish(std::uint64_t next, bool keep_original) {
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
        if (keep_original &&
            ::link(final_name.c_str(), fs::path{final_name}.concat(".damaged").c_str()) != 0 &&
            errno != EEXIST)
            return last_error();
        if (::rename(working.c_str(), final_name.c_str()) != 0) return last_error();
        if (const error_code ec = sync_directory(dir_)) return ec;
        return bytes_.size();
    }

  private:
    const fs::path& dir_;
    segment_header header_;
    std::string bytes_;
    std::uint64_t next_ = 0;
};

result<std::uint64_t> rewrite(const fs::path& dir, std::uint64_t number, const journal_id& id,
                              std::uint64_t expected_first, std::uint64_t next, bool keep_original) {
    const auto file = mapped_file::open(dir / segment_name(number));
    if (!file) return file.error();
    std::random_device random;
    rewriter w{dir, {id, number, random(), system_clocks().wall()}};
    std::uint64_t expected = expected_first;
    scan_segment(file->bytes(), [&](const record& r, std::uint64_t) {
        if (expected == 0) expected = r.type == record_type::gap ? r.gap.from : r.sequence;
        if (r.type == record_type::event && r.sequence < expected) return; // went back: the first copy counts
        w.add(r, expected);
        expected = (r.type == record_type::gap ? r.gap.to : r.sequence) + 1;
    });
    if (expected != 0 && next > expected) w.add_gap(expected, next - 1);
    return w.finish(next, keep_original);
}

// Cuts what lies behind the last sound record and writes the seal.
result<std::uint64_t> seal_segment(const fs::path& dir, const segment_scan& s) {
    const unique_fd fd{::open((dir / segment_name(s.header.number)).c_str(), O_RDWR | O_CLOEXEC)};
    if (!fd) return last_error();
    if (::ftruncate(fd.get(), static_cast<off_t>(s.end)) != 0) return last_error();
    frame seal;
    seal.what = frame::seal;
    seal.first_sequence = s.next_sequence;
    seal.synced = s.end;
    seal.time = system_clocks().wall();
    std::array<char, smallest_record> bytes{};
    encode_frame(seal, seal.first_sequence, s.header.epoch, bytes.data());
    if (const error_code ec = write_fully(fd.get(), bytes.data(), bytes.size(), s.end)) return ec;
    if (::fsync(fd.get()) != 0) return last_error();
    return s.end + bytes.size();
}

void index_segment(const fs::path& dir, const segment_header& h) {
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
        out.segments.push_back(scan_segment(file->bytes(), [&](const record& r, std::uint64_t offset) {
            if (r.type == record_type::event) visit(r, n, offset);
        }));
        files.push_back(std::move(*file));
    }
    const std::size_t last = last_used(out.segments);
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < out.segments.size(); ++i) {
        const segment_scan& s = out.segments[i];
        describe(out, i, dir, i == last,
                 files[i].bytes().substr(std::min<std::uint64_t>(s.end, files[i].bytes().size())));
        if (s.empty()) {
            if (i < last)
                out.findings.push_back({(dir / segment_name(out.numbers[i])).string(),
                                        "a segment without a readable record", true});
            continue;
        }
        if (expected != 0 && s.first_sequence > expected)
            out.findings.push_back({"before " + (dir / segment_name(out.numbers[i])).string(),
                                    range(expected, s.first_sequence - 1) + " missing", true});
        if (expected != 0 && s.first_sequence < expected)
            out.findings.push_back({(dir / segment_name(out.numbers[i])).string(),
                                    "sequence numbers go back to " + std::to_string(s.first_sequence), true});
        expected = s.next_sequence;
        out.events += s.events;
    }
    out.next_sequence = std::max<std::uint64_t>(expected, 1);
    return out;
}

result<recovered> recover(const fs::path& dir, const inspection& found, bool salvage) {
    recovered out;
    out.next_sequence = found.next_sequence;
    std::random_device random;
    for (unsigned char& b : out.id) b = static_cast<unsigned char>(random());
    for (const segment_scan& s : found.segments)
        if (s.header_sound) out.id = s.header.journal;
    if (found.corrupt() && !salvage) {
        out.refused = true;
        return out;
    }
    const std::size_t last = last_used(found.segments);
    std::uint64_t expected = 0;
    for (std::size_t i = 0; i < found.segments.size(); ++i) {
        segment_scan s = found.segments[i];
        const std::uint64_t number = found.numbers[i];
        if (s.empty()) {
            // Prepared and never used; or, below the last, unreadable: set aside.
            const fs::path p = dir / segment_name(number);
            if (i < last && ::link(p.c_str(), fs::path{p}.concat(".damaged").c_str()) != 0 && errno != EEXIST)
                return last_error();
            if (::unlink(p.c_str()) != 0) return last_error();
            continue;
        }
        s.header.number = number;
        segment_info info{s.header,     0, s.events, s.first_sequence, s.next_sequence, s.first_millis,
                          s.last_millis};
        const bool gap_before = expected != 0 && s.first_sequence != expected;
        const bool unsealed = !s.sealed && i != last;
        if (s.corrupt() || !s.damages.empty() || gap_before || unsealed) {
            const auto size = rewrite(dir, number, out.id, expected, s.next_sequence, found.corrupt());
            if (!size) return size.error();
            const auto file = mapped_file::open(dir / segment_name(number));
            if (!file) return file.error();
            info.header = scan_segment(file->bytes(), [](const record&, std::uint64_t) {}).header;
            info.bytes = *size;
        } else if (!s.sealed) {
            const auto size = seal_segment(dir, s);
            if (!size) return size.error();
            info.bytes = *size;
        } else {
            std::error_code ec;
            info.bytes = fs::file_size(dir / segment_name(number), ec);
        }
        std::error_code ec;
        if (!fs::exists(dir / index_name(number), ec)) index_segment(dir, info.header);
        expected = s.next_sequence;
        out.segments.push_back(info);
        out.next_number = number + 1;
    }
    if (const error_code ec = sync_directory(dir)) return ec;
    return out;
}

} // namespace mira::journal
