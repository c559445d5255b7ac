#pragma once
// The only crossing between cores: any thread puts a message in, the owning reactor takes all of them out.
//
// A message is an object that its sender keeps alive until it was delivered (it is linked, not copied, so
// sending allocates nothing). The reactor is woken by an eventfd, and only by the message that finds the box
// empty: a burst costs one system call.
#include "engine/reactor/poller.hpp"

#include <atomic>

namespace mira {

class message {
  public:
    // Called once on the receiving reactor; the message may delete or re-send itself.
    virtual void deliver() = 0;

  protected:
    virtual ~message() = default;

  private:
    friend class mailbox;
    message* next_ = nullptr;
};

class mailbox final : public io_handler {
  public:
    // Throws std::system_error at start where no eventfd is to be had.
    explicit mailbox(poller& p);
    ~mailbox();
    mailbox(const mailbox&) = delete;
    mailbox& operator=(const mailbox&) = delete;

    // Any thread. Messages of one sender arrive in the order sent.
    void send(message& m);

    // On the owner's thread: delivers what is there.
    void deliver_all();

    // Any thread: makes the poller's next wait return at once, message or not.
    void wake();

    void on_io(std::uint32_t events) override;
    void abandon() noexcept override {}

  private:
    std::atomic<message*> newest_{nullptr};
    int event_;
};

} // namespace mira
