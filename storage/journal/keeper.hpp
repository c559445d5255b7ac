#pragma once
// The journal's housekeeping, on a thread of its own: has the next segment ready before it is needed, writes
// indexes of sealed segments, deletes segments that are past their retention or over the size limit, and
// knows which segments there are.
#include "storage/journal/index.hpp"
#include "storage/journal/probe.hpp"
#include "storage/journal/recovery.hpp"
#include "storage/journal/segment_file.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace mira::journal {

struct keeper_settings {
    std::filesystem::path dir;
    std::uint64_t segment_bytes = 64 * 1024 * 1024;
    std::uint64_t least_segment_bytes =
        4 * 1024 * 1024; // what a segment may shrink to when the disk has no more
    std::chrono::seconds retention{7 * 24 * 3600};
    std::uint64_t max_bytes = 10ULL * 1024 * 1024 * 1024;
    std::chrono::milliseconds retry_after{1000}; // how long a full disk is left alone
    std::chrono::milliseconds mark_after{50};    // idle time after which a mark is written
};

class keeper {
  public:
    keeper(const keeper_settings& s, recovered start, writer_probe& probe);
    ~keeper();
    keeper(const keeper&) = delete;
    keeper& operator=(const keeper&) = delete;

    // The next segment. Waits while it is being prepared; an error where it cannot be had now (a full disk),
    // after which it is tried again every second in the background.
    result<prepared_segment> take_next();
    // Whether take_next() would not wait and not fail.
    bool next_is_ready() const { return ready_.load(std::memory_order_relaxed); }

    // A segment has got its seal.
    void sealed(const segment_info& s, std::vector<index_entry> entries);

    // The sealed segments that may hold an event of that time (milliseconds of its id).
    std::vector<segment_header> candidates(std::int64_t millis) const;

    void set_limits(std::chrono::seconds retention, std::uint64_t max_bytes);
    void stop();

  private:
    struct seal_job {
        segment_info info;
        std::vector<index_entry> entries;
    };
    void run();
    void prepare_next(std::unique_lock<std::mutex>& lock);
    void finish_sealed(std::unique_lock<std::mutex>& lock);
    void delete_expired(std::unique_lock<std::mutex>& lock);
    std::optional<segment_info> oldest_to_delete() const;
    void count();

    keeper_settings settings_;
    const journal_id id_;
    writer_probe& probe_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable prepared_;
    std::deque<segment_info> segments_; // sealed, oldest first
    std::vector<seal_job> sealed_;
    std::optional<prepared_segment> next_;
    error_code next_error_;
    std::uint64_t next_number_;
    std::uint64_t active_bytes_ = 0;
    bool stopping_ = false;
    bool limits_changed_ = false;
    std::atomic<bool> ready_{false};
    std::thread thread_;
};

} // namespace mira::journal
