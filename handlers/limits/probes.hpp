#pragma once
// What the limits count, one probe a reactor, and how it is shown; written by the reactor alone, read by any
// thread.
#include "engine/telemetry/counter.hpp"
#include "engine/telemetry/gauge.hpp"
#include "engine/telemetry/probe.hpp"
#include "engine/telemetry/prometheus.hpp"

namespace mira::limits {

struct limiter_probe {
    telemetry::counter admitted;
    telemetry::counter denied_by_owner;   // the owner was asked and had none
    telemetry::counter denied_remembered; // from the memory of an earlier denial
    telemetry::counter denied_no_room;    // every lease of the table was busy
    telemetry::counter asked;             // takes at the owner
    telemetry::counter leased;            // tokens that came
    telemetry::counter returned;          // tokens that went back unspent
    telemetry::counter evicted;           // leases that had to leave the table; their tokens went back
    telemetry::gauge leases;              // in the table
    telemetry::gauge waiting;             // requests that wait for the owner
};

struct peer_probe {
    telemetry::counter admitted;
    telemetry::counter denied;
    telemetry::counter genuine;
    telemetry::counter evicted_early; // peers forgotten while their budget was not full
    telemetry::gauge peers;           // tracked
};

void expose(telemetry::exposition& out, telemetry::probes<limiter_probe> all);
void expose(telemetry::exposition& out, telemetry::probes<peer_probe> all);

} // namespace mira::limits
