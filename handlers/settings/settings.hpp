#pragma once
// Mira's settings: one plain struct a section of the configuration, with its default. load() (load.hpp) makes
// a whole and checked one; from then on it is immutable and any thread may read it. The composition root
// hands each module what it needs in that module's own structs, so nothing on the hot path looks in here.
// What each setting means, its bounds and whether it reloads stand in schema.cpp and are printed by `mira
// check --settings`.
#include "engine/base/clock.hpp"
#include "engine/base/log.hpp"
#include "engine/config/network.hpp"
#include "engine/config/problem.hpp"
#include "engine/config/secret.hpp"
#include "engine/config/units.hpp"
#include "handlers/settings/source.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mira::settings {

using config::secret;
using std::chrono::hours;
using std::chrono::minutes;

inline constexpr std::uint64_t kibibyte = std::uint64_t{1} << 10;
inline constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
inline constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30;

// Where webhooks come in; the names are older than the rest and keep their meaning.
struct webhook_section {
    bool enabled = true;
    std::string host = "127.0.0.1"; // an address
    std::uint16_t port = 5000;      // 0: any free one
    secret secret_key;              // of the built-in sources
    bool rate_limit_enabled = true;
};

enum class tls_version { tls_1_2, tls_1_3 };

struct tls_section {
    std::string host; // after load() an address; webhook.host where none was given
    std::uint16_t port = 5443;
    std::string certificate; // path of a PEM chain
    std::string key;         // path of a PEM key
    tls_version min_version = tls_version::tls_1_2;
};

// How a trusted proxy tells whom it speaks for.
enum class forwarded_by { none, x_forwarded_for, forwarded, proxy_protocol };

// What one address may make us check without ever being genuine.
struct peer_allowance {
    std::uint64_t capacity = 10'000;
    config::rate refill{1'000, seconds{1}};
};

struct server_limits {
    std::uint64_t head_bytes = 16 * kibibyte;
    std::uint64_t target_bytes = 8 * kibibyte;
    std::uint32_t header_fields = 100;
    std::uint64_t max_body = mebibyte; // of sources that set none
    milliseconds header_timeout = seconds{10};
    milliseconds body_timeout = minutes{5};
    milliseconds body_grace = seconds{10};
    std::uint64_t body_min_rate = 240; // bytes a second, after the grace; 0: none
    milliseconds idle_timeout = seconds{60};
    milliseconds write_timeout = seconds{30};
    milliseconds tls_handshake_timeout = seconds{10};
    std::uint32_t connections = 32'768;
    std::uint32_t connections_per_address = 16'384;
    std::uint32_t pipelined_requests = 16;
    std::uint32_t requests_per_connection = 0; // 0: unlimited
    std::uint64_t body_memory = 256 * mebibyte;
    peer_allowance unverified_per_address;
};

struct server_section {
    std::uint32_t reactors = 0; // 0: one per core
    std::string instance;       // after load() never empty
    milliseconds drain_timeout = seconds{30};
    std::optional<tls_section> tls;
    std::vector<config::network> trusted_proxies;
    forwarded_by forwarded = forwarded_by::x_forwarded_for;
    std::uint32_t trusted_hops = 1;
    server_limits limits;
};

struct data_section {
    std::string dir = "data";
};

struct journal_section {
    mira::settings::durability durability = durability::fsync;
    milliseconds retention = hours{7 * 24};
    std::uint64_t max_bytes = 10 * gibibyte;
    std::uint64_t segment_bytes = 64 * mebibyte;
    std::uint64_t batch_bytes = mebibyte;
    std::uint64_t max_unsynced = 16 * mebibyte; // per reactor
};

struct redis_section {
    secret url; // none: the embedded stores
};

struct accounts_section {
    secret url; // after load() always there: a SQLite file in data.dir where none was given
};

enum class store_failure { local, open, closed };

struct limits_section {
    // Named "default" in the configuration: of sources that set none; unset: no limit.
    std::optional<limit> fallback = limit{limit_by::client, {}, 10'000, {10'000, seconds{86'400}}, "default"};
    store_failure on_store_failure = store_failure::local;
    std::uint32_t tracked_clients = 10'000;
};

struct duplicates_section {
    milliseconds window = hours{24}; // 0: off
    std::uint64_t max_keys = 1'000'000;
};

struct metrics_section {
    std::uint32_t top_tenants = 50;
    double uptime_objective = 99.9; // per cent
};

enum class tier { basic, professional, enterprise };

struct tenant {
    std::string id;
    std::string name; // after load() never empty: the id where none was given
    mira::settings::tier tier = tier::basic;
};

struct n8n_section {
    std::optional<std::string> url;
    secret api_key;
};

// Where a name is to be found instead of by DNS.
struct host_address {
    config::address_bytes address{};
    std::uint16_t port = 0; // 0: the URL's
    bool operator==(const host_address&) const = default;
};

// What Mira fetches by itself: keys that providers publish, links that they want visited.
struct outbound_section {
    bool enabled = true;
    std::vector<config::network> allow; // beside the public Internet
    milliseconds timeout = seconds{5};
    std::optional<std::string> ca_file; // unset: the system's roots
    std::map<std::string, host_address> hosts;
};

struct rbac_section {
    bool enabled = true;
    bool tenant_isolation = true;
};

struct enterprise_section {
    bool usage_tracking = true;
    bool audit_logging = true;
};

struct log_section {
    log::level level = log::level::info;
    log::line_format format = log::line_format::text;
    std::uint32_t lines_per_second = 20; // of one name
};

inline constexpr std::string_view default_tenant = "default";

struct settings {
    webhook_section webhook;
    server_section server;
    data_section data;
    journal_section journal;
    redis_section redis;
    accounts_section accounts;
    limits_section limits;
    duplicates_section duplicates;
    metrics_section metrics;
    std::vector<tenant> tenants{{std::string{default_tenant}, "Default", tier::enterprise}};
    std::vector<source> sources; // the configured ones in their order, then the built-in ones
    n8n_section n8n;
    outbound_section outbound;
    rbac_section rbac;
    enterprise_section enterprise;
    log_section log;

    // What load() found odd but let pass; no setting, and neither rendered nor compared.
    std::vector<config::problem> warnings;
};

} // namespace mira::settings
