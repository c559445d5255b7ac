#include "handlers/keys/key_cache.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace mira::keys {
namespace {

using signatures::key_answer;
using signatures::key_request;

constexpr nanoseconds longest_pause = std::chrono::minutes{1};

// The entry's name: no URL or pattern holds a line end.
std::string name_of(const key_request& r) {
    std::string name{static_cast<char>('0' + static_cast<int>(r.what))};
    name.append(r.url).append("\n").append(r.names);
    return name;
}

key_answer not_yet() { return {key_answer::state::not_yet, std::nullopt}; }
key_answer refused() { return {key_answer::state::refused, std::nullopt}; }

} // namespace

key_cache::key_cache(retriever& r, cache_limits l, const clock_source& c)
    : retriever_{r}, limits_{l}, clock_{c} {}

key_cache::~key_cache() = default;

key_answer key_cache::find(const key_request& wanted) noexcept {
    try {
        std::optional<query> to_start;
        key_answer out;
        {
            const std::lock_guard lock{mutex_};
            const query* started = nullptr;
            out = answer(wanted, started);
            if (started != nullptr) to_start = *started;
            switch (out.what) {
            case key_answer::state::found: ++counts_.hits; break;
            case key_answer::state::not_yet: ++counts_.pending; break;
            case key_answer::state::refused: ++counts_.refused; break;
            }
        }
        if (to_start) start(*to_start, name_of(wanted));
        return out;
    } catch (const std::exception&) {
        return not_yet(); // no memory
    }
}

void key_cache::start(const query& q, const std::string& name) {
    try {
        retriever_.start(q, [this, name](retrieved r) { take_in(name, std::move(r)); });
    } catch (const std::exception&) {
        take_in(name, {}); // no memory: to be tried again
    }
}

key_answer key_cache::answer(const key_request& wanted, const query*& to_start) {
    entry* const e = find_or_add(wanted);
    if (e == nullptr) return not_yet();
    return answer_of(*e, wanted, clock_.mono(), to_start);
}

key_answer key_cache::answer_of(entry& e, const key_request& wanted, mono_time now, const query*& to_start) {
    if (!e.keys.empty() && now < e.usable_until) {
        const bool by_id = e.asked.what == key_request::form::key_set;
        const auto it = by_id ? std::ranges::find(e.keys, wanted.id, &published_key::id) : e.keys.begin();
        if (it != e.keys.end()) {
            if (now - e.fetched >= limits_.fresh && may_start(e, now)) begin(e, now, to_start);
            return {key_answer::state::found, it->key};
        }
        // An id that the set does not have: a new key, or anybody's invention.
        if (e.under_way) return not_yet();
        if (now - e.fetched < limits_.between_searches) return refused();
        if (!may_start(e, now)) return not_yet();
        begin(e, now, to_start);
        return not_yet();
    }
    if (e.under_way) return not_yet();
    if (now < e.next_try) return e.last_refused ? refused() : not_yet();
    if (may_start(e, now)) begin(e, now, to_start);
    return not_yet();
}

key_cache::entry* key_cache::find_or_add(const key_request& wanted) {
    const std::string name = name_of(wanted);
    const auto it = all_.find(name);
    if (it != all_.end()) {
        order& o = it->second.proven ? proven_ : newcomers_;
        o.splice(o.begin(), o, it->second.place);
        return &it->second;
    }
    shrink(newcomers_, limits_.most_newcomers - 1);
    if (newcomers_.size() >= limits_.most_newcomers) return nullptr; // all of them are under way
    newcomers_.push_front(name);
    entry& e = all_[name];
    e.asked = {wanted.what, std::string{wanted.url}, std::string{wanted.names}};
    e.place = newcomers_.begin();
    return &e;
}

void key_cache::shrink(order& o, std::size_t most) {
    for (auto it = o.end(); o.size() > most && it != o.begin();) {
        --it;
        const auto found = all_.find(*it);
        if (found->second.under_way) continue;
        all_.erase(found);
        it = o.erase(it);
        ++counts_.evicted;
    }
}

