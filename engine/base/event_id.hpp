#pragma once
// The identity of an accepted event: 128 bits, of which the first 48 are the wall clock's milliseconds, so
// that ids sort by time and an id alone says which journal segments can hold it. Written as "evt_" and 26
// characters of Crockford base32 in lower case.
#include "engine/base/clock.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mira {

struct event_id {
    std::array<unsigned char, 16> bytes{};

    static constexpr std::size_t text_size = 4 + 26;

    // Milliseconds since 1970 at which the id was made.
    std::int64_t millis() const;
    bool is_nil() const { return bytes == std::array<unsigned char, 16>{}; }

    // Writes text_size characters.
    void write(char* out) const;
    std::string text() const;
    // Nothing where the text is not exactly what write() makes.
    static std::optional<event_id> parse(std::string_view text);

    auto operator<=>(const event_id&) const = default;
};

// Makes ids that are unique across threads, restarts and instances: 48 bits of time, 40 random bits drawn
// when the generator is made, and a 40-bit counter that starts at random. One per reactor; not thread-safe.
class event_id_generator {
  public:
    event_id_generator();
    event_id next(wall_time now);

  private:
    std::uint64_t prefix_;
    std::uint64_t counter_;
};

} // namespace mira
