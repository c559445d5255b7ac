#pragma once
// All built-in schemes by name. Constants: any thread, for ever.
#include "handlers/signatures/scheme.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace mira::signatures {

// The scheme of that name or alias, or nullptr. Names are lower case with hyphens and compared exactly.
const scheme* find_scheme(std::string_view name);
// The same as verifier::make() takes it: shared, but nobody's to free.
std::shared_ptr<const scheme> shared_scheme(std::string_view name);
// Every row, ordered by name.
const std::vector<const scheme*>& all_schemes();
// Every name and alias, ordered: for suggestions and for the documentation.
const std::vector<std::string_view>& scheme_names();

} // namespace mira::signatures
