#pragma once
// The durable log of events: opens a directory, recovers it, and gives each reactor its way in. See
// format.hpp for the bytes, writer.hpp for the promise, recovery.hpp for what happens at start, keeper.hpp
// for retention.
#include "engine/reactor/reactors.hpp"
#include "storage/journal/recovery.hpp"
#include "storage/journal/segment_file.hpp"
#include "storage/journal/shard.hpp"
#include "storage/journal/writer.hpp"
#include "storage/ports/event_log.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mira::journal {

struct settings {
    keeper_settings files;
    std::size_t batch_bytes = 1024 * 1024;
    std::size_t batches_per_reactor = 8;
    bool salvage = false;
    std::chrono::seconds wait_for_lock{0}; // for a process that takes over from another
};

// Why a journal does not open, in sentences for people; one a line.
struct open_failure {
    std::vector<std::string> reasons;
};

class event_journal final : public storage::event_log {
  public:
    // Recovers the directory, making it where there is none. visit sees every event that is kept, in order.
    static std::unique_ptr<event_journal> open(const settings& s, reactors& r, const event_visitor& visit,
                                               std::function<void(error_code)> on_fatal, open_failure& why);
    // When the reactors have stopped: writes what they left, and tells those who wait.
    ~event_journal() override;

    storage::event_appender& appender(std::size_t reactor) override { return *shards_[reactor]; }
    result<std::optional<storage::event>> find(const event_id& id) override { return writer_.find(id); }

    shard& shard_of(std::size_t reactor) { return *shards_[reactor]; }
    writer& writing() { return writer_; }

    // After the reactors have stopped appending: writes what is there, seals the segment.
    void close() { writer_.stop(); }

  private:
    event_journal(const settings& s, reactors& r, directory_lock lock, recovered start,
                  std::function<void(error_code)> on_fatal);

    directory_lock lock_;
    writer writer_;
    std::vector<std::unique_ptr<shard>> shards_;
};

} // namespace mira::journal
