#pragma once
// The port of the durable log of events. What it promises is in the level: a waiter hears "appended" only
// when the event survives what the level names, and an event whose waiter hears an error must be refused by
// the caller (5xx): it may or may not be in the log.
#include "engine/base/result.hpp"
#include "storage/records/event.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace mira::storage {

enum class durability : std::uint8_t {
    memory,  // no promise
    written, // survives the death of the process
    fsync,   // survives a power cut
};
std::string_view to_string(durability d);
std::optional<durability> parse_durability(std::string_view s);

enum class log_errc {
    overloaded = 1, // more is waiting to be written than may; try again soon
    no_space,       // the disk is full; nothing is lost, and it goes on when there is room
    failed,         // the disk failed: nothing is acknowledged any more, the process ends
    too_large,      // the event does not fit into a segment
    stopping,
};
error_code make_error_code(log_errc e);

// Waits for one append. Intrusive: it belongs to the caller and must live until it was told.
class append_waiter {
  public:
    // On the reactor that appended. No error: the event is durable at its level.
    virtual void on_appended(error_code ec) = 0;

  protected:
    virtual ~append_waiter() = default;

  private:
    friend class append_queue;
    append_waiter* next_ = nullptr;
};

// First in, first told.
class append_queue {
  public:
    void push(append_waiter& w) {
        w.next_ = nullptr;
        (last_ != nullptr ? last_->next_ : first_) = &w;
        last_ = &w;
    }
    append_waiter* pop() {
        append_waiter* const w = first_;
        if (w != nullptr) first_ = w->next_;
        if (first_ == nullptr) last_ = nullptr;
        return w;
    }
    bool empty() const { return first_ == nullptr; }

  private:
    append_waiter* first_ = nullptr;
    append_waiter* last_ = nullptr;
};

enum class append_outcome : std::uint8_t {
    later, // the waiter will be told, never from within append()
    now,   // level memory, unless the body was taken by reference: the waiter will not be told
};

// One reactor's way into the log; on its thread only.
class event_appender {
  public:
    // A body of this size or more is not copied: its bytes must stay where they are until the waiter was
    // told. Everything else is copied before append() returns.
    static constexpr std::size_t by_reference_from = 64 * 1024;

    virtual ~event_appender() = default;
    virtual result<append_outcome> append(const event_view& e, durability level, append_waiter& w) = 0;
    // How much of what may wait to be written is waiting: 0 to 1. At 1 append() refuses as overloaded.
    virtual double pressure() const = 0;
};

class event_log {
  public:
    virtual ~event_log() = default;
    virtual event_appender& appender(std::size_t reactor) = 0;
    // Reads one event back. May block: for the blocking pool. No value: no event of that id is kept.
    virtual result<std::optional<event>> find(const event_id& id) = 0;
};

} // namespace mira::storage

template <>
struct boost::system::is_error_code_enum<mira::storage::log_errc> : std::true_type {};
