#pragma once
// Signs as a provider would: OpenSSL's one-shot EVP calls, written apart from engine/crypto so that both
// cannot share a mistake. Keys are made once per process and are good for tests only.
#include <string>
#include <string_view>

namespace mira::test {

// digest: "SHA1", "SHA256", "SHA384", "SHA512". Raw bytes.
std::string hmac_of(const char* digest, std::string_view key, std::string_view message);
std::string digest_of(const char* digest, std::string_view message);

enum class key_type { ed25519, p256, rsa };

class key_pair {
  public:
    static const key_pair& of(key_type t);      // the first
    static const key_pair& another(key_type t); // one that signed nothing

    std::string public_pem() const;
    std::string spki_base64() const;
    std::string certificate_pem() const; // self-signed
    std::string raw_public() const;      // ed25519: 32 bytes
    std::string raw_seed() const;        // ed25519: 32 bytes
    std::string private_pem() const;
    // The numbers of a JWK, big-endian: x and y, or n and e.
    std::string number(const char* openssl_name) const;

    // digest nullptr for ed25519. pss: RSA-PSS with a salt as long as the digest.
    std::string sign(const char* digest, std::string_view message, bool pss = false) const;
    // ECDSA in the form of JWS: r and s, 32 bytes each.
    std::string sign_raw_ecdsa(const char* digest, std::string_view message) const;

  private:
    explicit key_pair(key_type t);
    void* key_;
};

std::string hex(std::string_view bytes, bool upper = false);
std::string base64(std::string_view bytes);
std::string base64url(std::string_view bytes); // no padding

// A compact JWS. alg: HS256, RS256, RS512, ES256, EdDSA; key only where alg is not HS256.
std::string make_jws(std::string_view alg, std::string_view kid, std::string_view payload,
                     std::string_view hmac_secret, const key_pair* key = nullptr);

} // namespace mira::test
