#pragma once
// What the journal counts. The writer's figures are written by its thread, a shard's by its reactor; all are
// read by any.
#include "engine/telemetry/counter.hpp"
#include "engine/telemetry/gauge.hpp"
#include "engine/telemetry/histogram.hpp"

namespace mira::journal {

struct writer_probe {
    telemetry::counter events;
    telemetry::counter bytes;  // written, frames and padding included
    telemetry::counter writes; // groups: one pwritev each
    telemetry::counter syncs;
    telemetry::counter failures; // groups that were not written or not synced
    telemetry::counter segments_sealed;
    telemetry::counter segments_deleted;
    telemetry::gauge segments;
    telemetry::gauge bytes_kept;
    telemetry::gauge next_segment_ready; // 1 or 0
    telemetry::gauge state;              // writer_state
    telemetry::histogram write_latency;
    telemetry::histogram sync_latency;
    telemetry::histogram group_wait; // from the hand-over by a reactor to the end of the sync
};

struct shard_probe {
    telemetry::counter appended;
    telemetry::counter refused;
    telemetry::gauge waiting; // events that are not durable yet
};

} // namespace mira::journal
