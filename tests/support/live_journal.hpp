#pragma once
// A journal with real reactors, for tests: appends from the test's thread, waits for the answers, and says on
// which thread and in which order they came. Throws std::runtime_error where an answer does not come in time.
#include "engine/reactor/reactors.hpp"
#include "storage/journal/journal.hpp"
#include "storage/journal/lookup.hpp"
#include "tests/support/sample_event.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace mira::test {

struct answer {
    error_code refused;     // by append() itself
    bool waits = false;     // append() said "later"
    bool told = false;      // the waiter was called
    error_code outcome;     // with this
    std::size_t turn = 0;   // as the n-th of this object's waiters
    std::thread::id thread; // on this thread
    bool ok() const { return !refused && !outcome && told == waits; }
};

class live_journal {
  public:
    explicit live_journal(const std::filesystem::path& dir, std::size_t count = 1) : all_{count} {
        settings.files.dir = dir;
        settings.files.segment_bytes = 1024 * 1024;
        settings.files.least_segment_bytes = 256 * 1024;
        settings.files.retention = std::chrono::hours{24 * 365 * 100}; // sample events are of 2023
        settings.files.retry_after = std::chrono::milliseconds{10};
        settings.files.mark_after = std::chrono::milliseconds{5};
    }
    ~live_journal() { close(); }

    journal::settings settings; // changes before open() count
    journal::open_failure why;
    std::vector<storage::event> seen; // by recovery

    bool open() {
        seen.clear();
        why.reasons.clear();
        journal_ = journal::event_journal::open(
            settings, all_,
            [this](const journal::record& r, std::uint64_t, std::uint64_t) {
                seen.push_back(journal::copy_of(r));
            },
            [this](error_code ec) { fatal_.push_back(ec); }, why);
        if (journal_ && !running_) {
            all_.start();
            running_ = true;
        }
        return journal_ != nullptr;
    }
    // Stops the reactors, then the journal: as the process does.
    void close() {
        all_.stop();
        journal_.reset();
    }

    journal::event_journal& operator*() { return *journal_; }
    journal::event_journal* operator->() { return journal_.get(); }
    journal::shard& shard(std::size_t i = 0) { return journal_->shard_of(i); }
    reactors& loops() { return all_; }
    // What on_fatal was called with; after close().
    const std::vector<error_code>& fatal() const { return fatal_; }

    // Appends all in one turn of the reactor and waits until every waiter was told.
    std::vector<answer> append(const std::vector<storage::event>& events,
                               storage::durability level = storage::durability::fsync,
                               std::size_t reactor = 0) {
        std::deque<waiter> waiting;
        start(events, level, reactor, waiting);
        return finish(waiting);
    }
    answer append(const storage::event& e, storage::durability level = storage::durability::fsync,
                  std::size_t reactor = 0) {
        return append(std::vector{e}, level, reactor)[0];
    }

    class waiter final : public storage::append_waiter {
      public:
        explicit waiter(live_journal& o) : owner_{o} {}
        void on_appended(error_code ec) override {
            if (then) then();
            const std::lock_guard lock{owner_.mutex_};
            a.told = true;
            a.outcome = ec;
            a.turn = owner_.turn_++;
            a.thread = std::this_thread::get_id();
            owner_.changed_.notify_all();
        }
        answer a;
        bool appended = false;
        std::function<void()> then; // on the reactor

      private:
        live_journal& owner_;
    };
    // The two halves of append(); the events and the waiters must live until finish() is through.
    void start(const std::vector<storage::event>& events, storage::durability level, std::size_t reactor,
               std::deque<waiter>& waiting) {
        std::vector<waiter*> own;
        for (std::size_t i = 0; i < events.size(); ++i) own.push_back(&waiting.emplace_back(*this));
        all_[reactor].post([this, &events, level, reactor, own = std::move(own)] {
            // Behind the last event nothing of the test's may be touched: it may have gone on.
            for (std::size_t i = 0; i < own.size(); ++i) append_now(events[i], level, reactor, *own[i]);
        });
    }
    std::vector<answer> finish(std::deque<waiter>& waiting) {
        std::vector<answer> all;
        std::unique_lock lock{mutex_};
        for (const waiter& w : waiting) {
            if (!changed_.wait_for(lock, std::chrono::seconds{60},
                                   [&w] { return w.appended && w.a.waits == w.a.told; }))
                throw std::runtime_error("an append is not answered");
            all.push_back(w.a);
        }
        return all;
    }
    // On the reactor's thread.
    void append_now(const storage::event& e, storage::durability level, std::size_t reactor, waiter& w) {
        const viewed_event v{e};
        const auto taken = journal_->appender(reactor).append(v.view(), level, w);
        const std::lock_guard lock{mutex_};
        if (taken)
            w.a.waits = *taken == storage::append_outcome::later;
        else
            w.a.refused = taken.error();
        w.appended = true;
        changed_.notify_all();
    }

  private:
    reactors all_;
    bool running_ = false;
    std::unique_ptr<journal::event_journal> journal_;
    std::vector<error_code> fatal_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t turn_ = 0;
};

} // namespace mira::test
