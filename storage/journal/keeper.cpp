#include "storage/journal/keeper.hpp"

#include "engine/base/log.hpp"
#include "storage/ports/event_log.hpp"

#include <algorithm>
#include <pthread.h>

namespace mira::journal {
namespace {

constexpr milliseconds look_at_retention{10'000};
constexpr std::size_t spares_kept = 2;

} // namespace

keeper::keeper(const keeper_settings& s, recovered start, writer_probe& probe)
    : settings_{s}, id_{start.id}, probe_{probe},
      segments_(start.segments.begin(), start.segments.end()), next_number_{start.next_number} {
    count();
    thread_ = std::thread{[this] { run(); }};
}

keeper::~keeper() { stop(); }

void keeper::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    wake_.notify_all();
    prepared_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void keeper::set_limits(std::chrono::seconds retention, std::uint64_t max_bytes) {
    {
        const std::lock_guard lock{mutex_};
        settings_.retention = retention;
        settings_.max_bytes = max_bytes;
        limits_changed_ = true;
    }
    wake_.notify_all();
}

result<prepared_segment> keeper::take_next() {
    std::unique_lock lock{mutex_};
    prepared_.wait(lock, [this] { return next_ || next_error_ || stopping_; });
    if (!next_) return next_error_ ? next_error_ : storage::make_error_code(storage::log_errc::stopping);
    prepared_segment s = std::move(*next_);
    next_.reset();
    ready_.store(false, std::memory_order_relaxed);
    active_bytes_ = s.size;
    lock.unlock();
    wake_.notify_all();
    return s;
}

void keeper::sealed(const segment_info& s, std::vector<index_entry> entries) {
    {
        const std::lock_guard lock{mutex_};
        segments_.push_back(s);
        sealed_.push_back({s, std::move(entries)});
    }
    wake_.notify_all();
}

std::vector<segment_header> keeper::candidates(std::int64_t millis) const {
    const std::lock_guard lock{mutex_};
    std::vector<segment_header> found;
    for (const segment_info& s : segments_)
        if (s.events > 0 && s.first_millis <= millis && millis <= s.last_millis) found.push_back(s.header);
    return found;
}

void keeper::count() {
    std::uint64_t bytes = active_bytes_;
    for (const segment_info& s : segments_) bytes += s.bytes;
    probe_.segments.set(static_cast<std::int64_t>(segments_.size()) + 1);
    probe_.bytes_kept.set(static_cast<std::int64_t>(bytes));
    probe_.next_segment_ready.set(next_ ? 1 : 0);
}

void keeper::run() {
    ::pthread_setname_np(::pthread_self(), "mira-keeper");
    std::unique_lock lock{mutex_};
    auto next_look = std::chrono::steady_clock::now();
    while (!stopping_ || !sealed_.empty()) {
        if (!next_ && !stopping_) prepare_next(lock);
        finish_sealed(lock);
        limits_changed_ = false;
        if (!stopping_) delete_expired(lock);
        count();
        next_look =
            std::chrono::steady_clock::now() + (next_error_ ? settings_.retry_after : look_at_retention);
        wake_.wait_until(lock, next_look, [this] {
            return stopping_ || limits_changed_ || (!next_ && !next_error_) || !sealed_.empty();
        });
    }
}

void keeper::prepare_next(std::unique_lock<std::mutex>& lock) {
    const std::uint64_t number = next_number_;
    const keeper_settings s = settings_;
    lock.unlock();
    auto made = prepare_segment(s.dir, id_, number, s.segment_bytes, s.least_segment_bytes);
    lock.lock();
    if (made) {
        if (next_error_) log::info("journal.segment_prepared_again", {{"segment", number}});
        next_ = std::move(*made);
        next_error_ = {};
        ++next_number_;
        ready_.store(true, std::memory_order_relaxed);
    } else {
        if (!next_error_)
            log::error("journal.cannot_prepare_segment",
                       {{"segment", number}, {"reason", made.error().message()}});
        next_error_ = made.error();
    }
    prepared_.notify_all();
}

void keeper::finish_sealed(std::unique_lock<std::mutex>& lock) {
    while (!sealed_.empty()) {
        seal_job job = std::move(sealed_.front());
        sealed_.erase(sealed_.begin());
        lock.unlock();
        // Without an index the event is found by reading the segment: slower, not wrong.
        if (const error_code ec = write_index(settings_.dir, job.info.header, job.entries))
            log::warn("journal.index_not_written",
                      {{"segment", job.info.header.number}, {"reason", ec.message()}});
        lock.lock();
    }
}

std::optional<segment_info> keeper::oldest_to_delete() const {
    // The newest one stays: while the active segment is empty, it alone says which sequence number comes
    // next.
    if (segments_.size() < 2) return std::nullopt;
    std::uint64_t bytes = active_bytes_ + (next_ ? next_->size : 0);
    for (const segment_info& s : segments_) bytes += s.bytes;
    const segment_info& oldest = segments_.front();
    const std::int64_t horizon = unix_millis(system_clocks().wall() - settings_.retention);
    if (bytes > settings_.max_bytes || oldest.last_millis < horizon) return oldest;
    return std::nullopt;
}

void keeper::delete_expired(std::unique_lock<std::mutex>& lock) {
    while (const auto oldest = oldest_to_delete()) {
        segments_.pop_front();
        lock.unlock();
        const error_code ec = retire_segment(settings_.dir, oldest->header.number, spares_kept);
        if (ec)
            log::warn("journal.cannot_delete_segment",
                      {{"segment", oldest->header.number}, {"reason", ec.message()}});
        else
            log::info("journal.segment_deleted",
                      {{"segment", oldest->header.number}, {"events", oldest->events}});
        lock.lock();
        if (ec) {
            // In order or not at all: a younger one deleted before it would look like a loss.
            segments_.push_front(*oldest);
            return;
        }
        probe_.segments_deleted.add(1);
    }
}

} // namespace mira::journal
