#pragma once
// What the ingest pipeline uses on one reactor: all of it lives on that reactor's thread, or says otherwise
// where it is declared.
#include "engine/base/event_id.hpp"
#include "engine/config/snapshot.hpp"
#include "engine/http/edge_limits.hpp"
#include "engine/http/fields.hpp"
#include "engine/http/object_pool.hpp"
#include "engine/reactor/reactor.hpp"
#include "handlers/limits/limiter.hpp"
#include "handlers/limits/peer_admission.hpp"
#include "handlers/webhook/figures.hpp"
#include "handlers/webhook/log_step.hpp"
#include "handlers/webhook/source.hpp"
#include "storage/ports/dedupe_store.hpp"
#include "storage/ports/event_log.hpp"

#include <array>
#include <functional>

namespace mira::webhook {

// Keeps a secret that a provider handed over in a handshake, off the reactor; done hears on the reactor
// whether it is kept.
using secret_learner = std::function<void(const source&, std::string secret, std::function<void(bool)> done)>;

// Visits a link that a genuine provider asked to be visited, off the reactor; done hears on the reactor
// whether it answered with success.
using link_visitor = std::function<void(std::string url, std::function<void(bool)> done)>;

struct core {
    core(reactor& r, storage::event_appender& log_, ports::dedupe_store& d, ports::bucket_store& buckets,
         const limits::peer_admission::settings& peers_, std::size_t source_slots)
        : home{r}, log{log_}, duplicates{d}, limiter{buckets}, peers{peers_}, counts{source_slots} {}

    reactor& home;
    storage::event_appender& log;
    ports::dedupe_store& duplicates;
    limits::limiter limiter;
    limits::peer_admission peers;
    config::snapshot_slot<snapshot> sources;
    http::trust trust; // whose X-Forwarded-Proto and -Host count
    event_id_generator ids;
    figures counts;
    log_step logging;
    http::object_pool<signatures::body_check, 8> body_checks;
    secret_learner learn;
    link_visitor visit; // empty: nothing is fetched from others
    // Of the event that is being appended.
    std::array<storage::kept_field, http::fields::capacity> kept_fields;
};

} // namespace mira::webhook
