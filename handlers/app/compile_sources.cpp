#include "handlers/app/compile_sources.hpp"

#include "engine/http/fields.hpp"
#include "handlers/app/learned_secrets.hpp"
#include "handlers/limits/answer_fields.hpp"
#include "handlers/limits/keys.hpp"
#include "handlers/limits/quota.hpp"
#include "handlers/limits/tiers.hpp"
#include "handlers/signatures/custom.hpp"
#include "handlers/signatures/registry.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>

namespace mira::app {
namespace {

using signatures::scheme;

boost::json::value to_json(const config::value& v) {
    using kind = config::value::kind;
    switch (v.type()) {
    case kind::null: return nullptr;
    case kind::boolean: return *v.boolean();
    case kind::string: return boost::json::string{*v.string()};
    case kind::number: return boost::json::parse(v.number_text());
    case kind::array: {
        boost::json::array a;
        for (const config::value& item : v.items()) a.push_back(to_json(item));
        return a;
    }
    case kind::object: {
        boost::json::object o;
        for (const config::member& m : v.members()) o.emplace(m.name, to_json(m.value));
        return o;
    }
    }
    return nullptr;
}

std::shared_ptr<const scheme> scheme_of(const settings::source& s, signatures::config_errors& errors) {
    if (!s.scheme.own) return signatures::shared_scheme(s.scheme.preset);
    const boost::json::value own = to_json(*s.scheme.own);
    if (!own.is_object()) {
        errors.push_back({"scheme", "a scheme of your own is an object"});
        return nullptr;
    }
    auto made = signatures::scheme_from_json(own.get_object(), "scheme");
    if (made) return *made;
    errors = made.error();
    return nullptr;
}

std::string locator_text(const settings::locator& l) {
    using kind = settings::locator::kind;
    return l.where == kind::header || l.where == kind::pointer ? l.text : std::string{};
}

signatures::verifier::made make_verifier(const settings::source& s, std::shared_ptr<const scheme> row,
                                         signatures::key_source* keys,
                                         const std::optional<std::string>& learned) {
    std::vector<signatures::configured_secret> secrets;
    for (const config::expiring_secret& e : s.secrets)
        secrets.push_back({crypto::secret_bytes{e.value.expose()}, e.not_after});
    if (secrets.empty() && learned) secrets.push_back({crypto::secret_bytes{*learned}, std::nullopt});
    signatures::verifier_options o;
    o.where = "";
    if (s.tolerance) o.tolerance = std::chrono::ceil<seconds>(*s.tolerance);
    o.public_url = s.public_url.value_or("");
    for (const auto& [name, value] : s.options) o.named.emplace(name, std::string{value.expose()});
    o.delivery_id = locator_text(s.duplicate_key);
    o.event_type = locator_text(s.event_type);
    o.keys = keys;
    return signatures::verifier::make(std::move(row), secrets, std::move(o));
}

bool looks_at_url(const scheme& row) {
    for (const signatures::part& p : row.message)
        if (p.kind == signatures::part_kind::url || p.kind == signatures::part_kind::url_decoded) return true;
    return row.read != nullptr || (row.otherwise != nullptr && looks_at_url(*row.otherwise));
}

std::string in_lower_case(std::string_view name) {
    std::string lower{name};
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return lower;
}

// The headers in which the secret itself is sent, or a token that is as good: whoever reads the journal must
// not be able to post in the provider's name.
std::vector<std::string> fields_with_secrets(const scheme& row) {
    using signatures::algorithm;
    using signatures::place;
    std::vector<std::string> names;
    for (const scheme* s = &row; s != nullptr; s = s->otherwise) {
        const bool sent = s->algo == algorithm::token || s->algo == algorithm::basic ||
                          (s->algo == algorithm::jwt && !s->detached);
        if (sent && (s->signature.where == place::header || s->signature.where == place::header_list))
            names.push_back(in_lower_case(s->signature.name));
    }
    return names;
}

// What replay and forwarding need: what the body is, and the fields that the scheme names the event by.
std::vector<std::string> default_fields(const scheme& row) {
    std::vector<std::string> names{"content-type", "content-encoding", "user-agent"};
    const auto add = [&](std::string_view name) {
        std::string lower = in_lower_case(name);
        if (!lower.empty() && std::ranges::find(names, lower) == names.end())
            names.push_back(std::move(lower));
    };
    if (row.id.where == signatures::field_place::header) add(row.id.name);
    if (row.type.where == signatures::field_place::header) add(row.type.name);
    if (row.time.where == signatures::time_place::header) add(row.time.name);
    return names;
}

ports::bucket_spec spec_of(const settings::limit& l) {
    ports::bucket_spec spec;
    spec.capacity = static_cast<std::int64_t>(l.capacity);
    spec.refill = static_cast<std::int64_t>(l.refill.amount);
    spec.period = l.refill.period;
    return spec;
}

webhook::source_limit compile_limit(const settings::source& s, const settings::limit& l) {
    webhook::source_limit out;
    using by = webhook::source_limit::by;
    out.name = l.name;
    if (l.by == settings::limit_by::source)
        out.who = by::source;
    else if (l.by == settings::limit_by::tenant)
        out.who = by::tenant;
    else
        out.who = l.header ? by::header : by::client;
    out.header = l.header.value_or("");
    // All sources of a tenant share its bucket.
    out.request.key = limits::limit_key(
        s.tenant, out.who == by::tenant ? std::string_view{} : std::string_view{s.name}, l.name);
    out.request.spec = spec_of(l);
    return out;
}

void compile_limits(webhook::source& out, const settings::source& s) {
    for (const settings::limit& l : *s.limits) out.limits.push_back(compile_limit(s, l));
    std::vector<limits::limit_request> requests;
    for (const webhook::source_limit& l : out.limits) {
        out.limit_names.emplace_back(l.name);
        requests.push_back(l.request);
    }
    std::array<char, limits::answer_field_size> room;
    out.rate_limit_policy = limits::rate_limit_policy(room, out.limit_names, requests);
}

void compile_answer(webhook::source& out, const settings::source& s) {
    const signatures::acknowledgement& usual = out.verifier->ack();
    if (s.acknowledge) {
        out.ack_status = s.acknowledge->status;
        out.own_ack = s.acknowledge->body.has_value();
        out.ack_type = s.acknowledge->content_type;
        out.ack_body = s.acknowledge->body.value_or("");
    } else if (usual.status != 0) {
        out.own_ack = true;
        out.ack_status = usual.status;
        out.ack_type = usual.content_type;
        out.ack_body = usual.body;
    }
    if (out.own_ack && out.ack_body.empty()) out.ack_type.clear();
}

webhook::shed_class compile_shed(const settings::source& s, const signatures::verifier& v) {
    if (!s.shed) return v.after_failure();
    switch (*s.shed) {
    case settings::shed_class::never: return webhook::shed_class::never;
    case settings::shed_class::minutes: return webhook::shed_class::minutes;
    case settings::shed_class::hours: return webhook::shed_class::hours;
    case settings::shed_class::days: break;
    }
    return webhook::shed_class::days;
}

storage::durability level_of(settings::durability d) {
    switch (d) {
    case settings::durability::memory: return storage::durability::memory;
    case settings::durability::written: return storage::durability::written;
    case settings::durability::fsync: break;
    }
    return storage::durability::fsync;
}

std::int64_t quota_of(const settings::settings& all, std::string_view tenant) {
    for (const settings::tenant& t : all.tenants)
        if (t.id == tenant) return limits::limits_of(static_cast<limits::tier>(t.tier)).webhooks_per_day;
    return 0;
}
static_assert(static_cast<int>(limits::tier::enterprise) == static_cast<int>(settings::tier::enterprise) &&
              static_cast<int>(limits::tier::basic) == static_cast<int>(settings::tier::basic));

std::unique_ptr<const webhook::source> compile_source(const compile_inputs& in, const settings::source& s,
                                                      signatures::config_errors& errors) {
    auto row = scheme_of(s, errors);
    if (!row) return nullptr;
    const auto learned = in.learned != nullptr ? in.learned->find(s.tenant, s.name) : std::nullopt;
    auto verifier = make_verifier(s, row, in.keys, learned);
    if (!verifier) {
        errors = verifier.error();
        return nullptr;
    }
    auto out = std::make_unique<webhook::source>();
    out->tenant = s.tenant;
    out->name = s.name;
    out->figures = in.labels.slot(s.tenant + "/" + s.name);
    out->enabled = s.enabled;
    out->is_unsigned = row->algo == signatures::algorithm::none;
    out->verifier = std::move(*verifier);
    out->signs_url = looks_at_url(*row);
    out->max_body = *s.max_body;
    out->level = level_of(*s.durability);
    compile_limits(*out, s);
    out->quota = limits::quota_key(s.tenant);
    out->quota_per_day = quota_of(in.from, s.tenant);
    out->deduplicates =
        s.duplicate_key.where != settings::locator::kind::none && in.from.duplicates.window > milliseconds{0};
    using kept = settings::kept_headers::kind;
    out->keeps_all_fields = s.keep_headers.which == kept::all;
    out->kept_fields = webhook::field_names{s.keep_headers.which == kept::listed ? s.keep_headers.names
                                                                                 : default_fields(*row)};
    out->withheld_fields =
        webhook::field_names{fields_with_secrets(out->verifier->row())}; // with the options put in
    compile_answer(*out, s);
    out->sheds = compile_shed(s, *out->verifier);
    out->logs = std::ranges::any_of(s.pipeline, [](const settings::step& st) { return st.handler == "log"; });
    out->learns_secret = s.learn_secret;
    return out;
}

std::vector<config::problem> as_problems(const signatures::config_errors& errors) {
    std::vector<config::problem> all;
    for (const signatures::config_error& e : errors) {
        config::problem p;
        p.path = e.where.starts_with('.') ? e.where.substr(1) : e.where;
        p.what = e.what;
        all.push_back(std::move(p));
    }
    return all;
}

} // namespace

bool scheme_registry::knows(std::string_view preset) const {
    return signatures::find_scheme(preset) != nullptr;
}

std::vector<std::string> scheme_registry::names() const {
    const auto& all = signatures::scheme_names();
    return {all.begin(), all.end()};
}

std::vector<config::problem> scheme_registry::check(const config::value& own) const {
    const boost::json::value v = to_json(own);
    if (!v.is_object()) return {};
    const auto made = signatures::scheme_from_json(v.get_object(), "");
    return made ? std::vector<config::problem>{} : as_problems(made.error());
}

std::vector<config::problem> scheme_registry::check_source(const settings::source& s) const {
    signatures::config_errors errors;
    const auto row = scheme_of(s, errors);
    if (!row) return as_problems(errors);
    const auto made = make_verifier(s, row, nullptr, std::nullopt);
    return made ? std::vector<config::problem>{} : as_problems(made.error());
}

bool scheme_registry::publishes_keys(const settings::source& s) const {
    const auto row = s.scheme.own ? nullptr : signatures::find_scheme(s.scheme.preset);
    if (!row) return false;
    const signatures::key_rule& rule = row->keys;
    return rule.origin == signatures::key_origin::by_url ||
           (rule.origin == signatures::key_origin::by_id &&
            (!rule.url.empty() || s.options.contains("jwks_url")));
}

std::shared_ptr<const webhook::snapshot> compile_sources(const compile_inputs& in,
                                                         std::vector<std::string>& problems) {
    auto out = std::make_shared<webhook::snapshot>();
    out->accepts_webhooks = in.from.webhook.enabled;
    out->limits_enabled = in.from.webhook.rate_limit_enabled;
    for (const settings::source& s : in.from.sources) {
        signatures::config_errors errors;
        auto compiled = compile_source(in, s, errors);
        if (compiled) {
            out->sources.push_back(std::move(compiled));
            continue;
        }
        for (const signatures::config_error& e : errors)
            problems.push_back("source " + s.tenant + "/" + s.name + ": " + e.where + ": " + e.what);
    }
    if (!problems.empty()) return nullptr;
    out->build_index();
    return out;
}

} // namespace mira::app
