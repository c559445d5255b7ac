// The cache's rules with a retriever and a clock that the test moves by hand.
#include "handlers/keys/key_cache.hpp"
#include "tests/support/signing.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <deque>
#include <new>
#include <thread>
#include <vector>

using namespace mira;
using namespace mira::keys;
using signatures::key_answer;
using signatures::key_request;
using test::key_pair;
using test::key_type;

namespace {

using state = key_answer::state;

class held_retriever final : public retriever {
  public:
    struct one {
        query asked;
        std::function<void(retrieved)> done;
    };
    void start(const query& q, std::function<void(retrieved)> done) override {
        if (out_of_memory) throw std::bad_alloc{};
        ++started;
        waiting.push_back({q, std::move(done)});
    }
    // Ends the oldest.
    void end(retrieved r) {
        REQUIRE_FALSE(waiting.empty());
        auto first = std::move(waiting.front());
        waiting.pop_front();
        first.done(std::move(r));
    }
    std::deque<one> waiting;
    std::size_t started = 0;
    bool out_of_memory = false;
};

crypto::public_key a_key() {
    static const auto key = *crypto::public_key::parse_any(key_pair::of(key_type::rsa).public_pem());
    return key;
}
retrieved good(const std::vector<std::string>& ids = {""}) {
    retrieved r;
    r.what = retrieved::state::good;
    for (const std::string& id : ids) r.keys.push_back({id, a_key()});
    return r;
}
retrieved refused() { return {retrieved::state::refused, {}, {}}; }
retrieved unavailable() { return {}; }

key_request at(std::string_view url) { return {key_request::form::certificate, url, {}, "keys.example.com"}; }
key_request in_set(std::string_view id) {
    return {key_request::form::key_set, "https://keys.example.com/jwks.json", id};
}

struct stage {
    held_retriever web;
    manual_clock clock;
    cache_limits limits;
    key_cache cache{web, limits, clock};

    stage() = default;
    explicit stage(cache_limits l) : limits{l} {}
    state ask(const key_request& r) { return cache.find(r).what; }
    state ask(std::string_view url) { return ask(at(url)); }
};

std::string numbered(std::size_t n) { return "https://keys.example.com/" + std::to_string(n); }

} // namespace

TEST_CASE("key cache: not yet, one fetch however many ask, then there") {
    stage s;
    for (int i = 0; i < 100; ++i) CHECK(s.ask("https://keys.example.com/a") == state::not_yet);
    REQUIRE(s.web.started == 1);
    CHECK(s.web.waiting.front().asked.url == "https://keys.example.com/a");
    CHECK(s.web.waiting.front().asked.names == "keys.example.com");
    CHECK(s.web.waiting.front().asked.what == key_request::form::certificate);
    s.web.end(good());
    const key_answer a = s.cache.find(at("https://keys.example.com/a"));
    CHECK(a.what == state::found);
    CHECK(a.key.has_value());
    CHECK(s.web.started == 1);
    const auto f = s.cache.read();
    CHECK(f.pending == 100);
    CHECK(f.hits == 1);
    CHECK(f.fetches == 1);
    CHECK(f.fetched == 1);
    CHECK(f.proven == 1);
    CHECK(f.newcomers == 0);
}

TEST_CASE("key cache: another form, another name of the certificate: another key") {
    stage s;
    const std::string url = "https://keys.example.com/a";
    CHECK(s.ask(at(url)) == state::not_yet);
    s.web.end(good());
    CHECK(s.ask(at(url)) == state::found);
    key_request other = at(url);
    other.names = "other.example.com";
    CHECK(s.ask(other) == state::not_yet);
    CHECK(s.web.started == 2);
    other = at(url);
    other.what = key_request::form::document;
    CHECK(s.ask(other) == state::not_yet);
    CHECK(s.web.started == 3);
}

TEST_CASE("key cache: a key is fetched anew after an hour, beside the answer") {
    stage s;
    s.ask("a");
    s.web.end(good());
    s.clock.advance(s.limits.fresh - nanoseconds{1});
    CHECK(s.ask("a") == state::found);
    CHECK(s.web.started == 1);
    s.clock.advance(nanoseconds{1});
    for (int i = 0; i < 3; ++i) CHECK(s.ask("a") == state::found);
    CHECK(s.web.started == 2);
    s.web.end(good());
    CHECK(s.ask("a") == state::found);
    CHECK(s.web.started == 2);
}

