#pragma once
// Background work is inside a gate: who starts a job takes a pass and the job holds it until it is over; who
// stops closes the gate and waits until it is empty. Destroying a gate with work inside is a bug and ends the
// process. Not thread-safe: a gate and its passes live on one thread.
#include <cassert>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

namespace mira {

class gate {
  public:
    class pass {
      public:
        pass(pass&& o) noexcept : gate_{std::exchange(o.gate_, nullptr)} {}
        pass& operator=(pass&& o) noexcept {
            std::swap(gate_, o.gate_);
            return *this;
        }
        ~pass() {
            if (gate_ != nullptr) gate_->leave();
        }

      private:
        friend class gate;
        explicit pass(gate& g) : gate_{&g} {}
        gate* gate_;
    };

    gate() = default;
    gate(const gate&) = delete;
    gate& operator=(const gate&) = delete;
    ~gate() {
        if (inside_ != 0) std::terminate();
    }

    // Nothing once the gate is closed: do not start.
    std::optional<pass> enter() {
        if (closed_) return std::nullopt;
        ++inside_;
        return pass{*this};
    }
    std::size_t inside() const { return inside_; }
    bool closed() const { return closed_; }

    // Lets nobody in any more. when_empty is called once, at once where nobody is inside.
    void close(std::function<void()> when_empty) {
        closed_ = true;
        when_empty_ = std::move(when_empty);
        if (inside_ == 0) tell();
    }

  private:
    void leave() {
        assert(inside_ > 0);
        if (--inside_ == 0 && closed_) tell();
    }
    void tell() {
        if (const auto f = std::exchange(when_empty_, nullptr)) f();
    }

    std::size_t inside_ = 0;
    bool closed_ = false;
    std::function<void()> when_empty_;
};

} // namespace mira
