#include "storage/journal/shard.hpp"

#include "engine/base/ticks.hpp"

#include <algorithm>
#include <utility>

namespace mira::journal {
namespace {

using storage::append_outcome;
using storage::durability;
using storage::log_errc;

constexpr std::size_t large_batch = 512 * 1024;
constexpr std::chrono::microseconds longest_gathering{1000};
constexpr std::size_t outside_bytes_a_batch = 8 * 1024 * 1024;

} // namespace

shard::shard(reactor& r, writer& w, std::size_t batch_bytes, std::size_t batches) : reactor_{r}, writer_{w} {
    free_.reserve(batches);
    for (std::size_t i = 0; i < batches; ++i) {
        all_.push_back(std::make_unique<batch>(batch_bytes, static_cast<batch::owner&>(*this)));
        all_.back()->home = &r.mail();
        free_.push_back(all_.back().get());
    }
    reactor_.listen_to_turns(*this);
}

shard::~shard() {
    // Batches on their way back must not find that they are gone.
    if (under_way_ > 0) reactor_.mail().deliver_all();
    reactor_.forget_turns(*this);
}

// bytes: of the batch's own; whole: with a body that stands elsewhere.
bool shard::make_room(std::size_t bytes, std::size_t whole) {
    if (filling_ != nullptr &&
        (filling_->room() < bytes || filling_->total_bytes() + whole > writer_.largest_record()))
        publish();
    if (filling_ == nullptr) {
        if (free_.empty()) return false;
        filling_ = free_.back();
        free_.pop_back();
    }
    return filling_->room() >= bytes;
}

result<append_outcome> shard::append(const storage::event_view& e, durability level,
                                     storage::append_waiter& w) {
    const writer_state s = writer_.state();
    if (s != writer_state::ready) {
        probe_.refused.add(1);
        return make_error_code(s == writer_state::full     ? log_errc::no_space
                               : s == writer_state::failed ? log_errc::failed
                                                           : log_errc::stopping);
    }
    const std::size_t whole = record_size(e);
    // Level memory waits for nothing, except where there is no room for a copy.
    const bool outside =
        e.body.size() >= by_reference_from && (level != durability::memory || whole > all_.front()->capacity);
    const std::size_t bytes = outside ? whole - e.body.size() : whole;
    if (!fits_format(e) || whole > writer_.largest_record() || bytes > all_.front()->capacity)
        return make_error_code(log_errc::too_large);
    if (!make_room(bytes, whole)) {
        probe_.refused.add(1);
        return make_error_code(log_errc::overloaded);
    }
    batch& b = *filling_;
    if (b.count == 0) first_append_ = reactor_.now();
    const std::size_t start = b.size;
    // The body's place is behind everything that precedes it: encode_event leaves it out there.
    const std::size_t n = encode_event(e, !outside, b.tail());
    if (outside) {
        const std::size_t back = encoded_padding(b.tail()) + record_trailer_bytes;
        b.outsides.push_back({start + n - back, e.body});
        b.outside_bytes += e.body.size();
    }
    b.size += n;
    ++b.count;
    b.level = std::max(b.level, level);
    probe_.appended.add(1);
    const bool waits = level != durability::memory || outside;
    if (waits) {
        b.waiters.push(w);
        probe_.waiting.add(1);
    }
    if (b.size >= large_batch || b.outside_bytes >= outside_bytes_a_batch) publish();
    return waits ? append_outcome::later : append_outcome::now;
}

void shard::publish() {
    if (filling_ == nullptr || filling_->count == 0) return;
    batch& b = *std::exchange(filling_, nullptr);
    b.handed_over = ticks::now();
    ++under_way_;
    writer_.submit(b);
}

nanoseconds shard::on_turn(bool quiet) {
    // While one batch is being written the next gathers: handing it over early would only make groups
    // smaller.
    if (filling_ == nullptr || filling_->count == 0 || under_way_ > 0) return no_hurry;
    const nanoseconds age = reactor_.now() - first_append_;
    if (age >= longest_gathering) {
        publish();
        return no_hurry;
    }
    if (quiet) publish();
    return no_hurry;
}

void shard::on_written(batch& b) {
    --under_way_;
    // Who is told may append again at once: the batch is free before.
    const error_code outcome = b.outcome;
    storage::append_queue waiters = std::exchange(b.waiters, {});
    b.clear();
    free_.push_back(&b);
    while (storage::append_waiter* const w = waiters.pop()) {
        probe_.waiting.sub(1);
        w->on_appended(outcome);
    }
    if (told_) told_();
}

} // namespace mira::journal
