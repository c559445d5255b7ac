#pragma once
// The structured log: one line an event, a name and fields, as text or JSON, to standard error.
//
// A line is queued and written by a thread of spdlog's, so a reactor never waits for the terminal; when the
// queue is full the oldest line gives way. Volume is bounded: each event name may write lines_per_second with
// a burst of five times as many; what is left out is counted, and the next line of that name says how many.
// Values are escaped, so no peer can forge a line. Secrets are never fields: mask before logging.
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <variant>

namespace mira::log {

enum class level { debug, info, warn, error, off };
enum class line_format { text, json };

struct settings {
    level threshold = level::info;
    line_format format = line_format::text;
    std::uint32_t lines_per_second = 20; // a name; errors too, since they can be caused by peers
};

struct field {
    std::string_view key;
    std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool> value;

    field(std::string_view k, std::string_view v) : key{k}, value{v} {}
    field(std::string_view k, const char* v) : key{k}, value{std::string_view{v}} {}
    field(std::string_view k, bool v) : key{k}, value{v} {}
    field(std::string_view k, double v) : key{k}, value{v} {}
    template <class I>
    requires(std::is_integral_v<I>&& std::is_signed_v<I>) field(std::string_view k, I v)
        : key{k}, value{static_cast<std::int64_t>(v)} {}
    template <class I>
    requires(std::is_integral_v<I>&& std::is_unsigned_v<I>) field(std::string_view k, I v)
        : key{k}, value{static_cast<std::uint64_t>(v)} {}
};

// Starts the writer. Before it and after close() lines go straight to standard error. Not thread-safe.
void open(const settings& s);
// Changes level and format while running. Thread-safe.
void reconfigure(const settings& s);
// Writes out what is queued and ends the writer. Not thread-safe.
void close();

bool enabled(level l);
// event: a name in the form "journal.opened"; must outlive the process (a literal). Thread-safe, never
// throws.
void write(level l, std::string_view event, std::initializer_list<field> fields = {}) noexcept;

inline void debug(std::string_view event, std::initializer_list<field> f = {}) {
    write(level::debug, event, f);
}
inline void info(std::string_view event, std::initializer_list<field> f = {}) {
    write(level::info, event, f);
}
inline void warn(std::string_view event, std::initializer_list<field> f = {}) {
    write(level::warn, event, f);
}
inline void error(std::string_view event, std::initializer_list<field> f = {}) {
    write(level::error, event, f);
}

// Lines left out since start because their name wrote too many.
std::uint64_t suppressed_lines();

std::optional<level> parse_level(std::string_view s);
std::optional<line_format> parse_format(std::string_view s);

} // namespace mira::log
