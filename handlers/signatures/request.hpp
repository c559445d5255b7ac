#pragma once
// What a verifier looks at: one request as views, made by whoever owns the connection and valid for one call.
// Raw bytes throughout: nothing here was decoded, re-encoded or trimmed, the body least of all.
#include "engine/base/clock.hpp"
#include "engine/http/fields.hpp"
#include "engine/http/head.hpp"

#include <string_view>

namespace mira::signatures {

struct signed_request {
    http::method verb = http::method::post;
    std::string_view method = "POST"; // as sent
    std::string_view target;          // path and query, as sent
    std::string_view path;
    std::string_view query; // without '?'
    const http::fields* headers = nullptr;
    std::string_view body;
    // The absolute URL by which the provider called, as far as a trusted proxy or the configuration tells;
    // empty where that is unknown. Never built from X-Forwarded-* of just anyone: several providers sign it.
    std::string_view public_url;
    wall_time now;
};

enum class lookup : unsigned char { absent, one, many };

// The value of the only header of that name.
inline lookup find_header(const http::fields& all, std::string_view name, std::string_view& value) {
    const http::field* found = nullptr;
    for (const http::field& f : all.all()) {
        if (f.name.size() != name.size()) continue;
        // Most senders write names as their documents do: one comparison of memory settles it.
        if (f.name != name && !http::equal_ignoring_case(f.name, name)) continue;
        if (found != nullptr) return lookup::many;
        found = &f;
    }
    if (found == nullptr) return lookup::absent;
    value = found->value;
    return lookup::one;
}

} // namespace mira::signatures
