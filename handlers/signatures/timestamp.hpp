#pragma once
// Timestamps of signatures, read strictly: what two programs could read as two moments is no timestamp. Pure
// functions.
#include "engine/base/clock.hpp"
#include "handlers/signatures/scheme.hpp"

#include <optional>
#include <string_view>

namespace mira::signatures {

// seconds, milliseconds: digits only, no sign, no leading zero, between 2001-09-09 and 2286-11-20 (10 or 13
// digits), so that one unit is never taken for the other. rfc3339: RFC 3339 section 5.6 with 'T' and either Z
// or an offset, any number of fractional digits up to nine, no leap second.
std::optional<wall_time> parse_timestamp(std::string_view text, time_format format);

} // namespace mira::signatures
