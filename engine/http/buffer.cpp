#include "engine/http/buffer.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

namespace mira::http {
namespace {

std::size_t class_of(std::size_t capacity) {
    return static_cast<std::size_t>(std::countr_zero(capacity / buffer_pool::smallest));
}

} // namespace

buffer_pool::~buffer_pool() {
    for (auto& list : free_)
        for (char* p : list) std::free(p);
}

char* buffer_pool::take(std::size_t capacity) {
    if (!budget_.take(capacity)) return nullptr;
    if (capacity <= largest_pooled) {
        auto& list = free_[class_of(capacity)];
        if (!list.empty()) {
            char* const p = list.back();
            list.pop_back();
            return p;
        }
    }
    auto* const p = static_cast<char*>(std::malloc(capacity));
    if (p == nullptr) budget_.give_back(capacity);
    return p;
}

void buffer_pool::give_back(char* p, std::size_t capacity) {
    budget_.give_back(capacity);
    if (capacity <= largest_pooled) {
        auto& list = free_[class_of(capacity)];
        if (list.size() * capacity < kept_bytes_a_class) {
            list.push_back(p);
            return;
        }
    }
    std::free(p);
}

char* buffer_pool::regrow(char* p, std::size_t used, std::size_t from, std::size_t to) {
    if (from > largest_pooled) {
        // Large blocks are mappings of their own, which the C library grows by moving page tables instead of
        // bytes.
        if (!budget_.take(to - from)) return nullptr;
        auto* const grown = static_cast<char*>(std::realloc(p, to));
        if (grown == nullptr) budget_.give_back(to - from);
        return grown;
    }
    char* const grown = take(to);
    if (grown == nullptr) return nullptr;
    if (used > 0) std::memcpy(grown, p, used);
    if (p != nullptr) give_back(p, from);
    return grown;
}

bool buffer::reserve(buffer_pool& pool, std::size_t n) {
    if (room() >= n) return true;
    const std::size_t wanted = std::bit_ceil(std::max(size_ + n, buffer_pool::smallest));
    char* const p = pool.regrow(data_, size_, capacity_, wanted);
    if (p == nullptr) return false;
    pool_ = &pool;
    data_ = p;
    capacity_ = wanted;
    return true;
}

bool buffer::append(buffer_pool& pool, std::string_view bytes) {
    if (!reserve(pool, bytes.size())) return false;
    std::memcpy(tail(), bytes.data(), bytes.size());
    size_ += bytes.size();
    return true;
}

void buffer::consume(std::size_t n) {
    size_ -= n;
    if (size_ == 0)
        release();
    else
        std::memmove(data_, data_ + n, size_);
}

void buffer::release() {
    if (data_ != nullptr) pool_->give_back(data_, capacity_);
    data_ = nullptr;
    size_ = capacity_ = 0;
}

} // namespace mira::http
