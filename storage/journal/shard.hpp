#pragma once
// One reactor's way into the journal: encodes events into its own batch and hands the batch to the writer
// when the reactor has nothing more to do, when the batch is large, or when its first event has waited for a
// millisecond; so groups are as large as the load makes them. On the reactor's thread. It ends when the
// writer and the reactor have stopped: those who still wait are told then.
#include "engine/reactor/reactor.hpp"
#include "storage/journal/batch.hpp"
#include "storage/journal/writer.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace mira::journal {

class shard final : public storage::event_appender, private turn_listener, private batch::owner {
  public:
    // batches: how many may be under way at once; more than that is refused as overloaded.
    shard(reactor& r, writer& w, std::size_t batch_bytes, std::size_t batches);
    ~shard() override;

    result<storage::append_outcome> append(const storage::event_view& e, storage::durability level,
                                           storage::append_waiter& w) override;

    double pressure() const override {
        return static_cast<double>(under_way_) / static_cast<double>(all_.size());
    }

    // Called after the waiters of a batch were told: the moment to send many answers.
    void when_told(std::function<void()> f) { told_ = std::move(f); }

    const shard_probe& probe() const { return probe_; }
    // Nothing is waiting to become durable.
    bool idle() const { return under_way_ == 0 && (filling_ == nullptr || filling_->count == 0); }
    void publish();

  private:
    nanoseconds on_turn(bool quiet) override;
    void on_written(batch& b) override;
    bool make_room(std::size_t bytes, std::size_t whole);

    reactor& reactor_;
    writer& writer_;
    std::vector<std::unique_ptr<batch>> all_;
    std::vector<batch*> free_;
    batch* filling_ = nullptr;
    mono_time first_append_;
    std::size_t under_way_ = 0;
    std::function<void()> told_;
    shard_probe probe_;
};

} // namespace mira::journal
