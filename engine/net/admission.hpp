#pragma once
// How many connections the process holds, in all and from one address. A unit travels with its connection and
// gives its place back when the connection ends. Process-wide, thread-safe; asked once a connection, so a
// mutex is cheap enough.
#include "engine/net/address.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace mira::net {

struct admission_limits {
    std::uint32_t connections = 32768;
    std::uint32_t connections_per_address = 16384;
};

class admission {
  public:
    class unit {
      public:
        unit() = default;
        unit(unit&& o) noexcept : owner_{std::exchange(o.owner_, nullptr)}, address_{o.address_} {}
        unit& operator=(unit&& o) noexcept {
            std::swap(owner_, o.owner_);
            std::swap(address_, o.address_);
            return *this;
        }
        ~unit() {
            if (owner_ != nullptr) owner_->leave(address_);
        }

      private:
        friend class admission;
        unit(admission& owner, const address& a) : owner_{&owner}, address_{a} {}
        admission* owner_ = nullptr;
        address address_;
    };

    enum class verdict { admitted, too_many, too_many_from_address };

    explicit admission(const admission_limits& l) { set(l); }
    // Applies to connections to come; none is closed.
    void set(const admission_limits& l);

    verdict enter(const address& a, unit& out);

    std::uint32_t connections() const { return all_.load(std::memory_order_relaxed); }

  private:
    bool enter_shard(const address& a);
    void leave(const address& a);

    struct shard {
        std::mutex mutex;
        std::unordered_map<address, std::uint32_t> held;
    };
    shard& shard_of(const address& a) { return shards_[std::hash<address>{}(a) >> 60]; }

    std::atomic<std::uint32_t> limit_{0};
    std::atomic<std::uint32_t> limit_per_address_{0};
    std::atomic<std::uint32_t> all_{0};
    std::array<shard, 16> shards_;
};

} // namespace mira::net
