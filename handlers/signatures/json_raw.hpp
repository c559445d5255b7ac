#pragma once
// The raw text of a member of a JSON object, for providers that sign part of their JSON as it was sent. Pure
// functions.
#include <optional>
#include <string>
#include <string_view>

namespace mira::signatures {

// The bytes of the value of that member of the outermost object, without the space around it. Nothing where
// the text is no JSON object, or has the member not at all or more than once.
std::optional<std::string_view> raw_member(std::string_view text, std::string_view name);

// The value written again as PHP's json_encode() does by default: no space, "/" as "\/", everything beyond
// ASCII as \uXXXX. Numbers and the order of members stay as they are. Nothing where the text is no JSON
// value.
std::optional<std::string> php_encoded(std::string_view value);

} // namespace mira::signatures
