#pragma once
// Threads for what would block a reactor: files, SQL, password hashes, rendering a large answer. Bounded:
// when the queue is full submit() says so and the caller answers "overloaded" instead of queueing without
// end.
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace mira {

class blocking_pool {
  public:
    blocking_pool(std::size_t threads, std::size_t queue_capacity);
    // Runs what is queued, then ends the threads.
    ~blocking_pool();
    blocking_pool(const blocking_pool&) = delete;
    blocking_pool& operator=(const blocking_pool&) = delete;

    // Any thread. False where the queue is full or the pool is stopping. A job must not throw; one that does
    // is logged.
    bool submit(std::function<void()> job);

    std::size_t queued() const;

  private:
    void work();

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> jobs_;
    const std::size_t capacity_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

} // namespace mira