TEST_CASE("key cache: a key that cannot be fetched anew is good for a day") {
    stage s;
    s.ask("a");
    s.web.end(good());
    s.clock.advance(s.limits.usable - nanoseconds{1});
    CHECK(s.ask("a") == state::found);
    s.web.end(unavailable());
    CHECK(s.ask("a") == state::found);
    s.clock.advance(nanoseconds{1});
    CHECK(s.ask("a") == state::not_yet);
}

TEST_CASE("key cache: a key is not used beyond its certificate") {
    stage s;
    s.ask("a");
    retrieved r = good();
    r.not_after = s.clock.wall() + std::chrono::minutes{10};
    s.web.end(std::move(r));
    s.clock.advance(std::chrono::minutes{10} - nanoseconds{1});
    CHECK(s.ask("a") == state::found);
    s.clock.advance(nanoseconds{1});
    CHECK(s.ask("a") == state::not_yet);
    CHECK(s.web.started == 2);
}

TEST_CASE("key cache: a refusal is kept for five minutes") {
    stage s;
    s.ask("a");
    s.web.end(refused());
    CHECK(s.ask("a") == state::refused);
    s.clock.advance(s.limits.refused - nanoseconds{1});
    CHECK(s.ask("a") == state::refused);
    CHECK(s.web.started == 1);
    s.clock.advance(nanoseconds{1});
    CHECK(s.ask("a") == state::not_yet);
    CHECK(s.web.started == 2);
    s.web.end(good());
    CHECK(s.ask("a") == state::found);
}

TEST_CASE("key cache: what cannot be had is tried again after pauses that double up to a minute") {
    stage s;
    s.ask("a");
    s.web.end(unavailable());
    nanoseconds pause = s.limits.unavailable;
    for (std::size_t tries = 1; tries < 12; ++tries) {
        CAPTURE(tries);
        CHECK(s.ask("a") == state::not_yet); // never a refusal for our own trouble
        s.clock.advance(pause - nanoseconds{1});
        CHECK(s.ask("a") == state::not_yet);
        CHECK(s.web.started == tries);
        s.clock.advance(nanoseconds{1});
        CHECK(s.ask("a") == state::not_yet);
        REQUIRE(s.web.started == tries + 1);
        s.web.end(unavailable());
        pause = std::min<nanoseconds>(pause * 2, std::chrono::minutes{1});
    }
    s.clock.advance(std::chrono::minutes{1});
    s.ask("a");
    s.web.end(good());
    CHECK(s.ask("a") == state::found);
}

TEST_CASE("key cache: a good key is withdrawn by the second refusal, not by the first, nor by silence") {
    stage s;
    s.ask("a");
    s.web.end(good());
    s.clock.advance(s.limits.fresh);
    s.ask("a");
    s.web.end(unavailable());
    s.clock.advance(std::chrono::minutes{1});
    CHECK(s.ask("a") == state::found);
    s.web.end(refused()); // the first
    CHECK(s.ask("a") == state::found);
    s.clock.advance(std::chrono::minutes{1} - nanoseconds{1});
    CHECK(s.ask("a") == state::found);
    CHECK(s.web.waiting.empty());
    s.clock.advance(nanoseconds{1});
    CHECK(s.ask("a") == state::found);
    s.web.end(refused());
    CHECK(s.ask("a") == state::refused);
}

TEST_CASE("key cache: a good answer between two refusals makes the second the first again") {
    stage s;
    s.ask("a");
    s.web.end(good());
    for (int i = 0; i < 3; ++i) {
        s.clock.advance(s.limits.fresh);
        s.ask("a");
        s.web.end(refused());
        s.clock.advance(std::chrono::minutes{1});
        CHECK(s.ask("a") == state::found);
        s.web.end(good());
    }
    CHECK(s.ask("a") == state::found);
}

TEST_CASE("key cache: in a key set an unknown id is looked for once a minute") {
    stage s;
    CHECK(s.ask(in_set("k1")) == state::not_yet);
    s.web.end(good({"k1", "k2"}));
    CHECK(s.ask(in_set("k1")) == state::found);
    CHECK(s.ask(in_set("k2")) == state::found);
    for (int i = 0; i < 100; ++i) CHECK(s.ask(in_set("x" + std::to_string(i))) == state::refused);
    CHECK(s.web.started == 1);
    s.clock.advance(s.limits.between_searches);
    for (int i = 0; i < 100; ++i) CHECK(s.ask(in_set("x" + std::to_string(i))) == state::not_yet);
    CHECK(s.web.started == 2);
    CHECK(s.ask(in_set("k1")) == state::found); // the others are not disturbed
    s.web.end(good({"k1", "x7"}));
    CHECK(s.ask(in_set("x7")) == state::found);
    CHECK(s.ask(in_set("x8")) == state::refused);
    CHECK(s.ask(in_set("k2")) == state::refused);
    CHECK(s.ask(in_set("")) == state::refused);
    CHECK(s.cache.read().proven == 1);
}

