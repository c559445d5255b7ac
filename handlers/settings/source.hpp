#pragma once
// A webhook source as configured: which tenant's, how its signatures are made, and what is done with its
// events. Plain values; see settings.hpp for who makes and who reads them.
#include "engine/base/clock.hpp"
#include "engine/config/secret.hpp"
#include "engine/config/units.hpp"
#include "engine/config/value.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mira::settings {

enum class durability { memory, written, fsync };

enum class limit_by { client, source, tenant };

// A token bucket: at most capacity + refill x time.
struct limit {
    limit_by by = limit_by::client;
    std::optional<std::string>
        header; // in lower case; by client only: the header that names the client; unset: its address
    std::uint64_t capacity = 10'000;
    config::rate refill{10'000, seconds{86'400}};
    std::string name; // after load() unique within its source, for the RateLimit headers
    bool operator==(const limit&) const = default;
};

// The scheme of a source's signatures: a preset by its name, or a scheme of the tenant's own as it was read,
// for the signature module to build.
struct scheme_choice {
    std::string preset;
    std::shared_ptr<const config::value> own; // set: preset is empty
    bool operator==(const scheme_choice& o) const {
        return preset == o.preset && (own == o.own || (own && o.own && *own == *o.own));
    }
};

// Where in a request something is found.
struct locator {
    enum class kind {
        by_scheme, // wherever the scheme's provider puts it
        none,
        header,  // text is a header's name, in lower case
        pointer, // text is a JSON pointer (RFC 6901) into the body
    };
    kind where = kind::by_scheme;
    std::string text;
    bool operator==(const locator&) const = default;
};

struct kept_headers {
    enum class kind {
        by_pipeline, // what the steps that follow need
        all,
        listed,
    };
    kind which = kind::by_pipeline;
    std::vector<std::string> names; // in lower case
    bool operator==(const kept_headers&) const = default;
};

// The answer to an accepted webhook where the provider wants another than Mira's own.
struct acknowledgement {
    std::uint16_t status = 202;
    std::optional<std::string> body; // unset: Mira's JSON
    std::string content_type = "application/json";
    bool operator==(const acknowledgement&) const = default;
};

// For how long the provider tries again after a 5xx: who is turned away first under overload.
enum class shed_class { never, minutes, hours, days };

struct step {
    std::string handler; // "log"
    bool operator==(const step&) const = default;
};

struct source {
    std::string tenant = "default";
    std::string name;
    scheme_choice scheme;
    std::vector<config::expiring_secret> secrets; // newest first
    std::optional<std::vector<limit>> limits;     // after load() always there
    std::optional<std::uint64_t> max_body;        // after load() always there
    std::optional<milliseconds> tolerance;        // unset: the scheme's
    std::vector<step> pipeline{{"log"}};
    bool allow_unsigned = false;
    std::optional<std::string> public_url;
    locator duplicate_key;
    locator event_type;
    kept_headers keep_headers;
    std::optional<acknowledgement> acknowledge;           // unset: 202 and Mira's JSON
    std::optional<mira::settings::durability> durability; // after load() always there
    std::map<std::string, config::secret> options;        // handed to the scheme
    std::optional<shed_class> shed;                       // unset: the scheme's
    bool learn_secret = false;                            // take the secret from the provider's handshake
    bool enabled = true;
    bool built_in = false; // exists without being configured, with webhook.secret_key
};

} // namespace mira::settings
