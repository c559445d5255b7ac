#pragma once
// All reactors of the process: one thread each, pinned to a core of its own where there are enough.
#include "engine/reactor/reactor.hpp"

#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace mira {

class reactors {
  public:
    // count 0 = one per core that the process may use. Throws std::system_error.
    explicit reactors(std::size_t count);
    ~reactors();

    std::size_t size() const { return all_.size(); }
    reactor& operator[](std::size_t i) { return *all_[i]; }

    // Starts the threads. Call once.
    void start();
    // Runs f on every reactor's thread and waits until all have run it. Not from a reactor's thread, and only
    // between start() and stop(). Where f throws, the first exception is thrown on here when all are done.
    void run_on_each(const std::function<void(reactor&)>& f);
    // Ends all loops and joins. May be called again.
    void stop();

  private:
    std::vector<std::unique_ptr<reactor>> all_;
    std::vector<std::thread> threads_;
    std::vector<int> cores_; // those that the process may run on
};

} // namespace mira
