#pragma once
// What a reactor hands to the writer: encoded records in one stretch of memory, large bodies by reference,
// and those who wait. A batch goes round: filled by its reactor, written by the writer, told and cleared by
// its reactor.
#include "engine/base/result.hpp"
#include "engine/reactor/mailbox.hpp"
#include "storage/ports/event_log.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace mira::journal {

struct batch final : message {
    // A large body: it belongs into the records at offset `at`.
    struct outside {
        std::size_t at;
        std::string_view body;
    };
    // Whoever filled it, told on its own thread.
    class owner {
      public:
        virtual void on_written(batch& b) = 0;

      protected:
        virtual ~owner() = default;
    };

    batch(std::size_t bytes, batch::owner& o)
        : data{std::make_unique_for_overwrite<char[]>(bytes)}, capacity{bytes}, filler{o} {}

    std::size_t room() const { return capacity - size; }
    char* tail() { return data.get() + size; }
    std::size_t total_bytes() const { return size + outside_bytes; }
    void clear() {
        size = outside_bytes = 0;
        count = 0;
        level = storage::durability::memory;
        outsides.clear();
        outcome = {};
    }
    void deliver() override { filler.on_written(*this); }

    std::unique_ptr<char[]> data;
    std::size_t capacity;
    std::size_t size = 0;
    std::size_t outside_bytes = 0;
    std::uint32_t count = 0;
    storage::durability level = storage::durability::memory; // the highest that a waiter asks for
    std::vector<outside> outsides;
    storage::append_queue waiters;
    error_code outcome;
    std::uint64_t handed_over = 0; // ticks
    mailbox* home = nullptr;       // of the reactor that filled it

  private:
    owner& filler;
};

} // namespace mira::journal
