#include "engine/crypto/jws.hpp"

#include "engine/base/encoding.hpp"
#include "engine/crypto/hmac.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <utility>

namespace mira::crypto {
namespace {

struct algorithm_row {
    jws_algorithm algorithm;
    std::string_view name;
    std::optional<key_kind> key; // none: a shared secret
    hash digest;
};
constexpr std::array<algorithm_row, 9> algorithms{{
    {jws_algorithm::hs256, "HS256", std::nullopt, hash::sha256},
    {jws_algorithm::hs384, "HS384", std::nullopt, hash::sha384},
    {jws_algorithm::hs512, "HS512", std::nullopt, hash::sha512},
    {jws_algorithm::rs256, "RS256", key_kind::rsa, hash::sha256},
    {jws_algorithm::rs384, "RS384", key_kind::rsa, hash::sha384},
    {jws_algorithm::rs512, "RS512", key_kind::rsa, hash::sha512},
    {jws_algorithm::ps512, "PS512", key_kind::rsa, hash::sha512},
    {jws_algorithm::es256, "ES256", key_kind::p256, hash::sha256},
    {jws_algorithm::eddsa, "EdDSA", key_kind::ed25519, hash::sha512},
}};

const algorithm_row& row_of(jws_algorithm a) { return algorithms[static_cast<std::size_t>(a)]; }

// RFC 7515 section 2: base64url without padding.
std::optional<std::string> decode(std::string_view part) {
    if (part.find('=') != std::string_view::npos) return std::nullopt;
    return from_base64(part, base64_alphabet::url);
}

bool is_base64url(std::string_view s) {
    for (const char c : s) {
        const bool ok = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                        c == '-' || c == '_';
        if (!ok) return false;
    }
    return true;
}

bool read_header(std::string_view text, jws& out) {
    boost::system::error_code ec;
    const boost::json::value v = boost::json::parse(text, ec);
    if (ec || !v.is_object()) return false;
    const auto& o = v.get_object();
    if (o.contains("crit") || o.contains("b64")) return false;
    const auto* alg = o.if_contains("alg");
    if (alg == nullptr || !alg->is_string()) return false;
    const auto known = parse_jws_algorithm(alg->get_string());
    if (!known) return false;
    out.algorithm = *known;
    if (const auto* kid = o.if_contains("kid")) {
        if (!kid->is_string()) return false;
        out.key_id = kid->get_string();
    }
    return true;
}

// The text that is signed: header "." payload, both base64url.
template <class Sink>
void feed(const jws& j, std::string_view detached, Sink&& sink) {
    sink(as_bytes(j.header));
    sink(as_bytes("."));
    if (j.payload.empty())
        sink(as_bytes(to_base64(as_bytes(detached), base64_alphabet::url)));
    else
        sink(as_bytes(j.payload));
}

bool verify_hmac(const jws& j, hash h, const secret_bytes& secret, std::string_view detached) {
    const hmac_key key{h, secret.bytes()};
    hmac_stream s{key};
    feed(j, detached, [&s](std::span<const unsigned char> b) { s.update(b); });
    std::array<unsigned char, max_digest_size> code;
    const std::size_t n = s.finish(code);
    return n != 0 && equal_constant_time({code.data(), n}, as_bytes(j.signature));
}

bool verify_public(const jws& j, hash h, const public_key& key, std::string_view detached) {
    if (key.kind() == key_kind::ed25519) {
        std::string message;
        feed(j, detached, [&message](std::span<const unsigned char> b) { message += as_text(b); });
        return key.verify_ed25519({as_bytes(message)}, as_bytes(j.signature));
    }
    digester d{h};
    feed(j, detached, [&d](std::span<const unsigned char> b) { d.update(b); });
    std::array<unsigned char, max_digest_size> digest;
    const std::span<const unsigned char> whole{digest.data(), d.finish(digest)};
    if (key.kind() == key_kind::p256) return key.verify_ecdsa_raw(h, whole, as_bytes(j.signature));
    const auto padding = j.algorithm == jws_algorithm::ps512 ? rsa_padding::pss : rsa_padding::pkcs1;
    return key.verify_rsa(h, padding, whole, as_bytes(j.signature));
}

} // namespace

std::string_view to_string(jws_algorithm a) { return row_of(a).name; }

std::optional<jws_algorithm> parse_jws_algorithm(std::string_view name) {
    for (const auto& r : algorithms)
        if (r.name == name) return r.algorithm;
    return std::nullopt;
}

bool fits(jws_algorithm a, const jws_key& key) {
    const auto* k = std::get_if<public_key>(&key);
    const auto wanted = row_of(a).key;
    return k == nullptr ? !wanted : wanted == k->kind();
}

std::optional<jws> parse_jws(std::string_view text) {
    if (text.size() > max_jws_size) return std::nullopt;
    const auto first = text.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    const auto second = text.find('.', first + 1);
    if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos)
        return std::nullopt;
    jws j{};
    j.header = text.substr(0, first);
    j.payload = text.substr(first + 1, second - first - 1);
    if (!is_base64url(j.payload)) return std::nullopt;
    const auto header = decode(j.header);
    auto signature = decode(text.substr(second + 1));
    if (!header || !signature || signature->empty() || !read_header(*header, j)) return std::nullopt;
    j.signature = std::move(*signature);
    return j;
}

bool verify_jws(const jws& j, const jws_key& key, std::string_view detached_payload) {
    if (!fits(j.algorithm, key)) return false;
    const hash h = row_of(j.algorithm).digest;
    if (const auto* secret = std::get_if<secret_bytes>(&key))
        return verify_hmac(j, h, *secret, detached_payload);
    return verify_public(j, h, std::get<public_key>(key), detached_payload);
}

} // namespace mira::crypto
