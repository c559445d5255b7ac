#include "handlers/signatures/secrets.hpp"

#include "engine/base/encoding.hpp"

#include <utility>

namespace mira::signatures {
namespace {

using crypto::public_key;

std::optional<crypto::key_kind> kind_for(algorithm a) {
    switch (a) {
    case algorithm::ed25519: return crypto::key_kind::ed25519;
    case algorithm::ecdsa: return crypto::key_kind::p256;
    case algorithm::rsa:
    case algorithm::rsa_pss: return crypto::key_kind::rsa;
    default: return std::nullopt;
    }
}

// whpk_ is the public key; whsk_ the pair, whose second half is the public key.
public_key::result<public_key> ed25519_of(std::string_view text) {
    const bool pair = text.starts_with("whsk_");
    const auto bytes = from_base64(text.substr(5));
    if (!bytes) return crypto::key_error{"what follows whpk_ or whsk_ is not base64"};
    const std::size_t size = pair ? 64 : 32;
    if (bytes->size() != size)
        return crypto::key_error{"what follows " + std::string{text.substr(0, 5)} + " has " +
                                 std::to_string(bytes->size()) + " bytes; " + std::to_string(size) +
                                 " would be right"};
    return public_key::ed25519_raw(as_bytes(*bytes).last(32));
}

std::variant<credential, std::string> with_public_key(const scheme& s, std::string_view text) {
    const auto kind = *kind_for(s.algo);
    auto key = kind == crypto::key_kind::ed25519 && is_ed25519_secret(text) ? ed25519_of(text)
                                                                            : public_key::parse(text, kind);
    if (!key) return key.error().what;
    credential c;
    c.pub = std::move(*key);
    return c;
}

std::variant<credential, std::string> with_token_key(const scheme& s, std::string_view text) {
    credential c;
    // A text that looks like a key must be one: taken for a shared secret it would let anyone sign who knows
    // the public key. Where the provider signs with published keys only, so must every text.
    if (s.key == key_decoding::public_key || text.find("-----BEGIN") != std::string_view::npos) {
        auto key = public_key::parse_any(text);
        if (!key) return key.error().what;
        c.token_key = std::move(*key);
    } else if (auto key = public_key::parse_any(text)) {
        c.token_key = std::move(*key);
    } else {
        c.token_key = crypto::secret_bytes{text};
    }
    return c;
}

std::variant<crypto::secret_bytes, std::string> decoded(key_decoding how, std::string_view text) {
    switch (how) {
    case key_decoding::whsec:
        if (text.starts_with("whsec_")) text.remove_prefix(6);
        [[fallthrough]];
    case key_decoding::base64: {
        auto bytes = from_base64(text);
        if (!bytes)
            return how == key_decoding::whsec ? std::string{"the secret is not base64 (after whsec_)"}
                                              : std::string{"the secret is not base64"};
        crypto::secret_bytes out{*bytes};
        crypto::wipe({reinterpret_cast<unsigned char*>(bytes->data()), bytes->size()});
        return out;
    }
    case key_decoding::hex: {
        std::string bytes(text.size() / 2, '\0');
        if (!from_hex(text, {reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()}))
            return std::string{"the secret is not hex: an even number of digits 0-9 a-f would be right"};
        crypto::secret_bytes out{bytes};
        crypto::wipe({reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
        return out;
    }
    default: return crypto::secret_bytes{text};
    }
}

} // namespace

bool is_ed25519_secret(std::string_view text) {
    return text.starts_with("whpk_") || text.starts_with("whsk_");
}

std::variant<credential, std::string> make_credential(const scheme& s, std::string_view text) {
    if (text.empty()) return std::string{"the secret is empty"};
    if (kind_for(s.algo)) return with_public_key(s, text);
    if (s.algo == algorithm::jwt) return with_token_key(s, text);
    if (s.key == key_decoding::whsec && is_ed25519_secret(text))
        return std::string{"the secret is an ed25519 key where a shared secret (whsec_) is needed"};
    auto bytes = decoded(s.key, text);
    if (auto* why = std::get_if<std::string>(&bytes)) return std::move(*why);
    credential c;
    c.bytes = std::move(std::get<crypto::secret_bytes>(bytes));
    if (c.bytes.empty()) return std::string{"the secret decodes to nothing"};
    if (s.algo == algorithm::basic && c.bytes.view().find(':') == std::string_view::npos)
        return std::string{"the secret of HTTP Basic has the form user:password"};
    if (s.algo == algorithm::hmac) c.mac.emplace(s.hash, c.bytes.bytes());
    return c;
}

} // namespace mira::signatures
