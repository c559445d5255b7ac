#pragma once
// Makes the bytes of a segment in memory, as the writer would, and remembers where each record stands: the
// material for tests that damage it.
#include "storage/journal/format.hpp"
#include "storage/journal/segment_file.hpp"
#include "tests/support/sample_event.hpp"
#include "tests/support/temp_dir.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace mira::test {

class segment_builder {
  public:
    struct placed {
        journal::record_type type{};
        std::size_t offset = 0;
        std::size_t length = 0;
        std::uint64_t sequence = 0;
        bool has(std::size_t byte) const { return offset <= byte && byte < offset + length; }
    };

    explicit segment_builder(std::uint64_t number = 1, std::uint64_t first_sequence = 1,
                             std::uint32_t epoch = 0xC0FFEE11)
        : next_{first_sequence} {
        header_.number = number;
        header_.epoch = epoch;
        header_.created = wall_time{milliseconds{first_sample_millis}};
        for (std::size_t i = 0; i < header_.journal.size(); ++i)
            header_.journal[i] = static_cast<unsigned char>(i + 1);
        put_header();
    }

    // Another journal's, say. Only before the first record.
    segment_builder& belongs_to(const journal::journal_id& id) {
        header_.journal = id;
        put_header();
        return *this;
    }
    // A group of the writer's: a frame, then an event for each body size; the event's number is its sequence
    // number. Synced when the next frame is written.
    segment_builder& group(const std::vector<std::size_t>& body_sizes) {
        frame(journal::frame::group, static_cast<std::uint32_t>(body_sizes.size()));
        for (const std::size_t n : body_sizes) event(sample_event(next_, n));
        synced_ = bytes_.size();
        return *this;
    }
    // As group, but nobody was told: the next frame does not count it as synced.
    segment_builder& unsynced_group(const std::vector<std::size_t>& body_sizes) {
        const std::size_t before = synced_;
        group(body_sizes);
        synced_ = before;
        return *this;
    }
    segment_builder& event(const storage::event& e) {
        const viewed_event v{e};
        const std::size_t at = place(journal::record_type::event, journal::record_size(v.view()));
        journal::encode_event(v.view(), true, bytes_.data() + at);
        journal::seal_record(bytes_.data() + at, next_++, header_.epoch);
        return *this;
    }
    segment_builder& frame(journal::frame::kind what, std::uint32_t count = 0) {
        journal::frame f;
        f.what = what;
        f.first_sequence = next_;
        f.synced = synced_;
        f.count = count;
        f.time = header_.created;
        const std::size_t at = place(journal::record_type::frame, journal::smallest_record);
        journal::encode_frame(f, next_, header_.epoch, bytes_.data() + at);
        return *this;
    }
    segment_builder& mark() { return frame(journal::frame::mark); }
    segment_builder& seal() { return frame(journal::frame::seal); }
    segment_builder& gap(std::uint64_t to) {
        const std::size_t at = place(journal::record_type::gap, journal::smallest_record);
        journal::encode_gap({next_, to}, next_, header_.epoch, bytes_.data() + at);
        next_ = to + 1;
        return *this;
    }
    segment_builder& skip_numbers(std::uint64_t n) {
        next_ += n;
        return *this;
    }
    segment_builder& fill(std::size_t zeros) {
        bytes_.append(zeros, '\0');
        return *this;
    }
    segment_builder& raw(std::string_view bytes) {
        bytes_ += bytes;
        return *this;
    }

    const journal::segment_header& header() const { return header_; }
    const std::string& bytes() const { return bytes_; }
    const std::vector<placed>& records() const { return records_; }
    std::uint64_t next_sequence() const { return next_; }
    std::vector<placed> events() const {
        std::vector<placed> all;
        for (const placed& p : records_)
            if (p.type == journal::record_type::event) all.push_back(p);
        return all;
    }
    void save(const std::filesystem::path& dir) const {
        write_file(dir / journal::segment_name(header_.number), bytes_);
    }

  private:
    void put_header() {
        if (bytes_.size() < journal::segment_header_bytes) bytes_.resize(journal::segment_header_bytes);
        journal::encode(header_, bytes_.data());
    }
    std::size_t place(journal::record_type type, std::size_t length) {
        const std::size_t at = bytes_.size();
        records_.push_back({type, at, length, next_});
        bytes_.resize(at + length);
        return at;
    }

    journal::segment_header header_;
    std::string bytes_;
    std::vector<placed> records_;
    std::uint64_t next_;
    std::uint64_t synced_ = journal::segment_header_bytes;
};

} // namespace mira::test
