#pragma once
// What a request's stages find behind exchange::services(): one reactor's ingest core, and the process as the
// operations' routes see it. Made by the composition root.
#include "engine/http/exchange.hpp"

namespace mira {

namespace webhook {
struct core;
}
namespace ops {
class process;
}

struct services {
    webhook::core* ingest = nullptr;
    ops::process* process = nullptr;
};

inline services& services_of(http::exchange& x) { return *static_cast<services*>(x.services()); }

} // namespace mira
