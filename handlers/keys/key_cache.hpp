#pragma once
// The published keys that verifiers ask for: an answer at once from memory, the fetch in the background.
//
// A key that was fetched is good for a day at most and for no longer than its certificate; after an hour the
// next use fetches it anew beside the answer, so that a provider who withdraws one is heard (at the second
// refusal, a minute after the first). What a provider's host refused stays refused for five minutes; what
// could not be had is tried again after a while and is "not yet" until then, since an event must not be lost
// for our own trouble.
//
// Everything is bounded, since URLs and ids come from requests that nobody has verified: entries (those that
// have never held a key leave first and cannot push out those that have), fetches under way, new fetches a
// second, one fetch a URL at a time, and one look for an unknown id in a key set a minute.
//
// Any thread: a short mutex. The retriever and the clock must outlive it, and it must outlive what the
// retriever has under way.
#include "engine/base/clock.hpp"
#include "engine/telemetry/counter.hpp"
#include "engine/telemetry/prometheus.hpp"
#include "handlers/keys/retriever.hpp"
#include "handlers/signatures/key_source.hpp"

#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace mira::keys {

struct cache_limits {
    std::size_t most_proven = 256;   // entries that have held a key
    std::size_t most_newcomers = 64; // entries that have not
    std::size_t most_under_way = 4;  // fetches for newcomers; as many again for entries that are proven
    std::size_t new_a_second = 10;
    nanoseconds fresh = std::chrono::hours{1};
    nanoseconds usable = std::chrono::hours{24};
    nanoseconds refused = std::chrono::minutes{5};
    nanoseconds unavailable = seconds{2}; // doubled with each failure in a row, up to a minute
    nanoseconds between_searches = std::chrono::minutes{1};
};

class key_cache final : public signatures::key_source {
  public:
    explicit key_cache(retriever& r, cache_limits l = {}, const clock_source& c = system_clocks());
    ~key_cache() override;

    signatures::key_answer find(const signatures::key_request& wanted) noexcept override;

    struct figures {
        std::uint64_t hits = 0;
        std::uint64_t pending = 0; // answered "not yet"
        std::uint64_t refused = 0;
        std::uint64_t fetches = 0;
        std::uint64_t fetched = 0;
        std::uint64_t fetch_refused = 0;
        std::uint64_t fetch_unavailable = 0;
        std::uint64_t put_off = 0; // fetches that had to wait for their turn
        std::uint64_t evicted = 0;
        std::size_t proven = 0;
        std::size_t newcomers = 0;
    };
    figures read() const;
    void expose(telemetry::exposition& out) const;

  private:
    struct entry;
    using table = std::map<std::string, entry, std::less<>>;
    using order = std::list<std::string>; // the most recently used in front

    struct entry {
        query asked;
        std::vector<published_key> keys;
        bool proven = false;
        bool under_way = false;
        bool last_refused = false;
        bool doubted = false;  // refused once since it was last fetched
        unsigned failures = 0; // in a row: nobody could tell
        mono_time fetched{};
        mono_time usable_until{};
        mono_time next_try{};
        order::iterator place;
    };

    signatures::key_answer answer(const signatures::key_request& wanted, const query*& to_start);
    signatures::key_answer answer_of(entry& e, const signatures::key_request& wanted, mono_time now,
                                     const query*& to_start);
    entry* find_or_add(const signatures::key_request& wanted);
    bool may_start(const entry& e, mono_time now);
    void begin(entry& e, mono_time now, const query*& to_start);
    void start(const query& q, const std::string& name);
    void take_in(const std::string& name, retrieved r);
    void make_proven(const std::string& name, entry& e);
    void shrink(order& o, std::size_t most);

    retriever& retriever_;
    const cache_limits limits_;
    const clock_source& clock_;
    mutable std::mutex mutex_;
    table all_;
    order proven_, newcomers_;
    std::size_t newcomers_under_way_ = 0, proven_under_way_ = 0;
    mono_time second_{};
    std::size_t started_this_second_ = 0;
    figures counts_;
};

} // namespace mira::keys
