#include "tests/support/signing.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <stdexcept>
#include <vector>

namespace mira::test {
namespace {

const unsigned char* bytes(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }
EVP_PKEY* pkey(void* k) { return static_cast<EVP_PKEY*>(k); }
void must(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(what);
}
std::string drain(BIO* b) {
    char* p = nullptr;
    const long n = BIO_get_mem_data(b, &p);
    std::string s(p, static_cast<std::size_t>(n));
    BIO_free(b);
    return s;
}
std::string encoded(std::string_view in) {
    std::vector<unsigned char> out(in.size() * 2 + 4);
    const int n = EVP_EncodeBlock(out.data(), bytes(in), static_cast<int>(in.size()));
    return {reinterpret_cast<char*>(out.data()), static_cast<std::size_t>(n)};
}

} // namespace

std::string hmac_of(const char* digest, std::string_view key, std::string_view message) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out;
    unsigned n = 0;
    HMAC(EVP_get_digestbyname(digest), key.data(), static_cast<int>(key.size()), bytes(message),
         message.size(), out.data(), &n);
    return {reinterpret_cast<char*>(out.data()), n};
}

std::string digest_of(const char* digest, std::string_view message) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out;
    unsigned n = 0;
    EVP_Digest(message.data(), message.size(), out.data(), &n, EVP_get_digestbyname(digest), nullptr);
    return {reinterpret_cast<char*>(out.data()), n};
}

key_pair::key_pair(key_type t) : key_{nullptr} {
    if (t == key_type::ed25519) key_ = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    if (t == key_type::p256) key_ = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    if (t == key_type::rsa) key_ = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048});
    must(key_ != nullptr, "no key");
}

const key_pair& key_pair::of(key_type t) {
    static const key_pair ed{key_type::ed25519}, ec{key_type::p256}, rsa{key_type::rsa};
    return t == key_type::ed25519 ? ed : t == key_type::p256 ? ec : rsa;
}
const key_pair& key_pair::another(key_type t) {
    static const key_pair ed{key_type::ed25519}, ec{key_type::p256}, rsa{key_type::rsa};
    return t == key_type::ed25519 ? ed : t == key_type::p256 ? ec : rsa;
}

std::string key_pair::public_pem() const {
    BIO* b = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(b, pkey(key_));
    return drain(b);
}
std::string key_pair::private_pem() const {
    BIO* b = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(b, pkey(key_), nullptr, nullptr, 0, nullptr, nullptr);
    return drain(b);
}
std::string key_pair::spki_base64() const {
    BIO* b = BIO_new(BIO_s_mem());
    i2d_PUBKEY_bio(b, pkey(key_));
    return base64(drain(b));
}
std::string key_pair::certificate_pem() const {
    X509* x = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, pkey(key_));
    X509_sign(x, pkey(key_), EVP_sha256());
    BIO* b = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(b, x);
    X509_free(x);
    return drain(b);
}
std::string key_pair::raw_public() const {
    std::array<unsigned char, 32> out;
    std::size_t n = out.size();
    must(EVP_PKEY_get_raw_public_key(pkey(key_), out.data(), &n) == 1, "raw public");
    return {reinterpret_cast<char*>(out.data()), n};
}
std::string key_pair::raw_seed() const {
    std::array<unsigned char, 32> out;
    std::size_t n = out.size();
    must(EVP_PKEY_get_raw_private_key(pkey(key_), out.data(), &n) == 1, "raw private");
    return {reinterpret_cast<char*>(out.data()), n};
}
std::string key_pair::number(const char* name) const {
    BIGNUM* n = nullptr;
    must(EVP_PKEY_get_bn_param(pkey(key_), name, &n) == 1, "number");
    std::vector<unsigned char> out(static_cast<std::size_t>(BN_num_bytes(n)));
    BN_bn2bin(n, out.data());
    BN_free(n);
    return {reinterpret_cast<char*>(out.data()), out.size()};
}

std::string key_pair::sign(const char* digest, std::string_view message, bool pss) const {
    EVP_MD_CTX* c = EVP_MD_CTX_new();
    EVP_PKEY_CTX* pc = nullptr;
    const EVP_MD* md = digest == nullptr ? nullptr : EVP_get_digestbyname(digest);
    must(EVP_DigestSignInit(c, &pc, md, nullptr, pkey(key_)) == 1, "sign init");
    if (pss) {
        EVP_PKEY_CTX_set_rsa_padding(pc, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(pc, RSA_PSS_SALTLEN_DIGEST);
    }
    std::array<unsigned char, 1024> out;
    std::size_t n = out.size();
    must(EVP_DigestSign(c, out.data(), &n, bytes(message), message.size()) == 1, "sign");
    EVP_MD_CTX_free(c);
    return {reinterpret_cast<char*>(out.data()), n};
}

std::string key_pair::sign_raw_ecdsa(const char* digest, std::string_view message) const {
    const std::string der = sign(digest, message);
    const unsigned char* p = bytes(der);
    ECDSA_SIG* s = d2i_ECDSA_SIG(nullptr, &p, static_cast<long>(der.size()));
    std::array<unsigned char, 64> out;
    BN_bn2binpad(ECDSA_SIG_get0_r(s), out.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(s), out.data() + 32, 32);
    ECDSA_SIG_free(s);
    return {reinterpret_cast<char*>(out.data()), out.size()};
}

std::string hex(std::string_view in, bool upper) {
    std::string out;
    for (const char c : in) {
        constexpr char lower[] = "0123456789abcdef";
        constexpr char capital[] = "0123456789ABCDEF";
        const char* digits = upper ? capital : lower;
        out += digits[static_cast<unsigned char>(c) / 16];
        out += digits[static_cast<unsigned char>(c) % 16];
    }
    return out;
}
std::string base64(std::string_view in) { return encoded(in); }
std::string base64url(std::string_view in) {
    std::string s = encoded(in);
    while (!s.empty() && s.back() == '=') s.pop_back();
    for (char& c : s) {
        if (c == '+') c = '-';
        if (c == '/') c = '_';
    }
    return s;
}

std::string make_jws(std::string_view alg, std::string_view kid, std::string_view payload,
                     std::string_view secret, const key_pair* key) {
    std::string header = "{\"alg\":\"" + std::string{alg} + "\"";
    if (!kid.empty()) header += ",\"kid\":\"" + std::string{kid} + "\"";
    header += "}";
    const std::string text = base64url(header) + "." + base64url(payload);
    std::string signature;
    if (alg == "HS256") signature = hmac_of("SHA256", secret, text);
    if (alg == "HS512") signature = hmac_of("SHA512", secret, text);
    if (alg == "RS256") signature = key->sign("SHA256", text);
    if (alg == "RS512") signature = key->sign("SHA512", text);
    if (alg == "PS512") signature = key->sign("SHA512", text, true);
    if (alg == "ES256") signature = key->sign_raw_ecdsa("SHA256", text);
    if (alg == "EdDSA") signature = key->sign(nullptr, text);
    return text + "." + base64url(signature);
}

} // namespace mira::test
