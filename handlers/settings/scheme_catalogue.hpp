#pragma once
// What loading needs to know of signature schemes. The composition root implements it over the scheme
// registry; tests bring a small one. Called on the control thread at start and reload.
#include "engine/config/problem.hpp"
#include "engine/config/value.hpp"
#include "handlers/settings/source.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mira::settings {

class scheme_catalogue {
  public:
    virtual ~scheme_catalogue() = default;

    // A preset of this name exists. "none" is one.
    virtual bool knows(std::string_view preset) const = 0;
    // All of them, for suggestions.
    virtual std::vector<std::string> names() const = 0;
    // What is wrong with a scheme of a tenant's own: places from its values, paths within it, no file.
    virtual std::vector<config::problem> check(const config::value& own) const = 0;
    // What is wrong with a source whose scheme is known and sound: a secret that is no key of the scheme's,
    // an option that is missing. The paths are within the source ("secrets[0]", "options.webhook_id"); the
    // texts hold no secret.
    virtual std::vector<config::problem> check_source(const source&) const { return {}; }
    // The provider publishes its keys, so that the source needs no secret where they may be fetched.
    virtual bool publishes_keys(const source&) const { return false; }
};

} // namespace mira::settings
