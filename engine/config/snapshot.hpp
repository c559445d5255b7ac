#pragma once
// How an immutable configuration reaches the reactors. The control thread makes one object and sends it to
// each reactor, whose snapshot_slot hands it out to requests. A request keeps the handle that it took at its
// start, so that a reload never changes the rules under it. Taking and dropping a handle touches a plain
// counter of that thread only; the shared pointer's atomic count moves once a publication and reactor.
//
// The object itself should be destroyed on the control thread, since tearing a large configuration down takes
// time that a reactor does not have: keep each published pointer in retired_snapshots until no reactor holds
// it any more.
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace mira::config {

// One a reactor, used on that reactor's thread only, handles too. Handles may outlive the slot.
template <class T>
class snapshot_slot {
    struct node {
        std::shared_ptr<const T> value;
        std::size_t holders = 1;
    };

  public:
    // A counted reference; empty only before the first publication or when moved from.
    class handle {
      public:
        handle() = default;
        handle(const handle& other) noexcept : node_{other.node_} {
            if (node_) ++node_->holders;
        }
        handle(handle&& other) noexcept : node_{std::exchange(other.node_, nullptr)} {}
        handle& operator=(handle other) noexcept {
            std::swap(node_, other.node_);
            return *this;
        }
        ~handle() {
            if (node_ && --node_->holders == 0) delete node_;
        }

        explicit operator bool() const { return node_ != nullptr; }
        const T& operator*() const { return *node_->value; }
        const T* operator->() const { return node_->value.get(); }

      private:
        friend class snapshot_slot;
        explicit handle(node* n) noexcept : node_{n} {} // takes over one holder
        node* node_ = nullptr;
    };

    // The object published last.
    handle acquire() const noexcept { return current_; }
    // From now on acquire() gives this one. The one before goes with its last handle, or now when there is
    // none.
    void publish(std::shared_ptr<const T> next) { current_ = handle{new node{std::move(next)}}; }

  private:
    handle current_;
};

// The control thread's list of what it published. Not thread-safe.
template <class T>
class retired_snapshots {
  public:
    void keep(std::shared_ptr<const T> published) { kept_.push_back(std::move(published)); }

    // Destroys those that nobody else holds; the number still held. A count of one cannot rise again: only
    // holders copy.
    std::size_t collect() {
        std::erase_if(kept_, [](const auto& p) { return p.use_count() == 1; });
        return kept_.size();
    }

  private:
    std::vector<std::shared_ptr<const T>> kept_;
};

} // namespace mira::config
