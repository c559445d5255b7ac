#include "engine/reactor/mailbox.hpp"

#include <cerrno>
#include <cstdint>
#include <exception>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace mira {

mailbox::mailbox(poller& p) : event_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    if (event_ < 0 || !p.add(event_, *this))
        throw std::system_error(errno, std::generic_category(), "eventfd");
}

mailbox::~mailbox() { ::close(event_); }

void mailbox::send(message& m) {
    message* head = newest_.load(std::memory_order_relaxed);
    do {
        m.next_ = head;
    } while (!newest_.compare_exchange_weak(head, &m, std::memory_order_release, std::memory_order_relaxed));
    if (head == nullptr) wake(); // else whoever put that one in has woken the reactor
}

void mailbox::wake() {
    const std::uint64_t one = 1;
    // Cannot fail short of 2^64 calls: the counter is never read, since each write is an edge of its own.
    [[maybe_unused]] const auto n = ::write(event_, &one, sizeof one);
}

void mailbox::deliver_all() {
    message* m = newest_.exchange(nullptr, std::memory_order_acquire);
    message* oldest = nullptr;
    while (m != nullptr) {
        message* const next = m->next_;
        m->next_ = oldest;
        oldest = m;
        m = next;
    }
    // One message's exception must not lose the others: it is thrown on when all are delivered.
    std::exception_ptr thrown;
    while (oldest != nullptr) {
        message* const next = oldest->next_; // deliver() may end the message's life
        try {
            oldest->deliver();
        } catch (...) {
            thrown = std::current_exception();
        }
        oldest = next;
    }
    if (thrown) std::rethrow_exception(thrown);
}

void mailbox::on_io(std::uint32_t events) {
    if ((events & EPOLLIN) != 0) deliver_all();
}

} // namespace mira
