#pragma once
// Objects of one type in slabs, handed out last in, first out so that a warm one is used again. One thread.
#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace mira::http {

template <class T, std::size_t objects_a_slab = 64>
class object_pool {
  public:
    object_pool() = default;
    object_pool(const object_pool&) = delete;
    object_pool& operator=(const object_pool&) = delete;

    template <class... A>
    T* make(A&&... a) {
        if (free_ == nullptr) grow();
        slot* const s = std::exchange(free_, free_->next);
        return ::new (static_cast<void*>(s)) T(std::forward<A>(a)...);
    }
    void destroy(T* t) {
        t->~T();
        free_ = ::new (static_cast<void*>(t)) slot{free_};
    }

  private:
    struct slot {
        slot* next;
    };
    struct alignas(T) cell {
        std::byte bytes[sizeof(T) < sizeof(slot) ? sizeof(slot) : sizeof(T)];
    };
    void grow() {
        slabs_.push_back(std::make_unique_for_overwrite<cell[]>(objects_a_slab));
        for (std::size_t i = objects_a_slab; i-- > 0;)
            free_ = ::new (static_cast<void*>(&slabs_.back()[i])) slot{free_};
    }
    slot* free_ = nullptr;
    std::vector<std::unique_ptr<cell[]>> slabs_;
};

} // namespace mira::http
