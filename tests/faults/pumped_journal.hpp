#pragma once
// A journal whose reactor is the test's own thread, so that a whole life of one takes milliseconds and can be
// had inside a forked process. Keeps account of what was appended and what was answered; check_account()
// holds that against what a directory has after the disk did its worst.
#include "engine/reactor/reactors.hpp"
#include "storage/journal/journal.hpp"
#include "tests/support/sample_event.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mira::test {

// The n-th event, of varied size; some are large enough to be taken by reference. Lives for ever.
const storage::event& numbered_event(std::uint64_t n);

enum class fate : std::uint8_t {
    unknown,      // nobody was told
    acknowledged, // at level fsync
    written,      // acknowledged at level written: a power cut may lose it
    taken,        // at level memory
    refused,      // it must not be found later
    failed,       // it may be found later
};
using account = std::map<std::uint64_t, fate>;

class pumped_journal {
  public:
    explicit pumped_journal(const std::filesystem::path& dir);
    ~pumped_journal();

    journal::settings settings; // changes before open() count
    journal::open_failure why;
    std::vector<std::uint64_t> seen;               // the numbers that recovery saw
    std::function<void(std::uint64_t, fate)> told; // at once, for each

    bool open();
    void close();
    journal::event_journal& operator*() { return *journal_; }
    journal::event_journal* operator->() { return journal_.get(); }

    // One batch; returns when all of it was answered. Throws std::runtime_error where an answer does not
    // come.
    void append(const std::vector<std::uint64_t>& numbers,
                storage::durability level = storage::durability::fsync);
    void append(const storage::event& e, std::uint64_t n); // one that is not the n-th's usual
    bool append_one(std::uint64_t n);                      // whether it was acknowledged
    // Waits, since something happens by itself.
    bool eventually(const std::function<bool()>& f);

    const account& fates() const { return fates_; }
    // How often on_fatal was called; and whether anything was acknowledged after that.
    int fatal() const { return fatal_; }
    bool acknowledged_after_fatal() const { return late_; }

  private:
    struct waiter;
    void pump();
    void append_all(const std::vector<std::pair<std::uint64_t, const storage::event*>>& events,
                    storage::durability level);

    reactors all_;
    std::unique_ptr<journal::event_journal> journal_;
    account fates_;
    std::atomic<int> fatal_{0};
    bool late_ = false;
};

// Reads the directory, repairs it, and reads it again. Returns what is wrong, empty where all is well:
// corruption (unless salvaging), an acknowledged event missing, one there twice, one refused but there, one
// that differs from what was appended, or a directory that is not clean afterwards.
struct check_options {
    bool salvage = false;
    bool power_cut = false;
    std::uint64_t may_lose = 0; // an acknowledged event that the test itself destroyed
};
std::string check_account(const std::filesystem::path& dir, const account& fates, check_options o = {});

// A life that comes by everything: small and large groups, all levels, marks, and three segments.
void live_once(pumped_journal& j, std::uint64_t first);

} // namespace mira::test
