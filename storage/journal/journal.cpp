#include "storage/journal/journal.hpp"

#include "engine/base/log.hpp"

#include <boost/system/system_error.hpp>

#include <thread>

namespace mira::journal {
namespace {

constexpr std::chrono::milliseconds lock_check{20};

std::optional<directory_lock> lock_directory(const settings& s, open_failure& why) {
    std::error_code made;
    const bool is_new = std::filesystem::create_directories(s.files.dir, made);
    if (made) {
        why.reasons.push_back("cannot make the journal directory " + s.files.dir.string() + ": " +
                              made.message());
        return std::nullopt;
    }
    std::filesystem::permissions(s.files.dir, std::filesystem::perms::owner_all, made);
    // Its name must survive a power cut as well. Best effort: the parent may not be ours to open.
    if (is_new) sync_directory(std::filesystem::absolute(s.files.dir, made).parent_path());
    const auto deadline = std::chrono::steady_clock::now() + s.wait_for_lock;
    bool told = false;
    for (;;) {
        std::string holder;
        auto lock = directory_lock::take(s.files.dir, holder);
        if (!lock) {
            why.reasons.push_back("cannot lock the journal directory " + s.files.dir.string() + ": " +
                                  lock.error().message());
            return std::nullopt;
        }
        if (*lock) return std::move(*lock);
        if (std::chrono::steady_clock::now() >= deadline) {
            why.reasons.push_back("the journal directory " + s.files.dir.string() + " is in use by process " +
                                  holder + "; stop it first, or start with --takeover to wait for its end");
            return std::nullopt;
        }
        if (!std::exchange(told, true)) log::info("journal.waiting_for_lock", {{"holder", holder}});
        std::this_thread::sleep_for(lock_check);
    }
}

} // namespace

event_journal::event_journal(const settings& s, reactors& r, directory_lock lock, recovered start,
                             std::function<void(error_code)> on_fatal)
    : lock_{std::move(lock)}, writer_{s.files, std::move(start), std::move(on_fatal)} {
    for (std::size_t i = 0; i < r.size(); ++i)
        shards_.push_back(std::make_unique<shard>(r[i], writer_, s.batch_bytes, s.batches_per_reactor));
}

event_journal::~event_journal() {
    for (const auto& s : shards_) s->publish();
    writer_.stop();
}

std::unique_ptr<event_journal> event_journal::open(const settings& s, reactors& r, const event_visitor& visit,
                                                   std::function<void(error_code)> on_fatal,
                                                   open_failure& why) {
    auto lock = lock_directory(s, why);
    if (!lock) return nullptr;
    const auto found = inspect(s.files.dir, visit);
    if (!found) {
        why.reasons.push_back("cannot read the journal in " + s.files.dir.string() + ": " +
                              found.error().message());
        return nullptr;
    }
    for (const finding& f : found->findings)
        log::warn("journal.unsound", {{"where", f.place}, {"what", f.what}, {"corrupt", f.corrupt}});
    auto start = recover(s.files.dir, *found, s.salvage);
    if (!start) {
        why.reasons.push_back("cannot repair the journal in " + s.files.dir.string() + ": " +
                              start.error().message());
        return nullptr;
    }
    if (start->refused) {
        for (const finding& f : found->findings) why.reasons.push_back(f.place + ": " + f.what);
        why.reasons.push_back(
            "the journal is corrupt: start with --salvage to set the damaged segments aside and go on with "
            "every readable record");
        return nullptr;
    }
    log::info("journal.opened", {{"dir", s.files.dir.string()},
                                 {"events", found->events},
                                 {"segments", start->segments.size()},
                                 {"next_sequence", start->next_sequence},
                                 {"salvaged", found->corrupt()}});
    try {
        return std::unique_ptr<event_journal>{
            new event_journal{s, r, std::move(*lock), std::move(*start), std::move(on_fatal)}};
    } catch (const boost::system::system_error& e) {
        why.reasons.push_back(std::string{"cannot open the journal: "} + e.what());
        return nullptr;
    }
}

} // namespace mira::journal
