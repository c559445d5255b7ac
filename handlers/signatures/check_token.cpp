// Schemes that send the secret itself, and JSON Web Tokens.
#include "engine/base/encoding.hpp"
#include "engine/crypto/digest.hpp"
#include "engine/crypto/secure.hpp"
#include "handlers/signatures/header_shape.hpp"
#include "handlers/signatures/query.hpp"
#include "handlers/signatures/verifier.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <cstdint>

namespace mira::signatures {
namespace {

constexpr seconds token_leeway{60}; // between the clocks of issuer and us, where the source sets no tolerance

struct sent_tokens {
    outcome result = outcome::accepted; // missing or invalid where there are none
    std::vector<std::string> all;       // every one must be the secret
};

sent_tokens none(outcome o) { return {o, {}}; }

sent_tokens from_header(const signature_place& at, const signed_request& r) {
    std::string_view value;
    switch (find_header(*r.headers, at.name, value)) {
    case lookup::absent: return none(outcome::missing);
    case lookup::many: return none(outcome::invalid);
    case lookup::one: break;
    }
    const auto token = behind_prefix(value, at.prefix, true);
    if (!token || token->empty()) return none(outcome::invalid);
    return {outcome::accepted, {std::string{*token}}};
}

sent_tokens from_query(const signature_place& at, const signed_request& r) {
    std::string_view raw;
    switch (find_parameter(r.query, at.name, raw)) {
    case parameter::absent: return none(outcome::missing);
    case parameter::many: return none(outcome::invalid);
    case parameter::one: break;
    }
    auto token = percent_decoded(raw, true);
    if (!token || token->empty()) return none(outcome::invalid);
    return {outcome::accepted, {std::move(*token)}};
}

sent_tokens from_json(const signature_place& at, const signed_request& r) {
    const auto pointer = json_pointer::parse(at.name);
    std::string room;
    if (!pointer || !find_scalar(r.body, *pointer, room) || room.empty()) return none(outcome::missing);
    return {outcome::accepted, {std::move(room)}};
}

// "/list/*/field" of every element; a list without elements proves nothing.
sent_tokens from_each(const signature_place& at, const signed_request& r) {
    boost::system::error_code ec;
    const auto document = boost::json::parse(r.body, ec);
    if (ec) return none(outcome::invalid);
    const auto star = at.name.find("/*/");
    const auto* list = document.find_pointer(at.name.substr(0, star), ec);
    if (list == nullptr || !list->is_array() || list->get_array().empty()) return none(outcome::missing);
    sent_tokens out;
    for (const auto& element : list->get_array()) {
        const auto* v = element.find_pointer(at.name.substr(star + 2), ec);
        if (v == nullptr || !v->is_string()) return none(outcome::missing);
        out.all.emplace_back(std::string_view{v->get_string()});
    }
    return out;
}

bool ends_name(char c) { return c == ' ' || c == '>' || c == '/' || c == '\t' || c == '\r' || c == '\n'; }

// The text of the only element of that local name, without entities: not an XML parser, and it needs none for
// an id.
sent_tokens from_xml(const signature_place& at, const signed_request& r) {
    std::optional<std::string_view> found;
    for (std::size_t i = r.body.find('<'); i != std::string_view::npos; i = r.body.find('<', i + 1)) {
        std::string_view tag = r.body.substr(i + 1);
        if (tag.starts_with("!"))
            return none(outcome::invalid); // comments, CDATA and DTDs could hide an element
        if (tag.starts_with("/") || tag.starts_with("?")) continue;
        const auto close = tag.find('>');
        if (close == std::string_view::npos || close == 0) return none(outcome::invalid);
        std::size_t end = 0;
        while (!ends_name(tag[end])) ++end;
        std::string_view name = tag.substr(0, end);
        if (const auto colon = name.find(':'); colon != std::string_view::npos) name.remove_prefix(colon + 1);
        if (name != at.name) continue;
        if (found) return none(outcome::invalid);
        const std::string_view rest = tag.substr(close + 1);
        found = rest.substr(0, rest.find('<'));
        if (tag[close - 1] == '/') found = std::string_view{};
    }
    if (!found || found->empty()) return none(outcome::missing);
    return {outcome::accepted, {std::string{*found}}};
}

sent_tokens sent_by(const scheme& s, const signed_request& r) {
    switch (s.signature.where) {
    case place::header: return from_header(s.signature, r);
    case place::query: return from_query(s.signature, r);
    case place::json: return from_json(s.signature, r);
    case place::json_each: return from_each(s.signature, r);
    case place::xml: return from_xml(s.signature, r);
    default: return none(outcome::invalid);
    }
}

// HTTP Basic, RFC 7617: what is compared is the decoded pair.
bool decode_basic(sent_tokens& t) {
    for (std::string& s : t.all) {
        auto pair = from_base64(s);
        if (!pair) return false;
        s = std::move(*pair);
    }
    return true;
}

std::optional<std::int64_t> number(const boost::json::object& o, std::string_view name, bool& malformed) {
    const auto* v = o.if_contains(name);
    if (v == nullptr) return std::nullopt;
    constexpr std::int64_t latest = 1'000'000'000'000; // a count of milliseconds would be more
    if (v->is_int64() && v->get_int64() >= 0 && v->get_int64() < latest) return v->get_int64();
    if (v->is_double() && v->get_double() >= 0 && v->get_double() < static_cast<double>(latest))
        return static_cast<std::int64_t>(v->get_double());
    malformed = true;
    return std::nullopt;
}

bool names(const boost::json::value* v, std::string_view wanted) {
    if (v == nullptr) return false;
    if (v->is_string()) return std::string_view{v->get_string()} == wanted;
    if (!v->is_array()) return false;
    for (const auto& each : v->get_array())
        if (each.is_string() && std::string_view{each.get_string()} == wanted) return true;
    return false;
}

bool body_hash_is(const boost::json::value* v, std::string_view body) {
    if (v == nullptr || !v->is_string()) return false;
    std::array<unsigned char, 32> told, actual;
    if (from_base64(std::string_view{v->get_string()}, told) != 32u) return false;
    crypto::digest(crypto::hash::sha256, as_bytes(body), actual);
    return crypto::equal_constant_time(told, actual);
}

struct token_rules {
    std::string_view issuer, audience, body_hash_claim;
    seconds leeway;
};

// The registered claims of RFC 7519 section 4.1, of a token whose signature is good.
void judge_payload(std::string_view payload, const signed_request& r, const token_rules& rules, verdict& v) {
    v.result = outcome::invalid;
    boost::system::error_code ec;
    const auto document = boost::json::parse(payload, ec);
    v.reason = "the token's payload is no JSON object";
    if (ec || !document.is_object()) return;
    const auto& o = document.get_object();
    bool malformed = false;
    const auto expires = number(o, "exp", malformed), begins = number(o, "nbf", malformed);
    v.reason = "the token's exp or nbf is no time";
    if (malformed) return;
    v.reason = "the token is of another issuer";
    if (!rules.issuer.empty() && !names(o.if_contains("iss"), rules.issuer)) return;
    v.reason = "the token is for another audience";
    if (!rules.audience.empty() && !names(o.if_contains("aud"), rules.audience)) return;
    v.reason = "the token does not cover this body";
    if (!rules.body_hash_claim.empty() && !body_hash_is(o.if_contains(rules.body_hash_claim), r.body)) return;
    const std::int64_t now = unix_seconds(r.now), leeway = rules.leeway.count();
    const auto far = [&](std::int64_t limit) {
        v.result = outcome::stale;
        v.age = seconds{now - limit};
        v.tolerance = rules.leeway;
    };
    v.reason = "the token has expired";
    if (expires && now - leeway > *expires) return far(*expires);
    v.reason = "the token is not valid yet";
    if (begins && now + leeway < *begins) return far(*begins);
    v.result = outcome::accepted;
    v.reason = "the signature is good";
}

} // namespace

verdict verifier::check_token(const signed_request& r) const {
    verdict v;
    sent_tokens sent = sent_by(*scheme_, r);
    if (sent.result == outcome::accepted && scheme_->algo == algorithm::basic && !decode_basic(sent))
        sent = none(outcome::invalid);
    if (sent.result != outcome::accepted) {
        v.result = sent.result;
        v.reason = sent.result == outcome::missing ? "the request has no token"
                                                   : "the token is malformed or stands more than once";
        return v;
    }
    v.reason = newest(r.now) == nullptr ? "the source has no valid secret" : "the token is wrong";
    for (const credential& c : credentials_) {
        bool all = c.active(r.now);
        for (const std::string& t : sent.all) all &= crypto::equal_constant_time(t, c.bytes.view());
        if (!all) continue;
        v.result = outcome::accepted;
        v.secret = c.index;
        v.reason = "the token is good";
        break;
    }
    for (std::string& t : sent.all) crypto::wipe({reinterpret_cast<unsigned char*>(t.data()), t.size()});
    return v;
}

verdict verifier::check_jwt(const signed_request& r) const {
    verdict v;
    std::string_view text = r.body;
    if (scheme_->signature.where == place::header) {
        const auto found = find_header(*r.headers, scheme_->signature.name, text);
        if (found == lookup::absent) {
            v.result = outcome::missing;
            v.reason = "the request has no token";
            return v;
        }
        v.reason = "the token is malformed or stands more than once";
        const auto token = behind_prefix(text, scheme_->signature.prefix, true);
        if (found == lookup::many || !token) return v;
        text = *token;
    } else if (text.empty()) {
        v.result = outcome::missing;
        v.reason = "the request has no token";
        return v;
    }
    v.reason = "the token is malformed or stands more than once";
    const auto j = crypto::parse_jws(text);
    if (!j || j->payload.empty() != scheme_->detached) return v;
    const std::string_view detached = scheme_->detached ? r.body : std::string_view{};

    bool good = false;
    v.reason = "the signature does not match";
    for (const credential& c : credentials_) {
        if (good || !c.active(r.now) || !c.token_key || !crypto::verify_jws(*j, *c.token_key, detached))
            continue;
        good = true;
        v.secret = c.index;
    }
    if (newest(r.now) == nullptr) {
        const auto key = fetched_key(j->key_id, {}, v);
        if (!key) return v;
        good = crypto::verify_jws(*j, crypto::jws_key{*key}, detached);
    }
    if (!good) return v;
    if (scheme_->detached) {
        v.result = outcome::accepted;
        v.reason = "the signature is good";
        return v;
    }
    const auto payload = from_base64(j->payload, base64_alphabet::url);
    if (!payload) return v;
    const seconds leeway = options_.tolerance.value_or(token_leeway);
    judge_payload(*payload, r,
                  {option("issuer"), option("audience"), scheme_->body_hash_claim,
                   leeway.count() < 0 ? seconds{1'000'000'000} : leeway},
                  v);
    return v;
}

} // namespace mira::signatures
