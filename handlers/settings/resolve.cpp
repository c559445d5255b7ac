#include "handlers/settings/resolve.hpp"

#include "handlers/settings/fields.hpp"

#include <algorithm>

namespace mira::settings {
namespace {

std::string canonical_host(const std::string& host) {
    const auto a = config::parse_address(host == "localhost" ? "127.0.0.1" : host);
    return a ? config::format_address(*a) : host;
}

void resolve_server(settings& s, const config::environment& e) {
    s.webhook.host = canonical_host(s.webhook.host);
    if (s.server.tls) {
        auto& host = s.server.tls->host;
        host = host.empty() ? s.webhook.host : canonical_host(host);
    }
    // A host's name may hold anything; what is no instance's name is not worth failing a start for.
    if (s.server.instance.empty()) s.server.instance = e.host_name();
    if (instance_rule.check(s.server.instance) || s.server.instance.size() > instance_rule.most)
        s.server.instance = "mira";
    if (!s.accounts.url) s.accounts.url = secret{"sqlite:" + s.data.dir + "/mira.db"};
}

void resolve_tenants(settings& s) {
    if (std::ranges::find(s.tenants, default_tenant, &tenant::id) == s.tenants.end())
        s.tenants.push_back({std::string{default_tenant}, "Default", tier::enterprise});
    for (tenant& t : s.tenants)
        if (t.name.empty()) t.name = t.id;
}

void resolve_limit(limit& l) {
    if (l.name.empty())
        l.name = l.by == limit_by::client ? "client" : l.by == limit_by::source ? "source" : "tenant";
    if (!l.header) return;
    std::ranges::transform(*l.header, l.header->begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
}

void add_built_in_sources(settings& s) {
    for (const std::string_view name : built_in_sources) {
        const bool configured = std::ranges::any_of(
            s.sources, [&](const source& o) { return o.tenant == default_tenant && o.name == name; });
        if (configured) continue;
        source& added = s.sources.emplace_back();
        added.tenant = default_tenant;
        added.name = name;
        added.scheme.preset = "github";
        if (s.webhook.secret_key) added.secrets.push_back({s.webhook.secret_key, std::nullopt});
        added.built_in = true;
    }
}

void resolve_source(source& o, const settings& s) {
    if (!o.limits) {
        o.limits.emplace();
        if (s.limits.fallback) o.limits->push_back(*s.limits.fallback);
    }
    for (limit& l : *o.limits) resolve_limit(l);
    if (!o.max_body) o.max_body = s.server.limits.max_body;
    if (!o.durability) o.durability = s.journal.durability;
}

} // namespace

void resolve(settings& s, const config::environment& e) {
    resolve_server(s, e);
    resolve_tenants(s);
    if (s.limits.fallback) resolve_limit(*s.limits.fallback);
    add_built_in_sources(s);
    for (source& o : s.sources) resolve_source(o, s);
}

} // namespace mira::settings