TEST_CASE("key cache: a flood of unknown URLs is bounded in entries, fetches at once and fetches a second") {
    stage s;
    for (std::size_t i = 0; i < 10'000; ++i) CHECK(s.ask(numbered(i)) == state::not_yet);
    CHECK(s.web.started == s.limits.most_under_way);
    CHECK(s.cache.read().newcomers == s.limits.most_newcomers);
    CHECK(s.cache.read().put_off > 0);

    // As fast as they are answered, still so many a second.
    std::size_t n = 10'000;
    const auto flood = [&] {
        for (int i = 0; i < 1'000; ++i) {
            s.ask(numbered(n++));
            if (!s.web.waiting.empty()) s.web.end(refused());
        }
    };
    flood();
    CHECK(s.web.started == s.limits.new_a_second);
    for (std::size_t second = 2; second <= 5; ++second) {
        s.clock.advance(seconds{1});
        flood();
        CHECK(s.web.started == s.limits.new_a_second * second);
    }
    CHECK(s.cache.read().newcomers == s.limits.most_newcomers);
    CHECK(s.cache.read().proven == 0);
}

TEST_CASE("key cache: a flood neither pushes out nor holds up what has held a key") {
    stage s;
    s.ask("known");
    s.web.end(good());
    s.clock.advance(s.limits.fresh);
    for (std::size_t i = 0; i < 1'000; ++i) s.ask(numbered(i));
    CHECK(s.web.waiting.size() == s.limits.most_under_way);
    CHECK(s.ask("known") == state::found);
    REQUIRE(s.web.waiting.size() == s.limits.most_under_way + 1); // fetched anew all the same
    CHECK(s.web.waiting.back().asked.url == "known");
    // Also when it has expired.
    s.web.waiting.back().done(unavailable());
    s.web.waiting.pop_back();
    s.clock.advance(s.limits.usable);
    CHECK(s.ask("known") == state::not_yet);
    CHECK(s.web.waiting.back().asked.url == "known");
}

TEST_CASE("key cache: where all newcomers are under way there is no room for another") {
    stage s{{.most_newcomers = 3, .most_under_way = 3}};
    for (std::size_t i = 0; i < 3; ++i) s.ask(numbered(i));
    CHECK(s.web.started == 3);
    CHECK(s.ask(numbered(3)) == state::not_yet);
    CHECK(s.cache.read().newcomers == 3);
    s.web.end(refused());
    CHECK(s.ask(numbered(3)) == state::not_yet);
    CHECK(s.web.started == 4);
    CHECK(s.cache.read().newcomers == 3);
    CHECK(s.cache.read().evicted == 1);
    s.web.end(good()); // for 1: what is under way was not pushed out
    CHECK(s.ask(numbered(1)) == state::found);
}

TEST_CASE("key cache: of those that have held a key the least recently used leaves") {
    stage s{{.most_proven = 2, .new_a_second = 100}};
    for (const char* url : {"a", "b"}) {
        s.ask(url);
        s.web.end(good());
    }
    CHECK(s.ask("a") == state::found);
    s.ask("c");
    s.web.end(good());
    CHECK(s.cache.read().proven == 2);
    CHECK(s.ask("a") == state::found);
    CHECK(s.ask("c") == state::found);
    CHECK(s.ask("b") == state::not_yet);
}

TEST_CASE("key cache: a fetch that cannot be begun is no fetch under way") {
    stage s{{.most_under_way = 1}};
    s.web.out_of_memory = true;
    CHECK(s.ask("a") == state::not_yet);
    s.web.out_of_memory = false;
    CHECK(s.ask("b") == state::not_yet);
    CHECK(s.web.started == 1);
    s.web.end(good());
    s.clock.advance(s.limits.unavailable);
    CHECK(s.ask("a") == state::not_yet);
    CHECK(s.web.started == 2);
}

TEST_CASE("key cache: many threads, one fetch") {
    held_retriever web;
    key_cache cache{web};
    std::atomic<int> found{0};
    const auto ask = [&] {
        for (int i = 0; i < 2'000; ++i)
            if (cache.find(at("a")).what == state::found) ++found;
    };
    std::thread one{ask}, two{ask};
    one.join();
    two.join();
    REQUIRE(web.started == 1);
    CHECK(found == 0);
    web.end(good());
    std::thread three{ask}, four{ask};
    three.join();
    four.join();
    CHECK(found == 4'000);
    CHECK(web.started == 1);
}
