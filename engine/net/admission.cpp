#include "engine/net/admission.hpp"

namespace mira::net {

void admission::set(const admission_limits& l) {
    limit_.store(l.connections, std::memory_order_relaxed);
    limit_per_address_.store(l.connections_per_address, std::memory_order_relaxed);
}

admission::verdict admission::enter(const address& a, unit& out) {
    if (all_.fetch_add(1, std::memory_order_relaxed) >= limit_.load(std::memory_order_relaxed)) {
        all_.fetch_sub(1, std::memory_order_relaxed);
        return verdict::too_many;
    }
    if (!enter_shard(a)) {
        all_.fetch_sub(1, std::memory_order_relaxed);
        return verdict::too_many_from_address;
    }
    out = unit{*this, a}; // outside the lock: it may end a unit that out held before
    return verdict::admitted;
}

bool admission::enter_shard(const address& a) {
    shard& s = shard_of(a);
    const std::lock_guard lock{s.mutex};
    const auto it = s.held.find(a);
    const std::uint32_t held = it == s.held.end() ? 0 : it->second;
    if (held >= limit_per_address_.load(std::memory_order_relaxed)) return false;
    ++s.held[a];
    return true;
}

void admission::leave(const address& a) {
    all_.fetch_sub(1, std::memory_order_relaxed);
    shard& s = shard_of(a);
    const std::lock_guard lock{s.mutex};
    const auto it = s.held.find(a);
    if (--it->second == 0) s.held.erase(it);
}

} // namespace mira::net
