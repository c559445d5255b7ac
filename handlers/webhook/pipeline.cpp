#include "handlers/webhook/pipeline.hpp"

#include "handlers/webhook/stages.hpp"

#include <array>

namespace mira::webhook {
namespace {

// The order is the design: each stage stands where it does for the reason beside it.
constexpr std::array before_body{
    http::stage{"resolve_source", stages::resolve_source}, // everything below needs the tenant's settings
    http::stage{"admit_peer", stages::admit_peer}, // bounds how many bad signatures anyone can make us hash
};
// Here the edge reads the body, never more than the source allows.
constexpr std::array after_body{
    http::stage{"handshake", stages::handshake}, // a provider's challenge is answered, not stored
    http::stage{"verify", stages::verify}, // over the raw bytes, before any of the tenant's tokens are spent
    http::stage{"duplicate", stages::duplicate},     // a retry must not cost tokens
    http::stage{"take_tokens", stages::take_tokens}, // only genuine traffic spends the tenant's rate
    http::stage{"daily_quota", stages::daily_quota}, // counted exactly: a billing figure
    http::stage{"append", stages::append},           // durable before anybody is told
    http::stage{"acknowledge", stages::acknowledge}, // now it may be said
};

} // namespace

std::span<const http::stage> stages_before_body() { return before_body; }
std::span<const http::stage> stages_after_body() { return after_body; }

} // namespace mira::webhook
