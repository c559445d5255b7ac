#pragma once
// What the operating system knows of this process, under the names that Prometheus clients share (process_*).
#include "engine/telemetry/prometheus.hpp"

namespace mira::ops {

// Reads /proc: on the blocking pool.
void expose_process_figures(telemetry::exposition& out);

} // namespace mira::ops
