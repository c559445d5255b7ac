#pragma once
// Bounds that more than one setting or check goes by.
#include "handlers/settings/settings.hpp"

#include <cstddef>
#include <cstdint>

namespace mira::settings {

inline constexpr std::uint64_t largest_body = 32 * mebibyte;
// Of a bucket or a refill: in micro-tokens it stays below 2^53, which is as far as the shared store counts
// exactly.
inline constexpr std::int64_t most_tokens = 1'000'000'000;
inline constexpr std::size_t most_tenants = 100'000;
inline constexpr std::size_t most_sources = 100'000;
inline constexpr std::size_t most_limits = 8;
inline constexpr std::size_t most_secrets = 16;

} // namespace mira::settings
