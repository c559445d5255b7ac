#include "storage/journal/writer.hpp"

#include "engine/base/log.hpp"
#include "engine/base/ticks.hpp"
#include "storage/journal/lookup.hpp"

#include <boost/system/system_error.hpp>
#include <climits>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

namespace mira::journal {
namespace {

using namespace std::chrono_literals;
using storage::durability;
using storage::log_errc;

constexpr std::uint64_t group_bytes = 8 * 1024 * 1024; // written at a time; a single larger record goes alone
constexpr std::size_t group_vectors = 512;
constexpr auto sync_at_least = 1s; // what level "written" risks in a power cut
constexpr std::uint64_t seal_room = smallest_record;
constexpr std::array<char, page_bytes> zeros{};

bool is_out_of_space(const error_code& ec) {
    return ec.category() == boost::system::system_category() &&
           (ec.value() == ENOSPC || ec.value() == EDQUOT);
}

} // namespace

writer::writer(const keeper_settings& s, recovered start, std::function<void(error_code)> on_fatal)
    : keeper_{s, start, probe_}, dir_{s.dir}, largest_record_{s.segment_bytes - segment_header_bytes -
                                                              2 * smallest_record},
      retry_after_{s.retry_after}, mark_after_{s.mark_after}, on_fatal_{std::move(on_fatal)},
      next_sequence_{start.next_sequence} {
    vectors_.reserve(group_vectors);
    queue_.reserve(64);
    entries_.reserve(4096);
    last_sync_ = std::chrono::steady_clock::now();
    auto first = keeper_.take_next();
    if (!first)
        throw boost::system::system_error{first.error(), "the first journal segment in " + s.dir.string()};
    active_.file = std::move(*first);
    active_.first_sequence = next_sequence_;
    set_state(writer_state::ready);
    thread_ = std::thread{[this] { run(); }};
}

writer::~writer() { stop(); }

void writer::set_state(writer_state s) {
    state_.store(s, std::memory_order_relaxed);
    probe_.state.set(static_cast<int>(s));
}

void writer::submit(batch& b) {
    bool taken = false;
    {
        const std::lock_guard lock{mutex_};
        taken = !ended_;
        if (taken) queue_.push_back(&b);
    }
    if (taken) {
        wake_.notify_one();
        return;
    }
    b.outcome = log_errc::stopping;
    b.home->send(b);
}

void writer::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
    keeper_.stop();
}

void writer::run() {
    ::pthread_setname_np(::pthread_self(), "mira-journal");
    std::vector<batch*> taken;
    taken.reserve(64);
    std::unique_lock lock{mutex_};
    for (;;) {
        const auto ready = [this] { return stopping_ || !queue_.empty(); };
        if (state() == writer_state::failed)
            wake_.wait(lock, ready);
        else
            wake_.wait_for(lock, marked_ ? std::min<milliseconds>(1s, retry_after_) : mark_after_, ready);
        taken.swap(queue_);
        const bool last = stopping_ && taken.empty();
        ended_ = last;
        lock.unlock();
        if (!taken.empty())
            write_all(taken);
        else if (!last)
            when_idle();
        taken.clear();
        if (last) break;
        lock.lock();
    }
    if (state() == writer_state::failed) return;
    // A disk too full for the seal is no failure: the next start writes it.
    if (const error_code ec = seal()) log::warn("journal.unsealed", {{"reason", ec.message()}});
    if (state() != writer_state::failed) set_state(writer_state::stopped);
}

// ---- groups

void writer::write_all(std::vector<batch*>& all) {
    for (std::size_t from = 0; from < all.size();) {
        std::uint64_t bytes = 0;
        const std::size_t to = group_end(all, from, bytes);
        error_code ec;
        if (state() == writer_state::failed)
            ec = log_errc::failed;
        else
            ec = write_group(all.data() + from, to - from, bytes);
        const std::uint64_t now = ticks::now();
        for (; from < to; ++from) {
            batch& b = *all[from];
            probe_.group_wait.record(ticks::nanos_between(b.handed_over, now));
            b.outcome = ec;
            b.home->send(b);
        }
    }
}

