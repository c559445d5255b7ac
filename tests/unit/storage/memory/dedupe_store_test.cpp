#include "engine/base/clock.hpp"
#include "engine/reactor/poller.hpp"
#include "storage/memory/dedupe_store.hpp"

#include <doctest/doctest.h>

using namespace mira;
using memory::dedupe_store;
using ports::claim_answer;
using ports::dedupe_key;

namespace {

constexpr seconds window{60};
constexpr dedupe_key key{{1, 2}};

wall_time at(std::int64_t second) { return wall_time{seconds{second}}; }

event_id event_of(std::int64_t second) {
    event_id_generator ids;
    return ids.next(at(second));
}

class waiter final : public ports::claim_waiter {
  public:
    using ports::claim_waiter::claim_waiter;
    void on_claimed(const claim_answer&) override {}
};

claim_answer claim(dedupe_store& store, std::int64_t second) {
    poller p;
    mailbox mail{p};
    waiter w{mail};
    claim_answer answer;
    REQUIRE(store.claim(key, event_of(second), at(second), w, answer));
    return answer;
}

} // namespace

TEST_CASE("dedupe store: what the journal holds is known until its window is over") {
    dedupe_store store{1'024, window};
    const event_id id = event_of(1'000);
    store.remember(key, id);
    const claim_answer again = claim(store, 1'059);
    CHECK(again.outcome == claim_answer::duplicate);
    CHECK(again.id == id);
    CHECK(claim(store, 1'060).outcome == claim_answer::first);
}

TEST_CASE("dedupe store: of two events with one key the journal's younger counts") {
    dedupe_store store{1'024, window};
    const event_id younger = event_of(1'100);
    store.remember(key, event_of(1'000));
    store.remember(key, younger);
    CHECK(store.figures().keys == 1);
    const claim_answer again = claim(store, 1'120);
    CHECK(again.outcome == claim_answer::duplicate);
    CHECK(again.id == younger);
}
