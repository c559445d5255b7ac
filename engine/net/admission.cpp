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
    shard& s = shard_of(a);
    {
        const std::lock_guard lock{s.mutex};
        std::uint32_t& held = s.held[a];
        if (held < limit_per_address_.load(std::memory_order_relaxed)) {
            ++held;
            out = unit{*this, a};
            return verdict::admitted;
        }
    }
    all_.fetch_sub(1, std::memory_order_relaxed);
    return verdict::too_many_from_address;
}

void admission::leave(const address& a) {
    all_.fetch_sub(1, std::memory_order_relaxed);
    shard& s = shard_of(a);
    const std::lock_guard lock{s.mutex};
    const auto it = s.held.find(a);
    if (--it->second == 0) s.held.erase(it);
}

} // namespace mira::net