// How many batches go into the next write.
std::size_t writer::group_end(const std::vector<batch*>& all, std::size_t from, std::uint64_t& bytes) const {
    std::size_t vectors = 1;
    bytes = smallest_record;
    std::size_t to = from;
    for (; to < all.size(); ++to) {
        const std::uint64_t more = all[to]->total_bytes();
        const std::size_t more_vectors = 2 * all[to]->outsides.size() + 1;
        if (to > from && (bytes + more > group_bytes || vectors + more_vectors > group_vectors ||
                          bytes + more > active_.file.size - active_.offset))
            break;
        bytes += more;
        vectors += more_vectors;
    }
    return to;
}

error_code writer::write_group(batch* const* first, std::size_t count, std::uint64_t bytes) {
    if (const error_code ec = ensure_room(bytes)) return ec;
    const std::uint64_t start_sequence = next_sequence_;
    std::uint64_t offset = active_.offset + smallest_record;
    durability level = durability::memory;
    vectors_.clear();
    vectors_.push_back({frame_.data(), frame_.size()});
    {
        const std::lock_guard lock{active_mutex_};
        for (std::size_t i = 0; i < count; ++i) {
            stage(*first[i], offset);
            level = std::max(level, first[i]->level);
        }
    }
    frame f;
    f.first_sequence = start_sequence;
    f.count = static_cast<std::uint32_t>(next_sequence_ - start_sequence);
    f.synced = active_.synced;
    f.time = system_clocks().wall();
    encode_frame(f, start_sequence, active_.file.header.epoch, frame_.data());

    const std::uint64_t before = ticks::now();
    if (const error_code ec = put_vectors(active_.offset)) {
        probe_.failures.add(1);
        next_sequence_ = start_sequence;
        undo_group();
        if (!is_out_of_space(ec) || state() == writer_state::failed) {
            fail(ec);
            return log_errc::failed;
        }
        became_full(ec);
        return log_errc::no_space;
    }
    probe_.write_latency.record(ticks::nanos_between(before, ticks::now()));
    {
        const std::lock_guard lock{active_mutex_};
        active_.offset = offset;
        active_.events += f.count;
    }
    marked_ = false;
    probe_.writes.add(1);
    probe_.bytes.add(bytes);
    if (level == durability::fsync || std::chrono::steady_clock::now() - last_sync_ > sync_at_least) {
        if (const error_code ec = sync()) {
            probe_.failures.add(1);
            fail(ec);
            return log_errc::failed;
        }
    }
    probe_.events.add(f.count);
    return {};
}

// Gives a batch's records their numbers and checksums and lists its bytes for writing. offset: where they
// will stand.
void writer::stage(batch& b, std::uint64_t& offset) {
    const std::uint32_t epoch = active_.file.header.epoch;
    char* const data = b.data.get();
    std::size_t listed = 0; // bytes of data that vectors_ has
    auto outside = b.outsides.begin();
    for (std::size_t at = 0; at < b.size;) {
        char* const r = data + at;
        const std::uint32_t length = encoded_length(r);
        entries_.push_back({encoded_id(r), static_cast<std::uint32_t>(offset)});
        if (encoded_without_body(r)) {
            const std::size_t front = outside->at - at;
            const std::size_t back = length - front - outside->body.size();
            seal_record_around(r, front, outside->body, data + outside->at, back, next_sequence_, epoch);
            vectors_.push_back({data + listed, outside->at - listed});
            vectors_.push_back({const_cast<char*>(outside->body.data()), outside->body.size()});
            listed = outside->at;
            at += front + back;
            ++outside;
        } else {
            seal_record(r, next_sequence_, epoch);
            at += length;
        }
        offset += length;
        ++next_sequence_;
    }
    vectors_.push_back({data + listed, b.size - listed});
}

