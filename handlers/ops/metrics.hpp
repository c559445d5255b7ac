#pragma once
// What /metrics says, as Prometheus text and as JSON. Made on the blocking pool: it reads every histogram of
// every reactor.
#include "handlers/ops/process.hpp"

#include <string>

namespace mira::ops {

std::string metrics_text(const process& p);

} // namespace mira::ops
