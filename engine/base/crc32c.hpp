#pragma once
// CRC-32C (Castagnoli; RFC 3720 appendix B.4), by the processor's instruction where it has one.
#include <cstddef>
#include <cstdint>

namespace mira {

// Continues a checksum: crc32c(crc32c(0, a), b) == crc32c(0, a ++ b).
std::uint32_t crc32c(std::uint32_t crc, const void* data, std::size_t size);

} // namespace mira
