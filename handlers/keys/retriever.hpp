#pragma once
// How the cache gets what it does not have: a port, so that its rules can be tested without a network.
#include "engine/base/clock.hpp"
#include "handlers/keys/published.hpp"
#include "handlers/signatures/key_source.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mira::keys {

struct query {
    signatures::key_request::form what = signatures::key_request::form::certificate;
    std::string url;
    std::string names; // certificate: what it must have been issued for
};

struct retrieved {
    enum class state {
        good,
        refused,     // the provider's host answered, and it is no key, or not one to be trusted
        unavailable, // nobody can tell now: no name, no connection, no answer in time
    };
    state what = state::unavailable;
    std::vector<published_key> keys;    // certificate and document: exactly one
    std::optional<wall_time> not_after; // of a certificate
};

class retriever {
  public:
    virtual ~retriever() = default;
    // Any thread; does not block. done is called once, on any thread, never before start() has returned.
    virtual void start(const query& q, std::function<void(retrieved)> done) = 0;
};

} // namespace mira::keys
