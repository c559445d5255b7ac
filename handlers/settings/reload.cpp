#include "handlers/settings/reload.hpp"

#include "handlers/settings/checks.hpp"
#include "handlers/settings/schema.hpp"

#include <utility>

namespace mira::settings {
namespace {

config::remembered remember(settings s) { return config::rememberer::remember(s); }

} // namespace

std::vector<config::change> differences(const settings& before, const settings& after) {
    const auto remembered = remember(before);
    settings copy = after;
    return config::comparison::compare(remembered, copy);
}

boost::system::result<reload_plan, problems> plan_reload(const settings& running, settings fresh,
                                                         const scheme_catalogue& schemes) {
    reload_plan plan{std::move(fresh), {}, {}};
    const auto remembered = remember(running);
    auto changes = config::comparison::compare(remembered, plan.next, config::comparison::mode::keep_running);

    // The warnings were found while loading; only what a kept setting breaks is of interest here.
    config::problems found;
    findings f{found, {}, nullptr};
    check(plan.next, schemes, f);
    if (found.any_error()) {
        auto errors = found.take_errors();
        for (config::problem& p : errors)
            if (!p.path.empty()) p.what += " (beside settings that keep their running value until a restart)";
        return errors;
    }
    for (config::change& c : changes)
        (c.when == config::applies::at_once ? plan.applied : plan.waiting).push_back(std::move(c));
    return plan;
}

} // namespace mira::settings
