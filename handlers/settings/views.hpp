#pragma once
// Settings for people to read: what `mira check` prints. No secret's bytes are in either.
#include "engine/config/reference.hpp"
#include "handlers/settings/settings.hpp"

#include <string>
#include <vector>

namespace mira::settings {

// Every setting, with its type, bounds, default and description.
std::vector<config::setting_description> describe();
// The same as text, with how the units and secrets are written.
std::string describe_as_text();

// The settings as a configuration that loads again to the same, apart from masked secrets; in the order of
// the reference.
std::string render_resolved(settings s);

} // namespace mira::settings
