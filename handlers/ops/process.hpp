#pragma once
// The process as its operators see it: where it stands, and everything whose figures are shown. Owned by the
// composition root; nothing here is owned. Reading is for any thread.
#include "engine/base/clock.hpp"
#include "engine/http/buffer.hpp"
#include "engine/http/client.hpp"
#include "engine/http/edge.hpp"
#include "engine/net/admission.hpp"
#include "engine/reactor/blocking_pool.hpp"
#include "engine/telemetry/bounded_labels.hpp"
#include "handlers/keys/key_cache.hpp"
#include "handlers/webhook/core.hpp"
#include "storage/journal/shard.hpp"
#include "storage/memory/bucket_store.hpp"
#include "storage/memory/dedupe_store.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace mira::ops {

enum class phase : std::uint8_t { starting, ready, draining, failed };
std::string_view to_string(phase p);

struct reactor_view {
    const reactor* loop = nullptr;
    const http::edge* edge = nullptr;
    const webhook::core* ingest = nullptr;
    const journal::shard* shard = nullptr;
};

class process {
  public:
    std::atomic<phase> stands{phase::starting};
    std::atomic<double> uptime_objective{99.9}; // per cent
    std::string version;
    std::string instance;
    wall_time started;
    std::vector<reactor_view> reactors;
    const http::router* routes = nullptr;
    const journal::writer* writer = nullptr;
    const memory::dedupe_store* duplicates = nullptr;
    const memory::bucket_store* buckets = nullptr;
    const net::admission* connections = nullptr;
    const http::memory_budget* bodies = nullptr;
    const telemetry::bounded_labels* source_labels = nullptr; // "tenant/source" by figures slot
    blocking_pool* pool = nullptr;
    const http::client* outbound = nullptr; // null where nothing is fetched from others
    const keys::key_cache* keys = nullptr;  // the same

    // What keeps the process from taking webhooks; empty: nothing.
    std::string why_not_ready() const;
    double uptime_seconds() const;
};

// What became of all webhooks so far.
struct totals {
    std::uint64_t total = 0;
    std::uint64_t successful = 0;
    std::uint64_t failed = 0;
    std::uint64_t rejected = 0; // the clients' own faults, limits included
    std::uint64_t rate_limited = 0;
    std::uint64_t accepted = 0;
    std::uint64_t duplicates = 0;

    // Per cent of what succeeded among what succeeded or failed; 100 before the first.
    double success_rate() const;
};
totals add_up(const process& p);

} // namespace mira::ops
