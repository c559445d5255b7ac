#pragma once
// The stages of the ingest pipeline; their order and its reasons are in pipeline.cpp. Each is called on the
// request's reactor, looks at what earlier stages filled in (ingest.hpp) and says how to go on. No stage
// calls another.
#include "engine/http/router.hpp"

namespace mira::webhook::stages {

http::verdict resolve_source(http::exchange& x); // needs: nothing
http::verdict admit_peer(http::exchange& x);     // needs: the source
http::verdict handshake(http::exchange& x);      // needs: the source, the body
http::verdict verify(http::exchange& x);         // needs: the source, the body, the hash begun by admit_peer
http::verdict duplicate(http::exchange& x);      // needs: a verified request
http::verdict take_tokens(http::exchange& x);    // needs: a verified request that is no duplicate
http::verdict daily_quota(http::exchange& x);    // needs: the same
http::verdict append(http::exchange& x);         // needs: the event's id, and its claim where it has a key
http::verdict acknowledge(http::exchange& x);    // needs: an event that is durable

} // namespace mira::webhook::stages
