#pragma once
// Webhook sources as the reactors use them: compiled once from the configuration, immutable, in a snapshot
// that a request keeps from its start to its end.
#include "engine/net/address.hpp"
#include "handlers/limits/decision.hpp"
#include "handlers/signatures/verifier.hpp"
#include "storage/ports/event_log.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mira::webhook {

// One limit of a source; the request's key is made of it and of who asks.
struct source_limit {
    enum class by : std::uint8_t { client, header, source, tenant };
    by who = by::client;
    std::string header; // by header: its name
    std::string name;
    limits::limit_request request;
};

// Whose turn it is when there is too much: those whose provider goes on trying longest are refused first.
using shed_class = signatures::retries;

// Names of header fields.
class field_names {
  public:
    field_names() = default;
    explicit field_names(std::vector<std::string> names);
    bool has(std::string_view name) const;

  private:
    std::vector<std::string> names_;
    std::uint64_t lengths_ = 0; // a bit for each length that occurs: most fields are told apart by it alone
};

struct source {
    std::string tenant;
    std::string name;
    std::size_t figures = 0; // its place in the arrays of counters
    bool enabled = true;
    bool is_unsigned = false; // scheme none
    std::shared_ptr<const signatures::verifier> verifier;
    bool signs_url = false; // the scheme looks at the public URL
    std::size_t max_body = 0;
    storage::durability level = storage::durability::fsync;

    std::vector<source_limit> limits; // all must admit
    std::vector<std::string_view> limit_names;
    std::string rate_limit_policy; // the value of RateLimit-Policy, where it does not depend on the request
    ports::bucket_key quota;
    std::int64_t quota_per_day = -1;

    bool deduplicates = true;
    bool keeps_all_fields = false;
    field_names kept_fields;
    field_names withheld_fields; // carry the secret itself and are never kept

    // The answer to an accepted event, where it is not Mira's own.
    int ack_status = 202;
    bool own_ack = false;
    std::string ack_type = "application/json";
    std::string ack_body;

    shed_class sheds = shed_class::minutes;
    bool logs = false;          // the pipeline has a log step
    bool learns_secret = false; // takes its secret from the provider's handshake

    // Whether a header field of that name goes into the journal.
    bool keeps_field(std::string_view name) const;
};

struct snapshot {
    std::vector<std::unique_ptr<const source>> sources;
    bool accepts_webhooks = true;
    bool limits_enabled = true;

    // nullptr where there is none.
    const source* find(std::string_view tenant, std::string_view name) const;
    // After sources are complete.
    void build_index();

  private:
    struct name_pair {
        std::string_view tenant;
        std::string_view name;
        bool operator==(const name_pair&) const = default;
    };
    struct name_hash {
        std::size_t operator()(const name_pair& p) const noexcept {
            return std::hash<std::string_view>{}(p.tenant) * 31 + std::hash<std::string_view>{}(p.name);
        }
    };
    std::unordered_map<name_pair, const source*, name_hash> index_;
};

} // namespace mira::webhook
