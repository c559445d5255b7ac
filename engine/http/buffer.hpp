#pragma once
// Bytes of a request that did not arrive in one piece. Memory comes from the reactor's pool in powers of two,
// so that the steady state allocates nothing, and goes back as soon as the bytes were used, so that an idle
// connection holds none.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace mira::http {

// A limit on bytes held, shared by all reactors.
class memory_budget {
  public:
    explicit memory_budget(std::size_t limit) : limit_{limit} {}
    void set_limit(std::size_t l) { limit_.store(l, std::memory_order_relaxed); }
    bool take(std::size_t n) {
        if (held_.fetch_add(n, std::memory_order_relaxed) + n <= limit_.load(std::memory_order_relaxed))
            return true;
        give_back(n);
        return false;
    }
    void give_back(std::size_t n) { held_.fetch_sub(n, std::memory_order_relaxed); }
    std::size_t held() const { return held_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::size_t> limit_;
    std::atomic<std::size_t> held_{0};
};

class buffer_pool {
  public:
    static constexpr std::size_t smallest = 1024;
    static constexpr std::size_t largest_pooled = 64 * 1024;

    explicit buffer_pool(memory_budget& b) : budget_{b} {}
    ~buffer_pool();
    buffer_pool(const buffer_pool&) = delete;
    buffer_pool& operator=(const buffer_pool&) = delete;

  private:
    friend class buffer;
    static constexpr std::size_t classes = 7; // 1 KiB .. 64 KiB
    static constexpr std::size_t kept_bytes_a_class = 1024 * 1024;

    // Null where the budget or the machine has no more.
    char* take(std::size_t capacity);
    void give_back(char* p, std::size_t capacity);
    char* regrow(char* p, std::size_t used, std::size_t from, std::size_t to);

    memory_budget& budget_;
    std::array<std::vector<char*>, classes> free_;
};

class buffer {
  public:
    buffer() = default;
    buffer(buffer&& o) noexcept
        : pool_{std::exchange(o.pool_, nullptr)}, data_{std::exchange(o.data_, nullptr)},
          size_{std::exchange(o.size_, 0)}, capacity_{std::exchange(o.capacity_, 0)} {}
    buffer& operator=(buffer&& o) noexcept {
        std::swap(pool_, o.pool_);
        std::swap(data_, o.data_);
        std::swap(size_, o.size_);
        std::swap(capacity_, o.capacity_);
        return *this;
    }
    ~buffer() { release(); }

    std::string_view view() const { return {data_, size_}; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

    // Room for n more bytes behind the present ones; false where there is no memory. Moves what view()
    // showed.
    bool reserve(buffer_pool& pool, std::size_t n);
    bool append(buffer_pool& pool, std::string_view bytes);
    // The room behind the present bytes, and how much of it was filled.
    char* tail() { return data_ + size_; }
    std::size_t room() const { return capacity_ - size_; }
    void grew(std::size_t n) { size_ += n; }

    // Drops bytes from the front; gives the memory back when none is left.
    void consume(std::size_t n);
    void release();

  private:
    buffer_pool* pool_ = nullptr;
    char* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace mira::http
