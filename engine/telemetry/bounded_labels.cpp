#include "engine/telemetry/bounded_labels.hpp"

namespace mira::telemetry {

bounded_labels::bounded_labels(std::size_t room) : room_{room} { values_.reserve(room); }

std::size_t bounded_labels::slot(std::string_view value) {
    // A tenant of that very name shares the slot, else the exposition would have the same series twice.
    if (value == other_value) return room_;
    const std::lock_guard lock{mutex_};
    if (const auto at = slots_.find(value); at != slots_.end()) return at->second;
    if (values_.size() == room_) {
        ++turned_away_;
        return room_;
    }
    values_.emplace_back(value);
    slots_.emplace(values_.back(), values_.size() - 1);
    return values_.size() - 1;
}

std::vector<std::string_view> bounded_labels::values() const {
    const std::lock_guard lock{mutex_};
    return {values_.begin(), values_.end()};
}

std::size_t bounded_labels::turned_away() const {
    const std::lock_guard lock{mutex_};
    return turned_away_;
}

} // namespace mira::telemetry
