#include "engine/reactor/deadlines.hpp"

#include <algorithm>
#include <exception>

namespace mira {

deadlines::entry::~entry() {
    if (next_ != nullptr && next_ != this) {
        previous_->next_ = next_;
        next_->previous_ = previous_;
    }
}

deadlines::deadlines() {
    for (head& h : wheel_) h.previous_ = h.next_ = &h;
}

void deadlines::link(entry& e, tick at) {
    // Beyond one turn of the wheel, the entry comes round early and is linked again.
    e.slot_tick_ = std::clamp(at, now_ + 1, now_ + slots - 1);
    head& h = wheel_[e.slot_tick_ % slots];
    e.previous_ = h.previous_;
    e.next_ = &h;
    h.previous_->next_ = &e;
    h.previous_ = &e;
}

void deadlines::schedule(entry& e, tick due) {
    e.due_ = due;
    if (e.next_ != nullptr) {
        if (e.slot_tick_ <= due) return;
        cancel(e);
    }
    link(e, due);
}

void deadlines::cancel(entry& e) {
    if (e.next_ == nullptr) return;
    e.previous_->next_ = e.next_;
    e.next_->previous_ = e.previous_;
    e.previous_ = e.next_ = nullptr;
}

void deadlines::advance(tick t) {
    // After a long stall one turn of the wheel visits every entry.
    if (t - now_ > slots) now_ = t - slots;
    std::exception_ptr thrown; // one entry's exception must not hold up the others
    while (now_ != t) {
        ++now_;
        head& h = wheel_[now_ % slots];
        // Whatever is linked during this loop goes into another slot, so the list only shrinks.
        while (h.next_ != &h) {
            entry& e = *h.next_;
            cancel(e);
            if (e.due_ > now_) {
                link(e, e.due_);
                continue;
            }
            try {
                e.on_deadline();
            } catch (...) {
                thrown = std::current_exception();
            }
        }
    }
    if (thrown) std::rethrow_exception(thrown);
}

} // namespace mira
