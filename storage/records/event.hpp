#pragma once
// An accepted webhook, as it is kept. Plain data; views where nothing is owned.
#include "engine/base/clock.hpp"
#include "engine/base/event_id.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mira::storage {

struct kept_field {
    std::string_view name;
    std::string_view value;
};

struct event_view {
    event_id id;
    wall_time time;
    std::string_view tenant;
    std::string_view source;
    std::string_view key; // the provider's delivery id; empty where it gives none
    std::span<const kept_field> fields;
    std::string_view body;
};

struct event {
    event_id id;
    std::uint64_t sequence = 0;
    wall_time time;
    std::string tenant;
    std::string source;
    std::string key;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;
};

} // namespace mira::storage
