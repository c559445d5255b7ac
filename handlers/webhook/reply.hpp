#pragma once
// Sends what a handshake or a provider's acknowledgement wants to be answered.
#include "engine/http/exchange.hpp"
#include "handlers/signatures/handshake.hpp"

namespace mira::webhook {

void send_reply(http::exchange& x, const signatures::reply& r);

} // namespace mira::webhook
