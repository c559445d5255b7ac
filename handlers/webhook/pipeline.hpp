#pragma once
// THE ordered list of what happens to a webhook.
#include "engine/http/router.hpp"

#include <span>

namespace mira::webhook {

// Before the body is read, and after.
std::span<const http::stage> stages_before_body();
std::span<const http::stage> stages_after_body();

} // namespace mira::webhook
