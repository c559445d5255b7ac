#pragma once
// A configuration document: JSON (RFC 8259) with // and /* */ comments and trailing commas, in UTF-8. Parsed
// by hand and not by Boost.JSON, because every value must know its line and column, duplicate names must be
// found (Boost.JSON keeps the last without a word) and a mistake must be answered with what would be right.
// Bounded in bytes, depth and values. Start-up and reload only, on the control thread; throws nothing but
// bad_alloc.
#include "engine/config/problem.hpp"
#include "engine/config/value.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace mira::config {

struct document_limits {
    std::size_t bytes = std::size_t{16} << 20;
    std::size_t depth = 32; // lists and objects inside one another
    std::size_t values = 2'000'000;
};

// The document's value, or what is wrong with it: the first mistake of syntax, or else every duplicate name.
// file: for the problems' texts only.
boost::system::result<value, std::vector<problem>>
parse_document(std::string_view text, std::string_view file, const document_limits& limits = {});

} // namespace mira::config
