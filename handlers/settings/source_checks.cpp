#include "engine/config/units.hpp"
#include "engine/config/wording.hpp"
#include "handlers/settings/bounds.hpp"
#include "handlers/settings/checks.hpp"
#include "handlers/settings/resolve.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <vector>

namespace mira::settings {
namespace {

using config::format_size;
using config::hint;
using config::quoted;

// One source and where it stands.
struct subject {
    const source& o;
    std::string path; // sources[3]
};

void check_scheme(const subject& it, const scheme_catalogue& schemes, findings& f) {
    const scheme_choice& scheme = it.o.scheme;
    if (scheme.own) {
        auto found = schemes.check(*scheme.own);
        const bool sound = found.empty();
        for (config::problem& p : found) f.add_within(it.path + ".scheme", std::move(p));
        if (!sound) return;
    } else if (scheme.preset.empty()) {
        return; // could not be read, which has been told
    } else if (!schemes.knows(scheme.preset)) {
        const auto names = f.full() ? std::vector<std::string>{} : schemes.names();
        return f.error(it.path + ".scheme", "no scheme is called " + quoted(scheme.preset) + "; " +
                                                hint(scheme.preset, config::views(names)));
    }
    for (config::problem& p : schemes.check_source(it.o)) f.add_within(it.path, std::move(p));
}

void check_secrets(const subject& it, const settings& s, const scheme_catalogue& schemes, findings& f) {
    const bool unsigned_source = it.o.scheme.preset == "none";
    if (unsigned_source && (!it.o.secrets.empty() || it.o.learn_secret))
        f.error(it.path + ".scheme",
                "\"none\" verifies nothing, yet the source has secrets; name the scheme that they "
                "are for, or take them out");
    if (unsigned_source && !it.o.allow_unsigned && !only_loopback(s))
        f.error(it.path + ".scheme",
                "\"none\" accepts webhooks from anybody who reaches " + quoted(s.webhook.host) +
                    (s.server.tls ? " or " + quoted(s.server.tls->host) : std::string{}) +
                    "; choose a scheme, listen on 127.0.0.1, or set \"allow_unsigned\": true");
    if (unsigned_source && !it.o.allow_unsigned && !s.server.trusted_proxies.empty())
        f.warn(it.path + ".scheme",
               "\"none\" accepts webhooks from anybody whom the trusted proxies let through");
    const bool fetched = s.outbound.enabled && schemes.publishes_keys(it.o);
    if (!unsigned_source && it.o.secrets.empty() && !it.o.learn_secret && !it.o.built_in && !fetched)
        f.warn(it.path, "the source has no secrets, so it refuses everything");
}

void check_limit(const limit& l, const std::string& path, findings& f) {
    if (l.header && l.by != limit_by::client)
        f.error(path + ".header", "a header names a client: it goes with \"by\": \"client\" only");
}

void check_limits(const subject& it, const settings& s, findings& f) {
    const auto& fallback = s.limits.fallback;
    if (fallback && *it.o.limits == std::vector{*fallback}) return; // checked once, where it stands
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < it.o.limits->size(); ++i) {
        const limit& l = (*it.o.limits)[i];
        const std::string path = it.path + ".limits[" + std::to_string(i) + "]";
        check_limit(l, path, f);
        if (!names.insert(l.name).second)
            f.error(path, "another limit of this source is called " + quoted(l.name) +
                              " as well; give each a \"name\" of its own");
    }
}

void check_body(std::uint64_t body, const std::string& path, const settings& s, findings& f) {
    // What a record holds besides the body stays below its headers and a page.
    const std::uint64_t record = body + s.server.limits.head_bytes + 4 * kibibyte;
    const std::string what = "a body of " + format_size(body);
    if (body > s.server.limits.body_memory)
        f.error(path, what + " would never fit into server.limits.body_memory, " +
                          format_size(s.server.limits.body_memory));
    if (record > s.journal.segment_bytes)
        f.error(path, what + " with its headers would never fit into journal.segment_bytes, " +
                          format_size(s.journal.segment_bytes));
    if (record > s.journal.max_unsynced)
        f.error(path, what + " with its headers would never fit into journal.max_unsynced, " +
                          format_size(s.journal.max_unsynced));
}

void check_acknowledgement(const subject& it, findings& f) {
    if (!it.o.acknowledge) return;
    const acknowledgement& a = *it.o.acknowledge;
    // RFC 9110, 15.3.5 and 15.3.6.
    if ((a.status == 204 || a.status == 205) && a.body && !a.body->empty())
        f.error(it.path + ".acknowledge.body",
                "an answer with status " + std::to_string(a.status) + " has no body");
}

void check_built_in(const subject& it, findings& f) {
    if (!it.o.built_in) return;
    const bool right = it.o.tenant == default_tenant &&
                       std::ranges::find(built_in_sources, it.o.name) != built_in_sources.end();
    if (!right)
        f.error(it.path + ".built_in",
                "only n8n, github, trello and jira of tenant default are built in; leave it out");
}

class tenants_of {
  public:
    explicit tenants_of(const settings& s) {
        for (const tenant& t : s.tenants) ids_.push_back(t.id);
        std::ranges::sort(ids_);
    }
    void check(const subject& it, findings& f) const {
        if (std::ranges::binary_search(ids_, std::string_view{it.o.tenant})) return;
        f.error(it.path + ".tenant", "there is no tenant " + quoted(it.o.tenant) + "; " +
                                         (f.full() ? std::string{} : hint(it.o.tenant, ids_)));
    }

  private:
    std::vector<std::string_view> ids_;
};

} // namespace

void check_sources(const settings& s, const scheme_catalogue& schemes, findings& f) {
    if (s.limits.fallback) check_limit(*s.limits.fallback, "limits.default", f);
    check_body(s.server.limits.max_body, "server.limits.max_body", s, f);
    const tenants_of tenants{s};
    std::map<std::pair<std::string_view, std::string_view>, std::size_t> first;
    for (std::size_t i = 0; i < s.sources.size(); ++i) {
        const subject it{s.sources[i], "sources[" + std::to_string(i) + "]"};
        tenants.check(it, f);
        const auto [other, is_new] = first.try_emplace({it.o.tenant, it.o.name}, i);
        if (!is_new && !it.o.name.empty())
            f.error(it.path + ".name", "the tenant " + quoted(it.o.tenant) + " has a source " +
                                           quoted(it.o.name) + " already" +
                                           f.on_line("sources[" + std::to_string(other->second) + "]"));
        check_scheme(it, schemes, f);
        check_secrets(it, s, schemes, f);
        check_limits(it, s, f);
        if (*it.o.max_body != s.server.limits.max_body)
            check_body(*it.o.max_body, it.path + ".max_body", s, f);
        check_acknowledgement(it, f);
        check_built_in(it, f);
    }
}

} // namespace mira::settings