// Writes what is listed, and zeros up to the page's end: the page is then whole in memory. Otherwise the
// kernel would first have to read what is on the disk there, since the file was filled past its cache.
error_code writer::put_vectors(std::uint64_t offset) {
    std::uint64_t end = offset;
    for (const iovec& v : vectors_) end += v.iov_len;
    if (end % page_bytes != 0 && end + page_bytes <= active_.file.size)
        vectors_.push_back({const_cast<char*>(zeros.data()), page_bytes - end % page_bytes});
    iovec* v = vectors_.data();
    std::size_t left = vectors_.size();
    while (left > 0) {
        const ssize_t n =
            ::pwritev(active_.file.fd.get(), v, static_cast<int>(std::min<std::size_t>(left, IOV_MAX)),
                      static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return {errno, boost::system::system_category()};
        if (n == 0) return {ENOSPC, boost::system::system_category()};
        offset += static_cast<std::uint64_t>(n);
        for (auto done = static_cast<std::size_t>(n); done > 0 || (left > 0 && v->iov_len == 0);) {
            const std::size_t step = std::min(done, v->iov_len);
            v->iov_base = static_cast<char*>(v->iov_base) + step;
            v->iov_len -= step;
            done -= step;
            if (v->iov_len != 0) break;
            ++v;
            --left;
        }
    }
    return {};
}

// What was written of a refused group must not be found later: it would be an event that its sender was told
// is not kept.
void writer::undo_group() {
    {
        const std::lock_guard lock{active_mutex_};
        while (!entries_.empty() && entries_.back().offset >= active_.offset) entries_.pop_back();
    }
    if (::ftruncate(active_.file.fd.get(), static_cast<off_t>(active_.offset)) != 0)
        fail({errno, boost::system::system_category()});
}

error_code writer::sync() {
    const std::uint64_t before = ticks::now();
    if (const error_code ec = sync_data(active_.file.fd.get())) return ec;
    probe_.sync_latency.record(ticks::nanos_between(before, ticks::now()));
    probe_.syncs.add(1);
    active_.synced = active_.offset;
    last_sync_ = std::chrono::steady_clock::now();
    return {};
}

// ---- segments

error_code writer::ensure_room(std::uint64_t bytes) {
    if (state() == writer_state::full && std::chrono::steady_clock::now() - full_since_ < retry_after_)
        return log_errc::no_space;
    const auto fits = [&] { return active_.offset + bytes + seal_room <= active_.file.size; };
    if (!fits()) {
        if (bytes > largest_record_ + smallest_record) return log_errc::too_large;
        const error_code ec = roll();
        if (state() == writer_state::failed) return log_errc::failed;
        if (ec || !fits()) { // a segment may be short where the disk had no more
            became_full(ec ? ec : error_code{ENOSPC, boost::system::system_category()});
            return log_errc::no_space;
        }
    }
    if (state() == writer_state::full) set_state(writer_state::ready);
    return {};
}

error_code writer::roll() {
    // First the new segment: without one, the old stays open, unsealed, and nothing has changed.
    if (!next_) {
        auto next = keeper_.take_next();
        if (!next) return next.error();
        next_ = std::move(*next);
    }
    const bool used = active_.offset > segment_header_bytes;
    const std::uint64_t number = active_.file.header.number;
    if (const error_code ec = seal()) return ec;
    {
        const std::lock_guard lock{active_mutex_};
        active_ = {};
        active_.file = std::move(*next_);
        active_.first_sequence = next_sequence_;
        entries_.clear();
        entries_.reserve(4096);
    }
    next_.reset();
    marked_ = true;
    // Short, and never used: where this fails, recovery clears it away.
    if (!used) retire_segment(dir_, number, 0);
    return {};
}

error_code writer::put_frame(frame::kind what) {
    frame f;
    f.what = what;
    f.first_sequence = next_sequence_;
    f.synced = active_.synced;
    f.time = system_clocks().wall();
    encode_frame(f, next_sequence_, active_.file.header.epoch, frame_.data());
    vectors_.assign(1, {frame_.data(), frame_.size()});
    if (const error_code ec = put_vectors(active_.offset)) return ec;
    const std::lock_guard lock{active_mutex_};
    active_.offset += smallest_record;
    marked_ = true;
    return {};
}

// Ends the active segment: everything synced, the seal written and synced, the unused rest given back. The
// only error after which the segment is as it was, and the journal not failed, is that there is no room.
error_code writer::seal() {
    const auto failed = [this](error_code ec) {
        fail(ec);
        return ec;
    };
    if (active_.synced < active_.offset)
        if (const error_code ec = sync()) return failed(ec);
    const bool used = active_.offset > segment_header_bytes;
    if (!used) return {}; // recovery takes it for prepared
    if (const error_code ec = put_frame(frame::seal)) return is_out_of_space(ec) ? ec : failed(ec);
    if (::ftruncate(active_.file.fd.get(), static_cast<off_t>(active_.offset)) != 0)
        return failed({errno, boost::system::system_category()});
    if (const error_code ec = sync()) return failed(ec);
    segment_info info{
        active_.file.header, active_.offset, active_.events, active_.first_sequence, next_sequence_, 0, 0};
    if (!entries_.empty()) {
        const auto [least, most] =
            std::ranges::minmax(entries_, {}, [](const index_entry& e) { return e.id.millis(); });
        info.first_millis = least.id.millis();
        info.last_millis = most.id.millis();
    }
    probe_.segments_sealed.add(1);
    const std::lock_guard lock{active_mutex_};
    keeper_.sealed(info, std::move(entries_));
    entries_ = {};
    return {};
}

// ---- trouble and idleness

void writer::became_full(error_code ec) {
    if (state() != writer_state::full)
        log::error("journal.full", {{"reason", ec.message()}, {"segment", active_.file.header.number}});
    full_since_ = std::chrono::steady_clock::now();
    set_state(writer_state::full);
}

void writer::fail(error_code ec) {
    if (state() == writer_state::failed) return;
    set_state(writer_state::failed);
    log::error(
        "journal.failed",
        {{"reason", ec.message()}, {"segment", active_.file.header.number}, {"offset", active_.offset}});
    if (on_fatal_) on_fatal_(ec);
}

void writer::when_idle() {
    if (state() == writer_state::failed) return;
    if (state() == writer_state::full) became_idle_while_full();
    // Behind a mark nothing waits but the mark itself.
    if (!marked_ && active_.synced < active_.offset &&
        std::chrono::steady_clock::now() - last_sync_ > sync_at_least) {
        if (const error_code ec = sync()) {
            fail(ec);
            return;
        }
    }
    // A mark behind the last group says that all of it was synced: without one, damage to it would look like
    // a torn end. Where it fails it is tried again; it protects nothing that is not safe already. It is not
    // synced, and does not count as synced: after a power cut it may be gone though what follows it is there.
    if (!marked_ && active_.synced == active_.offset &&
        active_.offset + smallest_record + seal_room <= active_.file.size)
        put_frame(frame::mark);
}

// Lets appends through again: the next one finds out.
void writer::became_idle_while_full() {
    const auto now = std::chrono::steady_clock::now();
    if (now - full_since_ < retry_after_) return;
    if (active_.offset + largest_record_ / 2 < active_.file.size || next_ || keeper_.next_is_ready())
        set_state(writer_state::ready);
    else
        full_since_ = now;
}

// ---- reading back

result<std::optional<storage::event>> writer::read_at(int fd, const segment_header& h, std::uint32_t offset,
                                                      const event_id& id) {
    std::array<char, record_head_bytes> head{};
    if (::pread(fd, head.data(), head.size(), offset) != static_cast<ssize_t>(head.size()))
        return make_error_code(boost::system::errc::io_error);
    const std::uint32_t length = encoded_length(head.data());
    if (length > largest_record_ + smallest_record) return make_error_code(boost::system::errc::bad_message);
    std::string bytes(length, '\0');
    if (::pread(fd, bytes.data(), bytes.size(), offset) != static_cast<ssize_t>(bytes.size()))
        return make_error_code(boost::system::errc::io_error);
    const auto r = decode_record(bytes, h.epoch);
    if (!r || r->type != record_type::event || r->event.id != id)
        return make_error_code(boost::system::errc::bad_message);
    return std::optional{copy_of(*r)};
}

result<std::optional<storage::event>> writer::find(const event_id& id) {
    // Read through a descriptor of its own, so that the writer does not wait for the disk.
    unique_fd fd;
    segment_header header;
    std::uint32_t offset = 0;
    {
        const std::lock_guard lock{active_mutex_};
        for (auto it = entries_.rbegin(); it != entries_.rend() && !fd; ++it) {
            if (it->id != id || it->offset >= active_.offset) continue; // or still being written
            fd = unique_fd{::fcntl(active_.file.fd.get(), F_DUPFD_CLOEXEC, 0)};
            if (!fd) return error_code{errno, boost::system::system_category()};
            header = active_.file.header;
            offset = it->offset;
        }
    }
    if (fd) return read_at(fd.get(), header, offset, id);
    error_code trouble;
    for (const segment_header& h : keeper_.candidates(id.millis())) {
        const auto e = find_in_segment(dir_, h, id);
        if (e && *e) return e;
        if (!e) trouble = e.error(); // another may have it all the same
    }
    if (trouble) return trouble;
    return std::optional<storage::event>{};
}

} // namespace mira::journal
