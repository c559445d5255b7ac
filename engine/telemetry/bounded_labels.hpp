#pragma once
// Keeps the number of values that a label can have bounded: the first N values get a slot of their own, all
// others share one named "other". The slot is the index into a probe's array of counters, so counting costs
// no look-up; it never changes. Process-wide and thread-safe; ask when a snapshot of the configuration is
// made and keep the slot beside the tenant or source, not at every request.
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mira::telemetry {

class bounded_labels {
  public:
    static constexpr std::string_view other_value = "other";

    // room: how many values get their own slot; slots are 0 to room, the last of them being "other".
    explicit bounded_labels(std::size_t room);

    std::size_t slot(std::string_view value);
    std::size_t other() const { return room_; }
    // How many slots a probe's array needs.
    std::size_t slots() const { return room_ + 1; }

    // The values in the order of their slots; those not yet given are missing, "other" is not among them.
    // Views stay valid as long as this object.
    std::vector<std::string_view> values() const;
    // How many calls of slot() found no room.
    std::size_t turned_away() const;

  private:
    const std::size_t room_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string_view, std::size_t> slots_;
    std::vector<std::string> values_; // reserved once, so that views into it stay
    std::size_t turned_away_ = 0;
};

} // namespace mira::telemetry
