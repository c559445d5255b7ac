#pragma once
// The journal's one writing thread. Takes the batches of all reactors that are there, gives their records
// sequence numbers, writes them in one pwritev behind a frame, syncs once, and tells the reactors. While it
// syncs, the next batches gather: the slower the disk, the larger the groups.
//
// When the disk fails:
//   no space: the group is refused, what was written of it is cut off, and writing is tried again after a
//             second (keeper_settings::retry_after)
//   any other error of a write, and every error of a sync: final. Everything from then on is refused and
//             on_fatal is called; a sync is never tried again.
#include "storage/journal/batch.hpp"
#include "storage/journal/keeper.hpp"
#include "storage/journal/probe.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <sys/uio.h>
#include <thread>
#include <vector>

namespace mira::journal {

enum class writer_state : std::uint8_t { ready, full, failed, stopped };

class writer {
  public:
    // Throws boost::system::system_error where no segment is to be had. on_fatal is called once, on the
    // writer's thread.
    writer(const keeper_settings& s, recovered start, std::function<void(error_code)> on_fatal);
    ~writer();
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;

    // Any thread: hands a filled batch over; it comes back by its home's mailbox, after stop() unwritten.
    void submit(batch& b);
    // Any thread: whether an append has a chance.
    writer_state state() const { return state_.load(std::memory_order_relaxed); }
    // The most that one batch's records may take.
    std::uint64_t largest_record() const { return largest_record_; }

    // Writes what was handed over, seals the segment and ends the thread.
    void stop();

    // Any thread; reads the disk.
    result<std::optional<storage::event>> find(const event_id& id);

    const writer_probe& probe() const { return probe_; }
    keeper& housekeeping() { return keeper_; }

  private:
    struct segment {
        prepared_segment file;
        std::uint64_t offset = segment_header_bytes; // where the next byte goes
        std::uint64_t synced = segment_header_bytes; // below it everything is on the disk
        std::uint64_t first_sequence = 0;
        std::uint64_t events = 0;
    };

    void run();
    void write_all(std::vector<batch*>& all);
    std::size_t group_end(const std::vector<batch*>& all, std::size_t from, std::uint64_t& bytes) const;
    error_code write_group(batch* const* first, std::size_t count, std::uint64_t bytes);
    void stage(batch& b, std::uint64_t& offset);
    error_code put_vectors(std::uint64_t offset);
    error_code sync();
    error_code ensure_room(std::uint64_t bytes);
    error_code roll();
    error_code seal();
    error_code put_frame(frame::kind what);
    void undo_group();
    void when_idle();
    void fail(error_code ec);
    void became_full(error_code ec);
    void became_idle_while_full();
    void set_state(writer_state s);
    result<std::optional<storage::event>> read_at(int fd, const segment_header& h, std::uint32_t offset,
                                                  const event_id& id);

    writer_probe probe_;
    keeper keeper_;
    const std::filesystem::path dir_;
    const std::uint64_t largest_record_;
    const std::chrono::milliseconds retry_after_;
    const std::chrono::milliseconds mark_after_;
    std::function<void(error_code)> on_fatal_;
    std::atomic<writer_state> state_{writer_state::ready};
    std::uint64_t next_sequence_;

    std::mutex mutex_; // the queue
    std::condition_variable wake_;
    std::vector<batch*> queue_;
    bool stopping_ = false;
    bool ended_ = false; // nothing is taken from the queue any more

    // The writer's own.
    std::optional<prepared_segment> next_; // taken, but the active one has not got its seal yet
    std::vector<iovec> vectors_;
    std::array<char, smallest_record> frame_{};
    bool marked_ = true; // nothing that matters was written since the last sync that a mark tells of
    std::chrono::steady_clock::time_point last_sync_;
    std::chrono::steady_clock::time_point full_since_;

    std::mutex active_mutex_; // for find(): the active segment's file and entries
    segment active_;
    std::vector<index_entry> entries_;
    std::thread thread_;
};

} // namespace mira::journal
