#pragma once
// The whole API on a page.
#include "engine/http/router.hpp"

#include <span>

namespace mira {

std::span<const http::route> all_routes();

} // namespace mira
