#pragma once
// Events for tests: the n-th is always the same, differs from every other in each of its parts, and its id
// carries a time of its own.
#include "storage/records/event.hpp"

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace mira::test {

inline constexpr std::int64_t first_sample_millis = 1'700'000'000'000;

inline event_id sample_id(std::uint64_t n) {
    event_id id;
    const std::uint64_t millis = static_cast<std::uint64_t>(first_sample_millis) + n;
    for (unsigned i = 0; i < 6; ++i) id.bytes[i] = static_cast<unsigned char>(millis >> (40 - 8 * i));
    for (unsigned i = 0; i < 8; ++i) id.bytes[8 + i] = static_cast<unsigned char>(n * 0x9E3779B9 >> (8 * i));
    return id;
}

// Bytes that depend on n and do not repeat within a page.
inline std::string sample_body(std::uint64_t n, std::size_t size) {
    std::string s(size, '\0');
    std::uint64_t x = n * 0x9E3779B97F4A7C15 + 1;
    for (char& c : s) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        c = static_cast<char>(x >> 32);
    }
    return s;
}

inline storage::event sample_event(std::uint64_t n, std::size_t body_size = 40) {
    storage::event e;
    e.id = sample_id(n);
    e.time = wall_time{milliseconds{first_sample_millis + static_cast<std::int64_t>(n)}} +
             nanoseconds{static_cast<std::int64_t>(n)};
    e.tenant = "tenant-" + std::to_string(n);
    e.source = "github";
    e.key = "delivery-" + std::to_string(n * n);
    e.fields = {{"content-type", "application/json"}, {"x-number", std::to_string(n)}};
    e.body = sample_body(n, body_size);
    return e;
}

// A view together with the list of fields that it needs; the event must outlive it.
class viewed_event {
  public:
    explicit viewed_event(const storage::event& e) : event_{e} {
        for (const auto& [name, value] : e.fields) fields_.push_back({name, value});
    }
    storage::event_view view() const {
        return {event_.id, event_.time, event_.tenant, event_.source, event_.key, fields_, event_.body};
    }

  private:
    const storage::event& event_;
    std::vector<storage::kept_field> fields_;
};

// Equal in everything but the sequence number.
inline bool same_event(const storage::event& a, const storage::event& b) {
    return a.id == b.id && a.time == b.time && a.tenant == b.tenant && a.source == b.source &&
           a.key == b.key && a.fields == b.fields && a.body == b.body;
}

} // namespace mira::test
