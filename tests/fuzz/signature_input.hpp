#pragma once
// What the signature targets share. An input is a request as text: the query in the first line, "Name: value"
// lines, an empty line, the body. Each target judges it by all schemes of its family and checks what must
// hold for any input.
#include "handlers/signatures/scheme.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mira::fuzz {

using family = bool (*)(const signatures::scheme&);

// Aborts where whole and piecewise verification differ, where a request is accepted and still is with a
// changed body, or where an extracted value is longer than it may be.
void judge(const std::uint8_t* data, std::size_t size, family member);
// Unsigned and signed handshakes of every scheme; aborts on a reply that could be run by a browser or split a
// header.
void answer(const std::uint8_t* data, std::size_t size);

} // namespace mira::fuzz
