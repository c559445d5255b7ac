#pragma once
// Fills in what a configuration leaves to be worked out: defaults that depend on other settings, the default
// tenant and the built-in sources. Control thread only.
#include "engine/config/environment.hpp"
#include "handlers/settings/settings.hpp"

#include <array>
#include <string_view>

namespace mira::settings {

// The sources that tenant default has without configuring them.
inline constexpr std::array<std::string_view, 4> built_in_sources{"n8n", "github", "trello", "jira"};

void resolve(settings& s, const config::environment& e);

} // namespace mira::settings
