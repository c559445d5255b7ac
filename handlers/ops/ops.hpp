#pragma once
// The operations' routes, as stages: each answers its request.
#include "engine/http/router.hpp"

namespace mira::ops {

http::verdict about(http::exchange& x);   // GET /: what this is
http::verdict health(http::exchange& x);  // GET /health: state, figures and checks
http::verdict live(http::exchange& x);    // GET /health/live: the process answers
http::verdict ready(http::exchange& x);   // GET /health/ready: it takes webhooks, else 503
http::verdict metrics(http::exchange& x); // GET /metrics: Prometheus text, or JSON by Accept

} // namespace mira::ops
