#include "handlers/settings/checks.hpp"

#include "engine/config/units.hpp"
#include "engine/config/wording.hpp"

#include <map>

namespace mira::settings {
namespace {

using config::format_size;
using config::quoted;

bool overlap(const std::string& a, const std::string& b) {
    const auto first = config::parse_address(a);
    const auto second = config::parse_address(b);
    if (!first || !second) return false;
    return *first == *second || config::is_unspecified(*first) || config::is_unspecified(*second);
}

void check_listeners(const settings& s, findings& f) {
    if (!s.server.tls) return;
    const tls_section& tls = *s.server.tls;
    if (tls.port == 0 || tls.port != s.webhook.port || !overlap(tls.host, s.webhook.host)) return;
    f.error("server.tls.port", "the port " + std::to_string(tls.port) + " is webhook.port already, on " +
                                   quoted(s.webhook.host) + "; expected another one");
}

void check_proxies(const settings& s, findings& f) {
    const auto everyone = [](const config::network& n) {
        return n.prefix == 0 || (n.prefix == 96 && config::is_unspecified(n.address));
    };
    for (std::size_t i = 0; i < s.server.trusted_proxies.size(); ++i)
        if (everyone(s.server.trusted_proxies[i]))
            f.warn("server.trusted_proxies[" + std::to_string(i) + "]",
                   "every peer is trusted to say who it speaks for: any client can pass for any other");
    if (s.server.forwarded == forwarded_by::proxy_protocol && s.server.trusted_proxies.empty())
        f.warn("server.forwarded",
               "\"proxy-protocol\" is spoken by nobody while server.trusted_proxies is empty");
}

void check_sizes(const settings& s, findings& f) {
    const server_limits& l = s.server.limits;
    if (l.target_bytes > l.head_bytes)
        f.error("server.limits.target_bytes", format_size(l.target_bytes) + " do not fit into head_bytes, " +
                                                  format_size(l.head_bytes) + ", of which they are part");
    const journal_section& j = s.journal;
    if (j.max_bytes < 2 * j.segment_bytes)
        f.error("journal.max_bytes", format_size(j.max_bytes) + " is too little for two segments of " +
                                         format_size(j.segment_bytes) + " (journal.segment_bytes)");
    if (j.batch_bytes > j.segment_bytes)
        f.error("journal.batch_bytes", format_size(j.batch_bytes) + " do not fit into a segment of " +
                                           format_size(j.segment_bytes) + " (journal.segment_bytes)");
}

void check_tenants(const settings& s, findings& f) {
    std::map<std::string_view, std::size_t> first;
    for (std::size_t i = 0; i < s.tenants.size(); ++i) {
        const auto [it, is_new] = first.try_emplace(s.tenants[i].id, i);
        if (is_new || s.tenants[i].id.empty()) continue;
        f.error("tenants[" + std::to_string(i) + "].id",
                "the tenant " + quoted(s.tenants[i].id) + " is listed already" +
                    f.on_line("tenants[" + std::to_string(it->second) + "]"));
    }
}

void check_access(const settings& s, findings& f) {
    if (!s.rbac.enabled)
        f.warn("rbac.enabled", "permissions are not checked: whoever is logged in may do everything");
    if (!s.rbac.tenant_isolation)
        f.warn("rbac.tenant_isolation", "users may see and change what belongs to other tenants");
}

} // namespace

void findings::add(config::severity level, const std::string& path, std::string what) {
    to_.add({level, file_, root_ ? root_->nearest_to(path).at() : config::place{}, path, std::move(what)});
}

void findings::add_within(const std::string& path, config::problem p) {
    p.file = file_;
    if (!p.path.empty() && p.path.front() != '[') p.path.insert(p.path.begin(), '.');
    p.path = path + p.path;
    if (p.at == config::place{} && root_) p.at = root_->nearest_to(p.path).at();
    to_.add(std::move(p));
}

std::string findings::on_line(const std::string& path) const {
    return root_ ? " on line " + std::to_string(root_->nearest_to(path).at().line) : std::string{};
}

bool only_loopback(const settings& s) {
    const auto loopback = [](const std::string& host) {
        const auto a = config::parse_address(host);
        return a && config::is_loopback(*a);
    };
    return loopback(s.webhook.host) && (!s.server.tls || loopback(s.server.tls->host));
}

void check(const settings& s, const scheme_catalogue& schemes, findings& f) {
    check_listeners(s, f);
    check_proxies(s, f);
    check_sizes(s, f);
    check_tenants(s, f);
    check_sources(s, schemes, f);
    check_access(s, f);
}

} // namespace mira::settings
