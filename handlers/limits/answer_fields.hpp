#pragma once
// The values of the header fields that tell a client about its limits: RateLimit-Policy and RateLimit
// (draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4: lists of RFC 9651 strings with parameters) and
// Retry-After (RFC 9110 section 10.2.3). Written into the caller's buffer, which they never exceed; nothing
// is allocated. Pure.
//
//     RateLimit-Policy: "client";q=10000;w=86400, "daily";q=1000;w=86400
//     RateLimit: "client";r=9999;t=86392, "daily";r=12;t=3600
//
// A bucket's window w is the time that it takes to fill, so that q over w is its rate. t is the time in which
// what is left would come in anew, so that r over t is never more than that rate and a client that obeys it
// never is denied; of a denied limit it is the time to wait, and of a quota what is left of its day. Limits
// that are never refilled have neither, unlimited ones are left out.
#include "handlers/limits/decision.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace mira::limits {

// Enough for max_limits items whose names have at most 64 characters without quotes or backslashes.
inline constexpr std::size_t answer_field_size = max_limits * 128;

// Each returns the value, a part of the buffer; empty where there is nothing to say or the buffer is too
// small. Names go with the requests one by one. The policy is the same for every request of a source: render
// it once.
std::string_view rate_limit_policy(std::span<char> buffer, std::span<const std::string_view> names,
                                   std::span<const limit_request> limits);
// Of a denied request only the limit that denied it, since Retry-After must not come before the end of any
// window shown.
std::string_view rate_limit(std::span<char> buffer, std::span<const std::string_view> names,
                            std::span<const limit_request> limits, const decision& d);
std::string_view retry_after(std::span<char> buffer, nanoseconds wait);

// Whole seconds, rounded up, at least 1. Where waiting does not help, a day: the field knows no "never".
std::int64_t retry_after_seconds(nanoseconds wait);

} // namespace mira::limits
