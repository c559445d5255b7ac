#include "handlers/settings/schema.hpp"

#include "handlers/settings/bounds.hpp"
#include "handlers/settings/fields.hpp"

#include <array>

namespace mira::settings {
namespace {

using config::applies;
using config::boolean_field;
using config::byte_rate_field;
using config::choice;
using config::choice_field;
using config::duration_field;
using config::integer_field;
using config::networks_field;
using config::number_field;
using config::optional_field;
using config::path_rule;
using config::rate_field;
using config::secret_field;
using config::secret_url_field;
using config::size_field;
using config::text_field;
using config::visitor;

constexpr applies restart = applies::at_restart;
constexpr applies at_once = applies::at_once;

constexpr std::array tls_versions{choice{"1.2", tls_version::tls_1_2}, choice{"1.3", tls_version::tls_1_3}};
constexpr std::array forwarded_ways{
    choice{"none", forwarded_by::none}, choice{"x-forwarded-for", forwarded_by::x_forwarded_for},
    choice{"forwarded", forwarded_by::forwarded}, choice{"proxy-protocol", forwarded_by::proxy_protocol}};
constexpr std::array store_failures{choice{"local", store_failure::local},
                                    choice{"open", store_failure::open},
                                    choice{"closed", store_failure::closed}};
constexpr std::array tiers{choice{"basic", tier::basic}, choice{"professional", tier::professional},
                           choice{"enterprise", tier::enterprise}};
constexpr std::array log_levels{choice{"debug", log::level::debug}, choice{"info", log::level::info},
                                choice{"warn", log::level::warn}, choice{"error", log::level::error},
                                choice{"off", log::level::off}};
constexpr std::array log_formats{choice{"text", log::line_format::text},
                                 choice{"json", log::line_format::json}};

} // namespace

void walk(visitor& v, webhook_section& s) {
    v.visit({"enabled", "Accept webhooks at all."}, boolean_field{s.enabled});
    v.visit({"host", "Address to listen on; localhost is 127.0.0.1.", restart},
            text_field{s.host, address_rule});
    v.visit({"port", "Port to listen on.", restart}, integer_field{s.port, 0, 65'535, "any free port"});
    v.visit({"secret_key",
             "GitHub-style secret of the sources n8n, github, trello and jira of tenant default, where "
             "they are not configured."},
            secret_field{s.secret_key});
    v.visit({"rate_limit_enabled", "Hold sources to their limits."}, boolean_field{s.rate_limit_enabled});
}

void walk(visitor& v, tls_section& s) {
    v.visit({"host", "Address to listen on with TLS.", restart, false, "webhook.host"},
            text_field{s.host, address_rule});
    v.visit({"port", "Port to listen on with TLS.", restart},
            integer_field{s.port, 0, 65'535, "any free port"});
    v.visit({"certificate", "Path of the certificate chain, PEM; read again at every reload.", at_once, true},
            text_field{s.certificate, path_rule});
    v.visit({"key", "Path of the private key, PEM; read again at every reload.", at_once, true},
            text_field{s.key, path_rule});
    v.visit({"min_version", "Oldest version of TLS that is spoken.", restart},
            choice_field{s.min_version, tls_versions});
}

void walk(visitor& v, peer_allowance& s) {
    v.visit({"capacity", "Unverified requests at once.", restart}, integer_field{s.capacity, 1, most_tokens});
    v.visit({"refill", "Unverified requests in the long run.", restart}, rate_field{s.refill, most_tokens});
}

void walk(visitor& v, server_limits& s) {
    constexpr milliseconds tenth{100};
    v.visit({"head_bytes", "Request line and headers together.", restart},
            size_field{s.head_bytes, 4 * kibibyte, 64 * kibibyte});
    v.visit({"target_bytes", "The target in the request line; not above head_bytes.", restart},
            size_field{s.target_bytes, 256, 64 * kibibyte});
    v.visit({"header_fields", "Header fields of a request.", restart},
            integer_field{s.header_fields, 10, 256});
    v.visit({"max_body", "Body of a webhook, for sources that set no max_body."},
            size_field{s.max_body, 1, largest_body});
    v.visit({"header_timeout", "From a request's first byte to the end of its headers.", restart},
            duration_field{s.header_timeout, tenth, minutes{10}});
    v.visit({"body_timeout", "For a whole body.", restart}, duration_field{s.body_timeout, tenth, hours{1}});
    v.visit({"body_grace", "How long a body may arrive at any speed.", restart},
            duration_field{s.body_grace, milliseconds{0}, minutes{5}});
    v.visit({"body_min_rate", "Slowest a body may arrive after the grace.", restart},
            byte_rate_field{s.body_min_rate, 1, gibibyte, "no minimum"});
    v.visit({"idle_timeout", "Between two requests of a connection.", restart},
            duration_field{s.idle_timeout, tenth, hours{1}});
    v.visit({"write_timeout", "For the peer to take an answer.", restart},
            duration_field{s.write_timeout, tenth, hours{1}});
    v.visit({"tls_handshake_timeout", "For a TLS handshake.", restart},
            duration_field{s.tls_handshake_timeout, tenth, minutes{5}});
    v.visit({"connections", "Connections at once.", restart}, integer_field{s.connections, 1, 1'048'576});
    v.visit({"connections_per_address", "Connections of one address at once.", restart},
            integer_field{s.connections_per_address, 1, 1'048'576});
    v.visit({"pipelined_requests", "Requests of a connection that wait for their turn.", restart},
            integer_field{s.pipelined_requests, 1, 64});
    v.visit({"requests_per_connection", "Requests after which a connection is closed.", restart},
            integer_field{s.requests_per_connection, 0, 1'000'000'000, "unlimited"});
    v.visit({"body_memory", "All bodies that are being received, together.", restart},
            size_field{s.body_memory, mebibyte, 1'024 * gibibyte});
    v.section(
        {"unverified_per_address", "What one address may make us check without ever being genuine.", restart},
        s.unverified_per_address);
}

void walk(visitor& v, server_section& s) {
    v.visit({"reactors", "Threads that serve requests.", restart},
            integer_field{s.reactors, 0, 256, "one per core"});
    v.visit({"instance", "This process's name among its like.", restart, false, "the host's name"},
            text_field{s.instance, instance_rule});
    v.visit({"drain_timeout", "How long requests in flight may take to finish at a stop."},
            duration_field{s.drain_timeout, milliseconds{0}, hours{1}});
    v.optional_section({"tls", "A second listener, with TLS.", restart, false, "no TLS"}, s.tls);
    v.visit({"trusted_proxies", "Peers whose word about the client's address is believed."},
            networks_field{s.trusted_proxies, 256});
    v.visit({"forwarded", "How a trusted proxy tells the client's address."},
            choice_field{s.forwarded, forwarded_ways});
    v.visit(
        {"trusted_hops", "How many of our own proxies stand in a row, counted from the right of the header."},
        integer_field{s.trusted_hops, 1, 16});
    v.section({"limits", "What a connection may cost."}, s.limits);
}

void walk(visitor& v, data_section& s) {
    v.visit({"dir", "Folder of the journal and the database; relative to the working directory.", restart},
            text_field{s.dir, path_rule});
}

void walk(visitor& v, journal_section& s) {
    v.visit({"durability",
             "What an acknowledgement promises, for sources that do not say: nothing, to survive the "
             "process, or to survive a power cut."},
            durability_field{s.durability});
    v.visit({"retention", "How long settled events are kept."},
            duration_field{s.retention, minutes{1}, hours{24 * 3'650}, "deleted once settled"});
    v.visit({"max_bytes", "All segments together; at the limit webhooks are answered 503."},
            size_field{s.max_bytes, 2 * mebibyte, 1'048'576 * gibibyte});
    v.visit({"segment_bytes", "One file of the journal; an event must fit.", restart},
            size_field{s.segment_bytes, mebibyte, gibibyte});
    v.visit({"batch_bytes", "What is written at once.", restart},
            size_field{s.batch_bytes, 4 * kibibyte, 64 * mebibyte});
    v.visit({"max_unsynced", "What one reactor may have waiting for the disk; an event must fit.", restart},
            size_field{s.max_unsynced, 64 * kibibyte, gibibyte});
}

void walk(visitor& v, redis_section& s) {
    v.visit({"url", "Redis, for what several instances share; a password in it is masked.", restart, false,
             "the embedded stores"},
            secret_url_field{s.url, redis_url_rule});
}

void walk(visitor& v, accounts_section& s) {
    v.visit({"url", "Where accounts, usage and audit live; a password in it is masked.", restart, false,
             "sqlite:DIR/mira.db in data.dir"},
            secret_url_field{s.url, accounts_url_rule});
}

void walk(visitor& v, limits_section& s) {
    v.optional_section({"default", "The limit of sources that set none.", at_once, false, "no limit"},
                       s.fallback);
    v.visit({"on_store_failure",
             "While the shared store is away: limit by this instance's share, admit, or refuse."},
            choice_field{s.on_store_failure, store_failures});
    v.visit({"tracked_clients", "Clients whose buckets are remembered.", restart},
            integer_field{s.tracked_clients, 1, 10'000'000});
}

void walk(visitor& v, duplicates_section& s) {
    v.visit({"window", "How long a delivery id is remembered.", restart},
            duration_field{s.window, seconds{1}, hours{24 * 30}, "off"});
    v.visit({"max_keys", "Delivery ids remembered at once.", restart},
            integer_field{s.max_keys, 1, 100'000'000});
}

void walk(visitor& v, metrics_section& s) {
    v.visit({"top_tenants", "Tenants with figures of their own; the rest are counted as other.", restart},
            integer_field{s.top_tenants, 0, 1'000});
    v.visit({"uptime_objective", "Success rate, in per cent, from which on the service counts as up."},
            number_field{s.uptime_objective, 0, 100});
}

void walk(visitor& v, tenant& s) {
    v.visit({"id", "The name in URLs and keys.", at_once, true}, text_field{s.id, name_rule});
    v.visit({"name", "The name for people.", at_once, false, "the id"}, text_field{s.name, title_rule});
    v.visit({"tier", "What the tenant has subscribed to."}, choice_field{s.tier, tiers});
}

void walk(visitor& v, n8n_section& s) {
    v.visit({"url", "Where n8n is.", at_once, false, "no n8n"},
            optional_field{s.url, [](std::string& t) {
                               return text_field{t, url_rule};
                           }});
    v.visit({"api_key", "Key of n8n's public API."}, secret_field{s.api_key});
}

void walk(visitor& v, outbound_section& s) {
    v.visit(
        {"enabled",
         "Fetch the keys that providers publish (PayPal, SNS, ...) and confirm subscriptions; without it, "
         "such sources need their keys as secrets.",
         restart},
        boolean_field{s.enabled});
    v.visit({"allow", "Networks that may be connected to although they are not public.", restart},
            networks_field{s.allow, 64});
    v.visit({"timeout", "For one request, from the name to the last byte.", restart},
            duration_field{s.timeout, milliseconds{100}, minutes{1}});
    v.visit({"ca_file",
             "Path of the root certificates, PEM, that servers and signing certificates must lead to.",
             restart, false, "the system's"},
            optional_field{s.ca_file, [](std::string& t) {
                               return text_field{t, path_rule};
                           }});
    v.visit(
        {"hosts",
         "Addresses of names that are not to be looked up; certificates are checked against the name, and an "
         "address that is not public must be in allow as well.",
         restart},
        hosts_field{s.hosts});
}

void walk(visitor& v, rbac_section& s) {
    v.visit({"enabled", "Check permissions; when false whoever is logged in may do everything."},
            boolean_field{s.enabled});
    v.visit({"tenant_isolation", "Keep users within their tenant."}, boolean_field{s.tenant_isolation});
}

void walk(visitor& v, enterprise_section& s) {
    v.visit({"usage_tracking", "Meter what tenants use."}, boolean_field{s.usage_tracking});
    v.visit({"audit_logging", "Record every change and every refused one."}, boolean_field{s.audit_logging});
}

void walk(visitor& v, log_section& s) {
    v.visit({"level", "Least important lines that are written."}, choice_field{s.level, log_levels});
    v.visit({"format", "One line an event either way."}, choice_field{s.format, log_formats});
    v.visit({"lines_per_second", "Lines of one name; what is left out is counted."},
            integer_field{s.lines_per_second, 1, 100'000});
}

void walk(visitor& v, settings& s) {
    v.section({"webhook", "Where webhooks come in."}, s.webhook);
    v.section({"server", "The process and its connections."}, s.server);
    v.section({"data", "Where it is kept."}, s.data);
    v.section({"journal", "How events are kept."}, s.journal);
    v.section({"redis", "The shared store."}, s.redis);
    v.section({"accounts", "The store of accounts."}, s.accounts);
    v.section({"limits", "Rate limits."}, s.limits);
    v.section({"duplicates", "Recognising an event that comes again."}, s.duplicates);
    v.section({"metrics", "What is measured."}, s.metrics);
    v.list({"tenants", "The tenants; default exists even when it is not listed."}, s.tenants, most_tenants);
    v.list({"sources", "The webhook sources."}, s.sources, most_sources);
    v.section({"n8n", "The workflow engine."}, s.n8n);
    v.section({"outbound", "What is fetched from others."}, s.outbound);
    v.section({"rbac", "Roles and permissions."}, s.rbac);
    v.section({"enterprise", "Metering and audit."}, s.enterprise);
    v.section({"log", "The log."}, s.log);
}

std::string label_of(const tenant& t) { return t.id; }

} // namespace mira::settings
