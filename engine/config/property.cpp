#include "engine/config/property.hpp"

#include "engine/config/wording.hpp"

namespace mira::config {

void reading::add(severity level, place at, std::string what) {
    found_.add({level, file_, at, path_, std::move(what)});
}

void reading::unknown(const member& m, std::span<const std::string_view> known) {
    std::string what = "unknown setting " + quoted(m.name);
    if (!found_.full()) what += "; " + hint(m.name, known);
    add(severity::error, m.at, std::move(what));
}

std::size_t reading::enter(std::string_view name) {
    const std::size_t size = path_.size();
    if (size > 0) path_ += '.';
    path_ += name;
    return size;
}

std::size_t reading::enter(std::size_t index) {
    const std::size_t size = path_.size();
    path_ += '[' + std::to_string(index) + ']';
    return size;
}

reading::step::step(reading& r, std::string_view name) : reading_{r}, size_{r.enter(name)} {}
reading::step::step(reading& r, std::size_t index) : reading_{r}, size_{r.enter(index)} {}

} // namespace mira::config
