#pragma once
// The port behind which delivery ids are remembered, so that a provider's retry is answered with the first
// event instead of becoming a second one. Whoever claims a key first must confirm it once the event is
// durable, or release it where it is not; in between everybody else who comes with the key waits for the
// outcome. Nothing is remembered of an event that was not kept.
#include "engine/base/event_id.hpp"
#include "engine/reactor/mailbox.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace mira::ports {

// 128 bits of a cryptographic hash over tenant, source and delivery id: no tenant can make a key that is
// another's.
struct dedupe_key {
    std::array<std::uint64_t, 2> words{};
    bool operator==(const dedupe_key&) const = default;
};

struct claim_answer {
    enum kind : std::uint8_t {
        first,     // the caller holds the claim: confirm() or release() it
        duplicate, // id is the event that was accepted before
        failed,    // the first one was not kept, or nobody can tell now: try again
    };
    kind outcome = failed;
    event_id id;
};

// Hears of a claim that could not be answered at once, on the reactor of its mailbox. Belongs to the caller;
// must live until it was told.
class claim_waiter : public message {
  public:
    explicit claim_waiter(mailbox& home) : home_{home} {}
    virtual void on_claimed(const claim_answer& a) = 0;

    // For stores.
    void tell(const claim_answer& a) {
        answer_ = a;
        home_.send(*this);
    }
    claim_waiter* next_waiter = nullptr;

  private:
    void deliver() final { on_claimed(answer_); }

    mailbox& home_;
    claim_answer answer_;
};

class dedupe_store {
  public:
    virtual ~dedupe_store() = default;

    // Any thread. id: what the event will be called if it is the first. True: answered. False: the waiter
    // will be told.
    virtual bool claim(const dedupe_key& k, const event_id& id, wall_time now, claim_waiter& w,
                       claim_answer& answer) = 0;
    // By the holder of the claim, with the id that it claimed for.
    virtual void confirm(const dedupe_key& k, const event_id& id) = 0;
    virtual void release(const dedupe_key& k, const event_id& id) = 0;

    // At start, before anybody claims, oldest first: an event that the journal holds. Of two with one key the
    // younger counts.
    virtual void remember(const dedupe_key& k, const event_id& id) = 0;
};

} // namespace mira::ports
