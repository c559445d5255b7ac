#pragma once
// Coarse timeouts: a timing wheel with quarter-second ticks, for thousands of connections whose deadlines
// nearly always move before they pass. Moving a deadline later is one store; the wheel finds out when the old
// one comes round. One per reactor, on its thread.
#include <array>
#include <chrono>
#include <cstdint>

namespace mira {

class deadlines {
  public:
    using tick = std::uint32_t;
    static constexpr std::chrono::milliseconds tick_length{250};

    class entry {
      public:
        entry() = default;
        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;
        virtual ~entry();

      private:
        friend class deadlines;
        // The deadline has passed; the entry is no longer scheduled.
        virtual void on_deadline() = 0;

        entry* previous_ = nullptr;
        entry* next_ = nullptr;
        tick due_ = 0;
        tick slot_tick_ = 0;
    };

    deadlines();

    tick now() const { return now_; }
    // The tick at or after which d has surely passed: rounded up, plus the part of the current tick already
    // gone.
    tick after(std::chrono::milliseconds d) const {
        return now_ + static_cast<tick>((d + tick_length - std::chrono::milliseconds{1}) / tick_length) + 1;
    }

    // on_deadline() is called in the first advance() to or past due. May be called again to move the deadline
    // either way.
    void schedule(entry& e, tick due);
    void cancel(entry& e);

    // Time has come to tick t: fires what is due. An entry may schedule or cancel itself and others.
    void advance(tick t);

  private:
    static constexpr tick slots = 256;
    void link(entry& e, tick at);

    // Slot heads are entries' links only; the list is circular.
    struct head final : entry {
        void on_deadline() override {}
    };
    std::array<head, slots> wheel_;
    tick now_ = 0;
};

} // namespace mira
