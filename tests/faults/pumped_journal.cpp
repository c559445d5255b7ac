#include "tests/faults/pumped_journal.hpp"

#include "storage/journal/lookup.hpp"

#include <chrono>
#include <deque>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace mira::test {
namespace {

using storage::durability;
using storage::log_errc;

constexpr auto patience = std::chrono::seconds{20};

} // namespace

const storage::event& numbered_event(std::uint64_t n) {
    static constexpr std::size_t sizes[] = {0, 40, 700, 4000, 9000, 200, 13, 70'000, 1, 8, 1000};
    static std::map<std::uint64_t, storage::event> made; // sweeps ask for the same ones thousands of times
    const auto [it, is_new] = made.try_emplace(n);
    if (is_new) it->second = sample_event(n, sizes[n % std::size(sizes)]);
    return it->second;
}

struct pumped_journal::waiter final : storage::append_waiter {
    waiter(pumped_journal& o, std::uint64_t number, durability l) : owner{o}, n{number}, level{l} {}
    void on_appended(error_code ec) override {
        answered = true;
        fate& f = owner.fates_[n];
        f = ec == log_errc::failed         ? fate::failed
            : ec                           ? fate::refused
            : level == durability::fsync   ? fate::acknowledged
            : level == durability::written ? fate::written
                                           : fate::taken;
        if (!ec && owner.fatal_ > 0) owner.late_ = true;
        if (owner.told) owner.told(n, f);
    }
    pumped_journal& owner;
    std::uint64_t n;
    durability level;
    bool waits = false;
    bool answered = false;
};

pumped_journal::pumped_journal(const std::filesystem::path& dir) : all_{1} {
    settings.files.dir = dir;
    settings.files.segment_bytes = 192 * 1024;
    settings.files.least_segment_bytes = 100 * 1024;
    settings.files.retention = std::chrono::hours{24 * 365 * 100};
    settings.files.retry_after = std::chrono::milliseconds{2};
    settings.files.mark_after = std::chrono::milliseconds{1};
    settings.batch_bytes = 64 * 1024;
    settings.batches_per_reactor = 3;
}

pumped_journal::~pumped_journal() { close(); }

bool pumped_journal::open() {
    seen.clear();
    why.reasons.clear();
    journal_ = journal::event_journal::open(
        settings, all_,
        [this](const journal::record& r, std::uint64_t, std::uint64_t) {
            seen.push_back(static_cast<std::uint64_t>(r.event.id.millis() - first_sample_millis));
        },
        [this](error_code) { ++fatal_; }, why);
    return journal_ != nullptr;
}

void pumped_journal::close() { journal_.reset(); }

void pumped_journal::pump() {
    all_[0].mail().deliver_all();
    std::this_thread::sleep_for(std::chrono::microseconds{50});
}

bool pumped_journal::eventually(const std::function<bool()>& f) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!f()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        pump();
    }
    return true;
}

void pumped_journal::append(const std::vector<std::uint64_t>& numbers, durability level) {
    std::vector<std::pair<std::uint64_t, const storage::event*>> events;
    for (const std::uint64_t n : numbers) events.emplace_back(n, &numbered_event(n));
    append_all(events, level);
}

void pumped_journal::append(const storage::event& e, std::uint64_t n) {
    append_all({{n, &e}}, durability::fsync);
}

void pumped_journal::append_all(const std::vector<std::pair<std::uint64_t, const storage::event*>>& events,
                                durability level) {
    std::deque<waiter> waiting;
    for (const auto& [n, e] : events) {
        const viewed_event v{*e};
        waiter& w = waiting.emplace_back(*this, n, level);
        fates_[n] = fate::unknown;
        const auto taken = journal_->appender(0).append(v.view(), level, w);
        if (!taken)
            fates_[n] = taken.error() == log_errc::failed ? fate::failed : fate::refused;
        else if (*taken == storage::append_outcome::now)
            fates_[n] = fate::taken;
        else
            w.waits = true;
    }
    journal_->shard_of(0).publish();
    const auto done = [&] {
        for (const waiter& w : waiting)
            if (w.waits != w.answered) return false;
        return journal_->shard_of(0).idle();
    };
    if (!eventually(done)) throw std::runtime_error("an append is not answered");
}

bool pumped_journal::append_one(std::uint64_t n) {
    append({n});
    return fates_[n] == fate::acknowledged;
}

void live_once(pumped_journal& j, std::uint64_t first) {
    std::uint64_t n = first;
    const auto some = [&n](std::size_t count) {
        std::vector<std::uint64_t> numbers;
        while (count-- > 0) numbers.push_back(n++);
        return numbers;
    };
    j.append(some(1));
    j.append(some(3));
    std::this_thread::sleep_for(std::chrono::milliseconds{2}); // a mark
    j.append(some(2), durability::written);
    j.append(some(1), durability::memory);
    j.append(some(4));
    j.append(some(8));
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
    j.append(some(9));
    j.append(some(6));
    j.append(some(1));
}

std::string check_account(const std::filesystem::path& dir, const account& fates, check_options o) {
    std::ostringstream wrong;
    std::map<std::uint64_t, int> times;
    std::set<std::uint64_t> sequences;
    const auto visit = [&](const journal::record& r, std::uint64_t, std::uint64_t) {
        const auto n = static_cast<std::uint64_t>(r.event.id.millis() - first_sample_millis);
        ++times[n];
        if (!same_event(journal::copy_of(r), numbered_event(n))) wrong << "event " << n << " differs; ";
        if (!fates.contains(n)) wrong << "event " << n << " was never appended; ";
        if (!sequences.insert(r.sequence).second) wrong << "number " << r.sequence << " twice; ";
    };
    const auto found = journal::inspect(dir, visit);
    if (!found) return "cannot be read: " + found.error().message();
    for (const journal::finding& f : found->findings)
        if (f.corrupt && !o.salvage) wrong << f.place << ": " << f.what << "; ";
    for (const auto& [n, f] : fates) {
        const int there = times.contains(n) ? times[n] : 0;
        if (there > 1) wrong << "event " << n << " is there " << there << " times; ";
        if ((f == fate::acknowledged || (f == fate::written && !o.power_cut)) && there == 0 &&
            n != o.may_lose)
            wrong << "acknowledged event " << n << " is gone; ";
        if (f == fate::refused && there > 0) wrong << "refused event " << n << " is there; ";
    }
    const auto before = times;
    const auto start = journal::recover(dir, *found, o.salvage);
    if (!start) return wrong.str() + "cannot be repaired: " + start.error().message();
    if (start->refused) return wrong.str() + "refused";
    times.clear();
    sequences.clear();
    const auto again = journal::inspect(dir, visit);
    if (!again) return wrong.str() + "cannot be read again: " + again.error().message();
    for (const journal::finding& f : again->findings)
        wrong << "after the repair, " << f.place << ": " << f.what << "; ";
    if (times != before) wrong << "the repair changed what is there; ";
    return wrong.str();
}

} // namespace mira::test
