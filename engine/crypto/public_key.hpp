#pragma once
// Public keys and what is signed with them: ed25519, ECDSA over P-256, RSA.
//
// A key is parsed and checked once, when the configuration is read (or by whoever fetched it), is immutable,
// and may be shared by all threads; a copy is a counted reference. Each verification makes its own context,
// some 1-3 us beside the 30-150 us of the arithmetic. Nothing here throws.
#include "engine/crypto/digest.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mira::crypto {

enum class key_kind : std::uint8_t { ed25519, p256, rsa };
std::string_view to_string(key_kind k);

// What is wrong with a key and what would be right. Never quotes the key.
struct key_error {
    std::string what;
};
// What result::value() does with it, which is for start-up and tests only.
[[noreturn]] void throw_exception_from_error(const key_error& e, const boost::source_location& where);

enum class rsa_padding : std::uint8_t { pkcs1, pss };

class public_key {
  public:
    template <class T>
    using result = boost::system::result<T, key_error>;

    // Text in any form that providers hand out: PEM (PUBLIC KEY, RSA PUBLIC KEY, CERTIFICATE), base64 of a
    // SubjectPublicKeyInfo, and for ed25519 the 32 bytes as hex, base64 or base64url. White space around it
    // is ignored, and a PEM whose line ends were written as the two characters \n is read.
    static result<public_key> parse(std::string_view text, key_kind expected);
    // The same, of whichever kind it is; the raw 32 bytes are not tried.
    static result<public_key> parse_any(std::string_view text);
    static result<public_key> ed25519_raw(std::span<const unsigned char> bytes32);
    // From the numbers of a JSON Web Key (RFC 7518 section 6), already decoded; RSA of 2,048 to 8,192 bits.
    static result<public_key> rsa_numbers(std::span<const unsigned char> n, std::span<const unsigned char> e);
    static result<public_key> p256_point(std::span<const unsigned char> x, std::span<const unsigned char> y);

    key_kind kind() const { return kind_; }

    // ed25519 (RFC 8032) hashes the message twice, so it must be whole. Several pieces are joined in a buffer
    // of the thread's own, which keeps at most 64 KiB between calls.
    bool verify_ed25519(std::span<const std::span<const unsigned char>> message,
                        std::span<const unsigned char> signature) const;
    bool verify_ed25519(std::initializer_list<std::span<const unsigned char>> message,
                        std::span<const unsigned char> signature) const {
        return verify_ed25519(std::span{message.begin(), message.size()}, signature);
    }
    // Over a digest made by the caller, who may have hashed while the message arrived.
    bool verify_ecdsa(hash h, std::span<const unsigned char> digest,
                      std::span<const unsigned char> der) const;
    // The form of JWS (RFC 7518 section 3.4): r and s, 32 bytes each.
    bool verify_ecdsa_raw(hash h, std::span<const unsigned char> digest,
                          std::span<const unsigned char> r_and_s) const;
    bool verify_rsa(hash h, rsa_padding padding, std::span<const unsigned char> digest,
                    std::span<const unsigned char> signature) const;

    // Of a certificate that was read (certificate.hpp): an X509.
    static result<public_key> of_certificate(const std::shared_ptr<void>& x509);

  private:
    public_key(std::shared_ptr<void> key, key_kind kind) : key_{std::move(key)}, kind_{kind} {}
    static result<public_key> adopt(std::shared_ptr<void> key);
    static result<public_key> from_text(std::string_view text);

    std::shared_ptr<void> key_; // EVP_PKEY
    key_kind kind_;
};

} // namespace mira::crypto
