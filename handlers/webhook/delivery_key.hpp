#pragma once
// The key under which a delivery is known: a hash of tenant, source and the provider's delivery id, each with
// its length, so that no two different triples are one text.
#include "storage/ports/dedupe_store.hpp"

#include <string_view>

namespace mira::webhook {

ports::dedupe_key delivery_key(std::string_view tenant, std::string_view source,
                               std::string_view delivery_id);

} // namespace mira::webhook
