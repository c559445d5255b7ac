#include "handlers/signatures/verifier.hpp"

#include "engine/base/encoding.hpp"
#include "engine/crypto/secure.hpp"
#include "handlers/signatures/host_rule.hpp"
#include "handlers/signatures/timestamp.hpp"

#include <algorithm>

namespace mira::signatures {

std::string verdict::describe() const {
    if (result != outcome::stale) return reason;
    const bool future = age.count() < 0;
    return "timestamp " + std::to_string(future ? -age.count() : age.count()) + " s " +
           (future ? "in the future" : "old") + ", tolerance " + std::to_string(tolerance.count()) + " s";
}

std::string_view verifier::option(std::string_view name) const {
    const auto it = options_.named.find(name);
    return it == options_.named.end() ? std::string_view{} : std::string_view{it->second};
}

seconds verifier::tolerance_for(const scheme& row) const {
    if (options_.tolerance) return *options_.tolerance;
    return seconds{row.time.tolerance_seconds == 0 ? -1 : row.time.tolerance_seconds};
}

bool verifier::fresh(const scheme& row, wall_time signed_at, wall_time now, verdict& v) const {
    v.has_time = true;
    v.signed_at = signed_at;
    const seconds tolerance = tolerance_for(row);
    const nanoseconds age = now - signed_at;
    if (tolerance.count() < 0 || (age <= tolerance && age >= -tolerance)) return true;
    v.result = outcome::stale;
    v.reason = "the timestamp is too far from now";
    v.age = std::chrono::round<seconds>(age);
    v.tolerance = tolerance;
    return false;
}

std::string verifier::effective_url(const signed_request& r) const {
    if (options_.public_url.empty()) return std::string{r.public_url};
    if (r.query.empty() || options_.public_url.find('?') != std::string::npos) return options_.public_url;
    return options_.public_url + "?" + std::string{r.query};
}

const credential* verifier::newest(wall_time now) const {
    for (const credential& c : credentials_)
        if (c.active(now)) return &c;
    return nullptr;
}

bool verifier::has_secret(wall_time now) const {
    if (scheme_->algo == algorithm::none || newest(now) != nullptr) return true;
    if (scheme_->keys.origin != key_origin::configured && options_.keys != nullptr) return true;
    return sibling_ != nullptr && sibling_->has_secret(now);
}

bool verifier::needs_whole_body() const { return whole_body_; }

std::optional<std::string_view> verifier::delivery_id(const signed_request& r, std::string& room) const {
    std::string_view ignored;
    const scheme* other = scheme_->otherwise;
    if (options_.delivery_id.empty() && other != nullptr && other->id.where == field_place::header &&
        find_header(*r.headers, scheme_->signature.name, ignored) == lookup::absent) {
        const auto e = extractor::make(other->id);
        return e ? e->find(r, room) : std::nullopt;
    }
    return id_.find(r, room);
}

std::optional<std::string_view> verifier::event_type(const signed_request& r, std::string& room) const {
    return type_.find(r, room);
}

verdict verifier::check(const signed_request& r) const {
    if (sibling_ == nullptr) return check_own(r);
    if (credentials_.empty()) return sibling_->check(r);
    const verdict own = check_own(r);
    if (own.accepted() || own.result == outcome::missing) return own;
    const verdict other = sibling_->check(r);
    return other.accepted() ? other : own;
}

verdict verifier::check_own(const signed_request& r) const {
    switch (scheme_->algo) {
    case algorithm::none: {
        verdict v;
        v.result = outcome::accepted;
        v.reason = "the scheme has no signature";
        return v;
    }
    case algorithm::token:
    case algorithm::basic: return check_token(r);
    case algorithm::jwt: return check_jwt(r);
    default: break;
    }
    if (scheme_->read != nullptr) return check_claims(r);
    verdict v = check_message(r);
    if (!v.accepted() || scheme_->time.where != time_place::json) return v;
    // The timestamp stands in the body: only now is it known to be the provider's.
    const auto pointer = json_pointer::parse(scheme_->time.name);
    std::string room;
    const auto at = pointer && find_scalar(r.body, *pointer, room)
                        ? parse_timestamp(room, scheme_->time.format)
                        : std::nullopt;
    if (!at) {
        v.result = outcome::invalid;
        v.reason = "the body has no timestamp in the scheme's form";
    } else {
        fresh(*scheme_, *at, r.now, v);
    }
    return v;
}

bool verifier::public_key_signed(const crypto::public_key& k, crypto::hash h, std::string_view message,
                                 std::string_view signature) const {
    if (scheme_->algo == algorithm::ed25519)
        return k.verify_ed25519({as_bytes(message)}, as_bytes(signature));
    std::array<unsigned char, crypto::max_digest_size> room;
    const std::span<const unsigned char> digest{room.data(), crypto::digest(h, as_bytes(message), room)};
    if (scheme_->algo == algorithm::ecdsa) return k.verify_ecdsa(h, digest, as_bytes(signature));
    const auto padding =
        scheme_->algo == algorithm::rsa ? crypto::rsa_padding::pkcs1 : crypto::rsa_padding::pss;
    return k.verify_rsa(h, padding, digest, as_bytes(signature));
}

bool verifier::claim_holds(const claim& c, crypto::hash h, const credential& k) const {
    if (k.pub) return public_key_signed(*k.pub, h, c.message, c.signature);
    std::array<unsigned char, crypto::max_digest_size> code;
    std::size_t n = 0;
    if (scheme_->algo == algorithm::digest) {
        crypto::digester d{h};
        d.update(as_bytes(c.message));
        d.update(k.bytes.bytes()); // claims have the secret last
        n = d.finish(code);
    } else if (k.mac) {
        n = crypto::hmac(*k.mac, as_bytes(c.message), code);
    }
    return n != 0 && crypto::equal_constant_time({code.data(), n}, as_bytes(c.signature));
}

verdict verifier::check_claims(const signed_request& r) const {
    claims c;
    verdict v;
    const std::string url = effective_url(r);
    switch (scheme_->read({r, options_.named, url}, c)) {
    case reading::missing:
        v.result = outcome::missing;
        v.reason = "the request has no signature";
        return v;
    case reading::malformed:
        v.reason = "the signature or what it covers is not in the scheme's form";
        return v;
    case reading::ok: break;
    }
    v = judge_claims(c, r);
    return v;
}

verdict verifier::judge_claims(const claims& c, const signed_request& r) const {
    verdict v;
    if (c.signed_at && !fresh(*scheme_, *c.signed_at, r.now, v)) return v;
    const crypto::hash h = c.hash.value_or(scheme_->hash);
    const auto holds = [&](const credential& k) {
        const auto one = [&](const claim& each) { return claim_holds(each, h, k); };
        if (c.list.empty()) return false;
        return c.all ? std::all_of(c.list.begin(), c.list.end(), one)
                     : std::any_of(c.list.begin(), c.list.end(), one);
    };
    v.reason = "the signature does not match";
    const auto accept = [&v](std::uint8_t index) {
        v.result = outcome::accepted;
        v.secret = index;
        v.reason = "the signature is good";
    };
    if (newest(r.now) == nullptr) {
        const auto key = fetched_key(c.key_id, c.key_url, v);
        if (!key) return v;
        credential k;
        k.pub = *key;
        if (holds(k)) accept(0);
        return v;
    }
    for (const credential& k : credentials_) {
        if (!k.active(r.now) || !holds(k)) continue;
        accept(k.index);
        break;
    }
    return v;
}

std::optional<crypto::public_key> verifier::fetched_key(std::string_view id, std::string_view url,
                                                        verdict& why) const {
    why.result = outcome::invalid;
    why.reason = "the source has no valid secret";
    const key_rule& rule = scheme_->keys;
    if (rule.origin == key_origin::configured || options_.keys == nullptr) return std::nullopt;
    key_request wanted;
    std::string address;
    if (rule.origin == key_origin::by_url) {
        why.reason = "the key's URL is not one of the provider's";
        if (!url_allowed(url, rule.hosts, rule.path_suffix)) return std::nullopt;
        wanted.url = url;
        wanted.names = rule.certificate_names;
    } else {
        why.reason = "the key's id has a form that the scheme does not know";
        if (!is_safe_key_id(id)) return std::nullopt;
        address = rule.url.empty() ? option("jwks_url") : rule.url;
        if (!option("jwks_url").empty()) address = option("jwks_url");
        const auto at = address.find("{kid}");
        wanted.what = at == std::string::npos ? key_request::form::key_set : key_request::form::document;
        if (at != std::string::npos) address.replace(at, 5, id);
        wanted.url = address;
        wanted.id = id;
    }
    wanted.kind = scheme_->algo == algorithm::ed25519 ? crypto::key_kind::ed25519
                  : scheme_->algo == algorithm::ecdsa ? crypto::key_kind::p256
                                                      : crypto::key_kind::rsa;
    key_answer answer = options_.keys->find(wanted);
    if (answer.what == key_answer::state::not_yet) {
        why.result = outcome::key_pending;
        why.reason = "the provider's key is being fetched";
        return std::nullopt;
    }
    why.reason = "the provider has no such key";
    // A token's own algorithm says which kind it needs, and verify_jws() holds it to that.
    const bool of_any_kind = scheme_->algo == algorithm::jwt;
    if (answer.what != key_answer::state::found || !answer.key ||
        (answer.key->kind() != wanted.kind && !of_any_kind))
        return std::nullopt;
    why.reason = "the signature does not match";
    return std::move(answer.key);
}

} // namespace mira::signatures
