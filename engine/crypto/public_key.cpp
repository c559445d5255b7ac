#include "engine/crypto/public_key.hpp"

#include "engine/base/encoding.hpp"
#include "engine/crypto/owned.hpp"

#include <boost/throw_exception.hpp>
#include <climits>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <vector>

namespace mira::crypto {
namespace {

using pkey = std::shared_ptr<void>;

constexpr int smallest_rsa = 1024; // old providers' certificates; a key fetched as JWK must have 2,048
constexpr int largest_rsa = 8192;  // more would let whoever supplies a key burn our time

using bio_ptr = owned<BIO, BIO_free>;
using x509_ptr = owned<X509, X509_free>;
using context_ptr = owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using md_context_ptr = owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using bn_ptr = owned<BIGNUM, BN_free>;
using builder_ptr = owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using params_ptr = owned<OSSL_PARAM, OSSL_PARAM_free>;

pkey share(EVP_PKEY* k) {
    return k == nullptr ? pkey{} : pkey{k, [](void* p) { EVP_PKEY_free(static_cast<EVP_PKEY*>(p)); }};
}
EVP_PKEY* raw(const pkey& k) { return static_cast<EVP_PKEY*>(k.get()); }

std::string_view trimmed(std::string_view s) {
    constexpr std::string_view space = " \t\r\n";
    const auto from = s.find_first_not_of(space);
    if (from == std::string_view::npos) return {};
    return s.substr(from, s.find_last_not_of(space) - from + 1);
}

// A PEM pasted into a JSON string or an environment variable often has "\n" in two characters.
std::string with_real_lines(std::string_view s) {
    std::string out;
    out.reserve(s.size());
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (s.substr(i, 2) == "\\n") {
            out += '\n';
            ++i;
        } else {
            out += s[i];
        }
    }
    return out;
}

bio_ptr reader(std::string_view s) { return bio_ptr{BIO_new_mem_buf(s.data(), static_cast<int>(s.size()))}; }

// OpenSSL would ask the terminal for the pass phrase of an encrypted PEM; there is none to give.
int no_pass_phrase(char*, int, int, void*) { return -1; }

pkey from_pem(std::string_view text) {
    const std::string pem = with_real_lines(text);
    const bio_ptr in = reader(pem);
    if (!in) return {};
    if (pem.find("-----BEGIN CERTIFICATE-----") != std::string::npos) {
        const x509_ptr certificate{PEM_read_bio_X509(in.get(), nullptr, no_pass_phrase, nullptr)};
        return certificate ? share(X509_get_pubkey(certificate.get())) : pkey{};
    }
    return share(PEM_read_bio_PUBKEY(in.get(), nullptr, no_pass_phrase, nullptr));
}

pkey from_der(std::string_view der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const auto* const end = at + der.size();
    pkey k = share(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
    return at == end ? k : pkey{};
}

std::optional<key_kind> kind_of(EVP_PKEY* k) {
    switch (EVP_PKEY_get_base_id(k)) {
    case EVP_PKEY_ED25519: return key_kind::ed25519;
    case EVP_PKEY_RSA: return key_kind::rsa;
    case EVP_PKEY_EC: {
        std::array<char, 64> group{};
        std::size_t n = 0;
        if (EVP_PKEY_get_group_name(k, group.data(), group.size(), &n) == 1 &&
            std::string_view{group.data(), n} == SN_X9_62_prime256v1)
            return key_kind::p256;
        return std::nullopt;
    }
    default: return std::nullopt;
    }
}

const EVP_MD* md_of(hash h) {
    switch (h) {
    case hash::sha1: return EVP_sha1();
    case hash::sha256: return EVP_sha256();
    case hash::sha384: return EVP_sha384();
    case hash::sha512: return EVP_sha512();
    }
    return nullptr;
}

bool verify_digest(EVP_PKEY* key, hash h, int padding, std::span<const unsigned char> digest,
                   std::span<const unsigned char> signature) {
    const context_ptr c{EVP_PKEY_CTX_new(key, nullptr)};
    bool ok = c && digest.size() == digest_size(h) && EVP_PKEY_verify_init(c.get()) == 1;
    if (ok && padding != 0) ok = EVP_PKEY_CTX_set_rsa_padding(c.get(), padding) == 1;
    ok = ok && EVP_PKEY_CTX_set_signature_md(c.get(), md_of(h)) == 1;
    if (ok && padding == RSA_PKCS1_PSS_PADDING)
        ok = EVP_PKEY_CTX_set_rsa_pss_saltlen(c.get(), RSA_PSS_SALTLEN_AUTO) == 1;
    ok =
        ok && EVP_PKEY_verify(c.get(), signature.data(), signature.size(), digest.data(), digest.size()) == 1;
    ERR_clear_error(); // a failure must not be found later by whoever asks for TLS errors on this thread
    return ok;
}

pkey from_params(const char* type, OSSL_PARAM_BLD* builder) {
    const params_ptr params{OSSL_PARAM_BLD_to_param(builder)};
    const context_ptr c{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
    EVP_PKEY* key = nullptr;
    if (!params || !c || EVP_PKEY_fromdata_init(c.get()) != 1 ||
        EVP_PKEY_fromdata(c.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        return {};
    return share(key);
}

} // namespace

void throw_exception_from_error(const key_error& e, const boost::source_location& where) {
    boost::throw_exception(std::runtime_error{e.what}, where);
}

std::string_view to_string(key_kind k) {
    switch (k) {
    case key_kind::ed25519: return "ed25519";
    case key_kind::p256: return "ECDSA P-256";
    case key_kind::rsa: return "RSA";
    }
    return "";
}

public_key::result<public_key> public_key::adopt(std::shared_ptr<void> key) {
    ERR_clear_error();
    const auto kind = kind_of(raw(key));
    if (!kind)
        return key_error{"the key is of an unsupported kind; ed25519, ECDSA P-256 or RSA would be right"};
    if (*kind == key_kind::rsa) {
        const int bits = EVP_PKEY_get_bits(raw(key));
        if (bits < smallest_rsa || bits > largest_rsa)
            return key_error{"the RSA key has " + std::to_string(bits) + " bits; 1024 to 8192 are accepted"};
    }
    return public_key{std::move(key), *kind};
}

public_key::result<public_key> public_key::from_text(std::string_view text) {
    pkey key;
    if (text.size() > 64 * 1024) return key_error{"the key is longer than 64 KiB"};
    if (text.find("PRIVATE KEY-----") != std::string_view::npos)
        return key_error{"this is a private key; the public key or the certificate belongs here"};
    if (text.find("-----BEGIN") != std::string_view::npos) {
        key = from_pem(text);
        if (!key) return key_error{"the PEM text cannot be read as a public key or certificate"};
    } else {
        std::string joined; // base64 is often copied with its line ends
        for (const char c : text)
            if (c != '\n' && c != '\r' && c != ' ') joined += c;
        if (const auto der = from_base64(joined)) key = from_der(*der);
        if (!key) return key_error{"the key is neither PEM nor base64 of a SubjectPublicKeyInfo (DER)"};
    }
    return adopt(std::move(key));
}

public_key::result<public_key> public_key::of_certificate(const std::shared_ptr<void>& x509) {
    pkey key = share(X509_get_pubkey(static_cast<X509*>(x509.get())));
    if (!key) return key_error{"the certificate's key cannot be read"};
    return adopt(std::move(key));
}

public_key::result<public_key> public_key::parse_any(std::string_view text) {
    auto r = from_text(trimmed(text));
    ERR_clear_error();
    return r;
}

public_key::result<public_key> public_key::parse(std::string_view text, key_kind expected) {
    text = trimmed(text);
    if (text.empty()) return key_error{"the key is empty"};
    if (expected == key_kind::ed25519) {
        std::array<unsigned char, 32> bytes{};
        if (text.size() == 64 && from_hex(text, bytes) == 32u) return ed25519_raw(bytes);
        if (from_base64(text, bytes) == 32u) return ed25519_raw(bytes);
        if (from_base64(text, bytes, base64_alphabet::url) == 32u) return ed25519_raw(bytes);
    }
    auto r = parse_any(text);
    if (!r && expected == key_kind::ed25519 && text.find("-----") == std::string_view::npos)
        return key_error{"the ed25519 key is neither 32 bytes in hex or base64, nor PEM, nor base64 of a "
                         "SubjectPublicKeyInfo (DER)"};
    if (r && r->kind() != expected)
        return key_error{"the key is " + std::string{to_string(r->kind())} + " where " +
                         std::string{to_string(expected)} + " is needed"};
    return r;
}

public_key::result<public_key> public_key::ed25519_raw(std::span<const unsigned char> bytes32) {
    if (bytes32.size() != 32)
        return key_error{"an ed25519 key has 32 bytes, this one " + std::to_string(bytes32.size())};
    pkey key = share(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes32.data(), 32));
    if (!key) return key_error{"the 32 bytes are no ed25519 key"};
    return adopt(std::move(key));
}

public_key::result<public_key> public_key::rsa_numbers(std::span<const unsigned char> n,
                                                       std::span<const unsigned char> e) {
    if (n.size() < 256 || n.size() > 1024 || e.empty() || e.size() > 8)
        return key_error{"the RSA numbers are out of range: 2048 to 8192 bits, exponent of at most 8 bytes"};
    const bn_ptr modulus{BN_bin2bn(n.data(), static_cast<int>(n.size()), nullptr)};
    const bn_ptr exponent{BN_bin2bn(e.data(), static_cast<int>(e.size()), nullptr)};
    const builder_ptr builder{OSSL_PARAM_BLD_new()};
    if (!modulus || !exponent || !builder ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
        return key_error{"the RSA numbers cannot be read"};
    pkey key = from_params("RSA", builder.get());
    if (!key) return key_error{"the RSA numbers make no key"};
    return adopt(std::move(key));
}

public_key::result<public_key> public_key::p256_point(std::span<const unsigned char> x,
                                                      std::span<const unsigned char> y) {
    if (x.size() != 32 || y.size() != 32) return key_error{"a P-256 point has two numbers of 32 bytes"};
    std::array<unsigned char, 65> point{};
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    std::copy(x.begin(), x.end(), point.begin() + 1);
    std::copy(y.begin(), y.end(), point.begin() + 33);
    const builder_ptr builder{OSSL_PARAM_BLD_new()};
    if (!builder ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1, 0) !=
            1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1)
        return key_error{"the P-256 numbers cannot be read"};
    pkey key = from_params("EC", builder.get());
    if (!key) return key_error{"the numbers are no point of P-256"};
    return adopt(std::move(key));
}

bool public_key::verify_ed25519(std::span<const std::span<const unsigned char>> message,
                                std::span<const unsigned char> signature) const {
    constexpr std::size_t kept = 64 * 1024;
    if (kind_ != key_kind::ed25519 || signature.size() != 64) return false;
    thread_local std::vector<unsigned char> joined;
    std::span<const unsigned char> whole;
    if (message.size() == 1) {
        whole = message.front();
    } else {
        joined.clear();
        for (const auto piece : message) joined.insert(joined.end(), piece.begin(), piece.end());
        whole = joined;
    }
    const md_context_ptr c{EVP_MD_CTX_new()};
    const bool ok =
        c && EVP_DigestVerifyInit(c.get(), nullptr, nullptr, nullptr, raw(key_)) == 1 &&
        EVP_DigestVerify(c.get(), signature.data(), signature.size(), whole.data(), whole.size()) == 1;
    ERR_clear_error();
    if (joined.capacity() > kept) std::vector<unsigned char>{}.swap(joined);
    return ok;
}

bool public_key::verify_ecdsa(hash h, std::span<const unsigned char> digest,
                              std::span<const unsigned char> der) const {
    if (kind_ != key_kind::p256) return false;
    return verify_digest(raw(key_), h, 0, digest, der);
}

bool public_key::verify_ecdsa_raw(hash h, std::span<const unsigned char> digest,
                                  std::span<const unsigned char> r_and_s) const {
    if (kind_ != key_kind::p256 || r_and_s.size() != 64) return false;
    // DER: SEQUENCE of two INTEGERs, each without superfluous leading zeros and with one where the top bit is
    // set.
    std::array<unsigned char, 72> der{};
    std::size_t n = 2;
    for (int i = 0; i < 2; ++i) {
        auto number = r_and_s.subspan(static_cast<std::size_t>(i) * 32, 32);
        while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
        const bool zero = (number[0] & 0x80) != 0;
        der[n++] = 0x02;
        der[n++] = static_cast<unsigned char>(number.size() + (zero ? 1 : 0));
        if (zero) der[n++] = 0;
        for (const unsigned char b : number) der[n++] = b;
    }
    der[0] = 0x30;
    der[1] = static_cast<unsigned char>(n - 2);
    return verify_digest(raw(key_), h, 0, digest, {der.data(), n});
}

bool public_key::verify_rsa(hash h, rsa_padding padding, std::span<const unsigned char> digest,
                            std::span<const unsigned char> signature) const {
    if (kind_ != key_kind::rsa) return false;
    const int p = padding == rsa_padding::pkcs1 ? RSA_PKCS1_PADDING : RSA_PKCS1_PSS_PADDING;
    return verify_digest(raw(key_), h, p, digest, signature);
}

} // namespace mira::crypto
