#pragma once
// Little-endian loads and stores for file formats: unaligned, no aliasing surprises, one instruction each.
#include <bit>
#include <cstdint>
#include <cstring>

namespace mira {

static_assert(std::endian::native == std::endian::little, "the journal's format is little-endian");

template <class T>
T load_le(const void* p) {
    T v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
template <class T>
void store_le(void* p, T v) {
    std::memcpy(p, &v, sizeof v);
}

} // namespace mira
