#pragma once
// Query strings and urlencoded forms (application/x-www-form-urlencoded, WHATWG URL section 5), read
// strictly. Pure functions.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mira::signatures {

// %XX decoded, and '+' as a space where plus_is_space. Nothing where a '%' is not followed by two hex digits.
std::optional<std::string> percent_decoded(std::string_view s, bool plus_is_space);

// The raw value of the only parameter of that (plain ASCII) name: absent and doubled are told apart.
enum class parameter : unsigned char { absent, one, many };
parameter find_parameter(std::string_view query, std::string_view name, std::string_view& raw);
// The same, decoded; nothing where it is absent, doubled or badly encoded.
std::optional<std::string> parameter_text(std::string_view query, std::string_view name);

// All parameters in order, decoded; nothing where one is badly encoded or there are more than at_most.
using parameters = std::vector<std::pair<std::string, std::string>>;
std::optional<parameters> read_form(std::string_view form, std::size_t at_most = 1000);

} // namespace mira::signatures
