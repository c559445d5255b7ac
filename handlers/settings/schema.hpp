#pragma once
// Every setting of Mira, described once: the walks from which loading, dumping, the reference and reloads
// follow. See engine/config/property.hpp.
#include "engine/config/property.hpp"
#include "handlers/settings/settings.hpp"

#include <string>

namespace mira::settings {

void walk(config::visitor& v, settings& s);
void walk(config::visitor& v, source& s);
void walk(config::visitor& v, limit& l);

// What a source or a tenant is called in the list of what a reload changed.
std::string label_of(const source& s);
std::string label_of(const tenant& t);

} // namespace mira::settings
