// How a verifier is made of a scheme, secrets and options: everything that can be wrong is found here, once.
#include "handlers/signatures/host_rule.hpp"
#include "handlers/signatures/verifier.hpp"

#include <algorithm>

namespace mira::signatures {
namespace {

bool lists(const scheme& s, std::string_view name) {
    return std::any_of(s.options.begin(), s.options.end(),
                       [&](const option_rule& o) { return o.name == name; });
}

void check_options(const scheme& s, const verifier_options& o, config_errors& errors) {
    for (const auto& [name, value] : o.named) {
        if (lists(s, name) && !name.empty()) continue;
        std::string known;
        for (const option_rule& rule : s.options)
            if (!rule.name.empty()) known += (known.empty() ? "" : ", ") + std::string{rule.name};
        errors.push_back({o.where, "the scheme " + std::string{s.name} + " has no option \"" + name +
                                       "\"; it knows " + (known.empty() ? "none" : known)});
    }
    for (const option_rule& rule : s.options) {
        if (rule.name.empty() || !rule.required) continue;
        const auto it = o.named.find(rule.name);
        if (it == o.named.end() || it->second.empty())
            errors.push_back({o.where, "the scheme " + std::string{s.name} + " needs the option \"" +
                                           std::string{rule.name} + "\""});
    }
    if (!o.public_url.empty() && !o.public_url.starts_with("https://") &&
        !o.public_url.starts_with("http://"))
        errors.push_back(
            {o.where, "public_url must be an absolute URL that begins with https:// or http://"});
    if (const auto jwks = o.named.find("jwks_url");
        jwks != o.named.end() && !jwks->second.starts_with("https://"))
        errors.push_back({o.where, "jwks_url must begin with https://"});
    // The id comes from a request that nobody has verified: it must not choose the host.
    else if (jwks != o.named.end() && jwks->second.find("{kid}") < jwks->second.find('/', 8))
        errors.push_back({o.where, "jwks_url must have {kid} in its path, not in its host"});
}

// Schemes whose header is the tenant's to choose (token, hmac, the URL secrets): the row with the options put
// in. The options' text must outlive the row, and so must the row that it was made of.
std::shared_ptr<const scheme> customised(const std::shared_ptr<const scheme>& base, const verifier_options& o,
                                         config_errors& errors) {
    const auto text = [&](std::string_view name) -> const std::string* {
        const auto it = lists(*base, name) ? o.named.find(name) : o.named.end();
        return it == o.named.end() ? nullptr : &it->second;
    };
    const auto *name = text("header"), *query = text("query"), *prefix = text("prefix"), *hash = text("hash"),
               *form = text("encoding");
    if (!name && !query && !prefix && !hash && !form) return base;
    auto row = std::make_unique<scheme>(*base);
    const auto complain = [&](const std::string& what) { errors.push_back({o.where, what}); };
    if (name && query) complain("either \"header\" or \"query\" says where the secret is, not both");
    if (name && !http::is_token(*name)) complain("\"header\" is no header name");
    if (query && query->empty()) complain("\"query\" is no parameter name");
    if (name)
        row->signature = in_header(*name, row->signature.where == place::header ? row->signature.prefix
                                                                                : std::string_view{});
    if (query) row->signature = {place::query, *query};
    if (prefix) row->signature.prefix = *prefix;
    if (hash) {
        if (*hash == "sha1")
            row->hash = crypto::hash::sha1;
        else if (*hash == "sha256")
            row->hash = crypto::hash::sha256;
        else if (*hash == "sha384")
            row->hash = crypto::hash::sha384;
        else if (*hash == "sha512")
            row->hash = crypto::hash::sha512;
        else
            complain("\"hash\" must be sha1, sha256, sha384 or sha512");
    }
    if (form) {
        if (*form == "hex")
            row->text = encoding::hex;
        else if (*form == "base64")
            row->text = encoding::base64;
        else if (*form == "base64url")
            row->text = encoding::base64url;
        else
            complain("\"encoding\" must be hex, base64 or base64url");
    }
    return {row.release(), [base](const scheme* p) { delete p; }};
}

bool needs_whole(const scheme& s) {
    const bool field = s.signature.where == place::json || s.signature.where == place::json_each ||
                       s.signature.where == place::xml || s.signature.where == place::body;
    return s.algo == algorithm::ed25519 || s.read != nullptr || field || s.time.where == time_place::json ||
           s.algo == algorithm::token || s.algo == algorithm::basic || s.algo == algorithm::jwt ||
           s.algo == algorithm::none;
}

std::optional<extractor> override_or(const std::string& own, const field_rule& rule, const char* what,
                                     const std::string& where, config_errors& errors) {
    auto e = own.empty() ? extractor::make(rule) : extractor::parse(own);
    if (!e)
        errors.push_back(
            {where, std::string{what} + " must be a header name or a JSON pointer such as /data/id"});
    return e;
}

} // namespace

verifier::made verifier::make(const std::shared_ptr<const scheme>& s,
                              std::span<const configured_secret> secrets, verifier_options options) {
    if (s == nullptr) return config_errors{{options.where, "there is no such scheme"}};
    config_errors errors;
    std::shared_ptr<verifier> v{new verifier};
    v->options_ = std::move(options);
    const verifier_options& o = v->options_;
    check_options(*s, o, errors);
    if (auto e = override_or(o.delivery_id, s->id, "delivery_id", o.where, errors)) v->id_ = std::move(*e);
    if (auto e = override_or(o.event_type, s->type, "event_type", o.where, errors)) v->type_ = std::move(*e);
    v->scheme_ = customised(s, o, errors);
    const scheme& row = *v->scheme_;

    if (secrets.size() > most_secrets)
        errors.push_back({o.where, std::to_string(secrets.size()) + " secrets; at most " +
                                       std::to_string(most_secrets) +
                                       " can be active at once: remove the oldest"});
    std::shared_ptr<verifier> sibling;
    for (std::size_t i = 0; i < secrets.size() && i < most_secrets; ++i) {
        const bool of_sibling = row.public_sibling != nullptr && is_ed25519_secret(secrets[i].text.view());
        auto made = make_credential(of_sibling ? *row.public_sibling : row, secrets[i].text.view());
        if (const auto* why = std::get_if<std::string>(&made)) {
            errors.push_back({o.where + ".secrets[" + std::to_string(i) + "]", *why});
            continue;
        }
        auto& c = std::get<credential>(made);
        c.index = static_cast<std::uint8_t>(i);
        c.not_after = secrets[i].not_after;
        if (of_sibling && !sibling) {
            sibling.reset(new verifier);
            sibling->scheme_ = {s, row.public_sibling};
            sibling->options_ = o;
            sibling->whole_body_ = needs_whole(*row.public_sibling);
        }
        (of_sibling ? sibling : v)->credentials_.push_back(std::move(c));
    }
    if (!errors.empty()) return errors;
    v->sibling_ = std::move(sibling);
    v->whole_body_ = needs_whole(row) || v->sibling_ != nullptr;
    for (const handshake_rule& h : row.handshakes) {
        switch (h.kind) {
        case handshake::none: break;
        case handshake::head_ok: v->head_handshake_ = true; break;
        case handshake::get_ok:
        case handshake::get_echo:
        case handshake::get_subscribe:
        case handshake::get_subscribe_json:
        case handshake::get_oura:
        case handshake::get_okta:
        case handshake::get_crc_token:
        case handshake::get_linkedin:
        case handshake::get_ebay: v->get_handshake_ = true; break;
        case handshake::get_head_header_echo:
            v->get_handshake_ = v->head_handshake_ = v->post_handshake_ = true;
            break;
        default: (is_signed(h.kind) ? v->signed_handshake_ : v->post_handshake_) = true; break;
        }
    }
    return std::shared_ptr<const verifier>{std::move(v)};
}

} // namespace mira::signatures
