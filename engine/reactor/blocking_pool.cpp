#include "engine/reactor/blocking_pool.hpp"

#include "engine/base/log.hpp"

#include <exception>
#include <pthread.h>
#include <utility>

namespace mira {

blocking_pool::blocking_pool(std::size_t threads, std::size_t queue_capacity) : capacity_{queue_capacity} {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

blocking_pool::~blocking_pool() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& t : threads_) t.join();
}

bool blocking_pool::submit(std::function<void()> job) {
    {
        const std::lock_guard lock{mutex_};
        if (stopping_ || jobs_.size() >= capacity_) return false;
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

std::size_t blocking_pool::queued() const {
    const std::lock_guard lock{mutex_};
    return jobs_.size();
}

void blocking_pool::work() {
    ::pthread_setname_np(::pthread_self(), "mira-blocking");
    std::unique_lock lock{mutex_};
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        try {
            job();
        } catch (const std::exception& e) {
            log::error("blocking_pool.job_threw", {{"what", e.what()}});
        } catch (...) {
            log::error("blocking_pool.job_threw", {{"what", "not a std::exception"}});
        }
        job = nullptr; // what it holds may end in code that submits again: not under the lock
        lock.lock();
    }
}

} // namespace mira
