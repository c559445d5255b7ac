#pragma once
// What one reactor's edge counts. Written on its thread, read on any.
#include "engine/telemetry/counter.hpp"

#include <array>

namespace mira::http {

struct edge_probe {
    telemetry::counter connections_accepted;
    telemetry::counter connections_refused; // over a limit
    telemetry::counter connections_closed;
    telemetry::counter requests; // with a readable head
    telemetry::counter refused;  // by the edge: framing, limits, time
    telemetry::counter responses_2xx;
    telemetry::counter responses_3xx;
    telemetry::counter responses_4xx;
    telemetry::counter responses_429; // among the 4xx
    telemetry::counter responses_5xx;
    telemetry::counter bytes_received;
    telemetry::counter bytes_sent;
    telemetry::counter header_timeouts;
    telemetry::counter body_timeouts;
    telemetry::counter idle_timeouts;
    telemetry::counter write_timeouts;
    telemetry::counter handshake_failures; // TLS and PROXY
    telemetry::counter answers_dropped;    // whose client had gone

    void count_response(int status) {
        if (status < 300)
            responses_2xx.add(1);
        else if (status < 400)
            responses_3xx.add(1);
        else if (status < 500)
            responses_4xx.add(1);
        else
            responses_5xx.add(1);
        if (status == 429) responses_429.add(1);
    }
};

} // namespace mira::http
