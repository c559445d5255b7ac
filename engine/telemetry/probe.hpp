#pragma once
// Adding up the probes of all cores. A component's exposition takes the probes, one a core, and asks for
// each:
//
//     auto f = out.family("mira_limit_leases_evicted_total", metric::counter, "...");
//     f.sample(total(probes, &limiter_probe::evicted));
//
// Any thread, while the owners write.
#include "engine/telemetry/counter.hpp"
#include "engine/telemetry/gauge.hpp"
#include "engine/telemetry/histogram.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace mira::telemetry {

template <class Probe>
using probes = std::span<const Probe* const>;

template <class Probe>
std::uint64_t total(std::type_identity_t<probes<Probe>> all, counter Probe::*member) {
    std::uint64_t sum = 0;
    for (const Probe* p : all) sum += (p->*member).value();
    return sum;
}

template <class Probe>
std::int64_t total(std::type_identity_t<probes<Probe>> all, gauge Probe::*member) {
    std::int64_t sum = 0;
    for (const Probe* p : all) sum += (p->*member).value();
    return sum;
}

// On the heap, since a snapshot is 31 KiB.
template <class Probe>
std::unique_ptr<histogram_snapshot> merged(std::type_identity_t<probes<Probe>> all,
                                           histogram Probe::*member) {
    auto sum = std::make_unique<histogram_snapshot>();
    for (const Probe* p : all) sum->add(p->*member);
    return sum;
}

} // namespace mira::telemetry
