#include "handlers/webhook/figures.hpp"

namespace mira::webhook {

std::string_view to_string(outcome o) {
    switch (o) {
    case outcome::accepted: return "accepted";
    case outcome::duplicate: return "duplicate";
    case outcome::handshake: return "handshake";
    case outcome::unknown_source: return "unknown_source";
    case outcome::malformed: return "malformed";
    case outcome::peer_limited: return "peer_limited";
    case outcome::missing_signature: return "missing_signature";
    case outcome::invalid_signature: return "invalid_signature";
    case outcome::stale_signature: return "stale_signature";
    case outcome::rate_limited: return "rate_limited";
    case outcome::quota_exceeded: return "quota_exceeded";
    case outcome::overloaded: return "overloaded";
    case outcome::storage_unavailable: return "storage_unavailable";
    case outcome::failed: break;
    }
    return "failed";
}

} // namespace mira::webhook
