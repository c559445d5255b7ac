#include "handlers/settings/views.hpp"

#include "engine/config/renderer.hpp"
#include "handlers/settings/schema.hpp"

namespace mira::settings {

std::vector<config::setting_description> describe() {
    settings defaults;
    return config::reference::describe(defaults);
}

std::string describe_as_text() {
    constexpr std::string_view head =
        R"(The configuration is one JSON object; // and /* */ comments and trailing commas are allowed.
Durations: "250ms", "10s", "5m", "24h", "7d". Sizes: "512B", "64KiB", "1MiB", "10GiB"; KB, MB and GB are decimal.
Rates: "100/s", "600/min", "50/hour", "10000/day", "0" for none. Byte rates: "240B/s".
Secrets: env:NAME, file:PATH, or the secret itself.

)";
    return std::string{head} + config::as_text(describe());
}

std::string render_resolved(settings s) { return config::renderer::render(s); }

} // namespace mira::settings
