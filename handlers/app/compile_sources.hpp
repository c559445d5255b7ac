#pragma once
// From settings to what the reactors use: sources with their verifiers, limits and answers. Control thread,
// at start and at reload; everything that can be wrong with a source's scheme, secrets or options is said
// here.
#include "engine/telemetry/bounded_labels.hpp"
#include "handlers/settings/scheme_catalogue.hpp"
#include "handlers/settings/settings.hpp"
#include "handlers/signatures/key_source.hpp"
#include "handlers/webhook/source.hpp"

#include <memory>
#include <string>
#include <vector>

namespace mira::app {

// The scheme registry as loading needs it.
class scheme_registry final : public settings::scheme_catalogue {
  public:
    bool knows(std::string_view preset) const override;
    std::vector<std::string> names() const override;
    std::vector<config::problem> check(const config::value& own) const override;
    std::vector<config::problem> check_source(const settings::source& s) const override;
    bool publishes_keys(const settings::source& s) const override;
};

// Secrets that sources have learned from their providers' handshakes, kept beside the journal
// (learned_secrets.hpp).
class learned_secrets;

struct compile_inputs {
    const settings::settings& from;
    telemetry::bounded_labels& labels;
    signatures::key_source* keys = nullptr;
    const learned_secrets* learned = nullptr;
};
// The snapshot, or nothing with the reasons: load() has checked the settings with scheme_registry, so there
// are none unless a secret was learned that is no key.
std::shared_ptr<const webhook::snapshot> compile_sources(const compile_inputs& in,
                                                         std::vector<std::string>& problems);

} // namespace mira::app
