#pragma once
// Waits for what another thread is about to do.
#include <chrono>
#include <functional>
#include <thread>

namespace mira::test {

// Looks each millisecond; false after ten seconds.
inline bool eventually(const std::function<bool()>& f) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!f()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return true;
}

} // namespace mira::test
