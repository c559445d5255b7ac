#pragma once
// Counts the heap allocations of this thread, for tests that promise none. A program that links
// allocations.cpp has every operator new replaced.
#include <cstdint>

namespace mira::test {

// Since the thread began.
std::uint64_t allocations();

} // namespace mira::test
