#include "engine/reactor/reactors.hpp"

#include <algorithm>
#include <exception>
#include <latch>
#include <pthread.h>
#include <sched.h>
#include <string>

namespace mira {
namespace {

std::vector<int> usable_cores() {
    std::vector<int> cores;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) == 0)
        for (int i = 0; i < CPU_SETSIZE; ++i)
            if (CPU_ISSET(i, &set)) cores.push_back(i);
    return cores;
}

void pin_this_thread(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(core), &set);
    ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set); // best effort: a cpuset may forbid it
}

} // namespace

reactors::reactors(std::size_t count) : cores_{usable_cores()} {
    if (count == 0) count = std::max<std::size_t>(1, cores_.size());
    for (std::uint32_t i = 0; i < count; ++i) all_.push_back(std::make_unique<reactor>(i));
}

reactors::~reactors() { stop(); }

void reactors::start() {
    const bool pin = all_.size() <= cores_.size();
    for (std::size_t i = 0; i < all_.size(); ++i) {
        threads_.emplace_back([this, i, pin] {
            ::pthread_setname_np(::pthread_self(), ("mira-reactor-" + std::to_string(i)).c_str());
            if (pin) pin_this_thread(cores_[i]);
            all_[i]->run();
        });
    }
}

void reactors::run_on_each(const std::function<void(reactor&)>& f) {
    std::latch done{static_cast<std::ptrdiff_t>(all_.size())};
    std::vector<std::exception_ptr> thrown(all_.size());
    for (std::size_t i = 0; i < all_.size(); ++i)
        all_[i]->post([&f, &done, &why = thrown[i], r = all_[i].get()] {
            try {
                f(*r);
            } catch (...) {
                why = std::current_exception();
            }
            done.count_down();
        });
    done.wait();
    for (const std::exception_ptr& why : thrown)
        if (why) std::rethrow_exception(why);
}

void reactors::stop() {
    for (const auto& r : all_) r->stop();
    for (std::thread& t : threads_) t.join();
    threads_.clear();
}

} // namespace mira
