#include "engine/config/environment.hpp"
#include "handlers/app/commands.hpp"
#include "handlers/app/compile_sources.hpp"
#include "handlers/settings/load.hpp"
#include "handlers/settings/views.hpp"

#include <cstdio>

namespace mira::app {

int check(const check_options& o) {
    if (o.list_settings) {
        std::fputs(settings::describe_as_text().c_str(), stdout);
        return 0;
    }
    const scheme_registry schemes;
    const auto loaded = settings::load_file(o.config, config::process_environment(), schemes);
    if (!loaded) {
        for (const config::problem& p : loaded.error()) std::fprintf(stderr, "%s\n", p.text().c_str());
        std::fprintf(stderr, "%s: not valid\n", o.config.c_str());
        return 2;
    }
    for (const config::problem& p : loaded->warnings) std::fprintf(stderr, "%s\n", p.text().c_str());
    if (!o.quiet) std::fputs(settings::render_resolved(*loaded).c_str(), stdout);
    std::fprintf(stderr, "%s: valid\n", o.config.c_str());
    return 0;
}

} // namespace mira::app