bool key_cache::may_start(const entry& e, mono_time now) {
    if (e.under_way || now < e.next_try) return false;
    // What is known to be a key's URL is never made to wait by those that nobody knows.
    bool may = (e.proven ? proven_under_way_ : newcomers_under_way_) < limits_.most_under_way;
    if (may && !e.proven) {
        if (now - second_ >= seconds{1}) {
            second_ = now;
            started_this_second_ = 0;
        }
        may = started_this_second_ < limits_.new_a_second;
        if (may) ++started_this_second_;
    }
    if (!may) ++counts_.put_off;
    return may;
}

void key_cache::begin(entry& e, mono_time, const query*& to_start) {
    e.under_way = true;
    ++(e.proven ? proven_under_way_ : newcomers_under_way_);
    ++counts_.fetches;
    to_start = &e.asked;
}

void key_cache::take_in(const std::string& name, retrieved r) {
    const std::lock_guard lock{mutex_};
    const auto it = all_.find(name);
    if (it == all_.end()) return; // cannot be: what is under way is not evicted
    entry& e = it->second;
    e.under_way = false;
    --(e.proven ? proven_under_way_ : newcomers_under_way_);
    const mono_time now = clock_.mono();
    switch (r.what) {
    case retrieved::state::good: {
        ++counts_.fetched;
        e.keys = std::move(r.keys);
        e.failures = 0;
        e.doubted = false;
        e.last_refused = false;
        e.fetched = now;
        e.next_try = now;
        e.usable_until = now + limits_.usable;
        if (r.not_after) e.usable_until = std::min(e.usable_until, now + (*r.not_after - clock_.wall()));
        if (!e.keys.empty() && !e.proven) make_proven(name, e);
        break;
    }
    case retrieved::state::refused:
        ++counts_.fetch_refused;
        // One wrong page does not undo a good key; two in a row mean that it was withdrawn.
        e.failures = 0;
        if (!e.keys.empty() && !e.doubted) {
            e.doubted = true;
            e.next_try = now + longest_pause;
            break;
        }
        e.keys.clear();
        e.doubted = false;
        e.last_refused = true;
        e.next_try = now + limits_.refused;
        break;
    case retrieved::state::unavailable: {
        ++counts_.fetch_unavailable;
        const auto doublings = std::min(e.failures, 10U);
        e.next_try = now + std::min(longest_pause, limits_.unavailable * (1U << doublings));
        ++e.failures;
        e.last_refused = false;
        break;
    }
    }
}

void key_cache::make_proven(const std::string& name, entry& e) {
    e.proven = true;
    newcomers_.erase(e.place);
    proven_.push_front(name);
    e.place = proven_.begin();
    shrink(proven_, limits_.most_proven);
}

key_cache::figures key_cache::read() const {
    const std::lock_guard lock{mutex_};
    figures f = counts_;
    f.proven = proven_.size();
    f.newcomers = newcomers_.size();
    return f;
}

void key_cache::expose(telemetry::exposition& out) const {
    using telemetry::metric;
    const figures f = read();
    auto asked = out.family("mira_keys_asked_total", metric::counter,
                            "Published keys that verifiers asked for, by answer.");
    asked.sample(f.hits, {{"answer", "found"}});
    asked.sample(f.pending, {{"answer", "not_yet"}});
    asked.sample(f.refused, {{"answer", "refused"}});
    out.family("mira_keys_fetches_total", metric::counter, "Fetches of published keys that were begun.")
        .sample(f.fetches);
    auto ended = out.family("mira_keys_fetched_total", metric::counter,
                            "Fetches of published keys that ended, by result.");
    ended.sample(f.fetched, {{"result", "good"}});
    ended.sample(f.fetch_refused, {{"result", "refused"}});
    ended.sample(f.fetch_unavailable, {{"result", "unavailable"}});
    out.family("mira_keys_put_off_total", metric::counter,
               "Fetches that were not begun since too many were under way or new.")
        .sample(f.put_off);
    out.family("mira_keys_evicted_total", metric::counter, "Entries of the key cache that had to leave.")
        .sample(f.evicted);
    auto entries = out.family("mira_keys_entries", metric::gauge, "Entries of the key cache.");
    entries.sample(std::uint64_t{f.proven}, {{"kind", "proven"}});
    entries.sample(std::uint64_t{f.newcomers}, {{"kind", "newcomer"}});
}

} // namespace mira::keys
