#pragma once
// How problems word what they found: quoting that cannot forge a line of a log or drive a terminal, and the
// nearest known name to a mistyped one. Pure functions.
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mira::config {

// In double quotes, with everything but printable ASCII escaped and what lies past `most` characters left
// out.
std::string quoted(std::string_view s, std::size_t most = 60);

// The known name that was most likely meant: case, '-' and '_' aside, at most a third of its letters differ
// (one insertion, deletion, replacement or swap of neighbours each). Nothing when none is that near.
std::optional<std::string_view> nearest(std::string_view unknown, std::span<const std::string_view> known);

// did you mean "refill"?   Or, when none is near: known are "by", "capacity", ...
std::string hint(std::string_view unknown, std::span<const std::string_view> known);

// "a", "b" or "c"
std::string alternatives(std::span<const std::string_view> names, std::string_view last = " or ");

std::vector<std::string_view> views(std::span<const std::string> strings);

} // namespace mira::config
