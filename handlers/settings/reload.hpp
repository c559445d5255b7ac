#pragma once
// What becomes of a configuration that is loaded while another runs. A reload succeeds for every setting that
// can change at once; one that needs a restart keeps its running value, and the plan says which are waiting.
// What would come into force is checked again as a whole, since the new settings may not go with a running
// one: then nothing changes.
#include "engine/config/changes.hpp"
#include "handlers/settings/load.hpp"
#include "handlers/settings/scheme_catalogue.hpp"
#include "handlers/settings/settings.hpp"

#include <boost/system/result.hpp>

#include <vector>

namespace mira::settings {

// What differs, in the order of the paths; items of lists by name: sources[default/github].tolerance.
std::vector<config::change> differences(const settings& before, const settings& after);

struct reload_plan {
    settings next;                       // to publish
    std::vector<config::change> applied; // by publishing next
    std::vector<config::change> waiting; // for a restart
};
boost::system::result<reload_plan, problems> plan_reload(const settings& running, settings fresh,
                                                         const scheme_catalogue& schemes);

} // namespace mira::settings
