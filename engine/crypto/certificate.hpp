#pragma once
// X.509 certificates that carry a signing key: read, asked for their names, and checked up to a root that is
// trusted (RFC 5280, by OpenSSL).
//
// A certificate and a trust store are immutable, cheap to copy and for any thread. Everything that a peer can
// send is an ordinary answer: nothing throws, and no text of a peer's is handed on.
#include "engine/base/clock.hpp"
#include "engine/crypto/public_key.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mira::crypto {

class trust_store;

class certificate {
  public:
    // A text with several is a chain; more make it unreadable.
    static constexpr std::size_t most_in_chain = 8;

    // All certificates of a PEM text in their order, or the only one of a DER text. Empty where it is
    // neither, or where one of them cannot be read.
    static std::vector<certificate> read_all(std::string_view text);

    // The DNS names that it was issued for; where it has none of that kind, its common name. In lower case;
    // wildcards as they stand.
    std::vector<std::string> names() const;
    public_key::result<public_key> key() const;
    std::optional<wall_time> not_after() const;
    // Where its issuer's certificate can be had (authority information access, caIssuers; RFC 5280 section
    // 4.2.2.1): the first http or https URL.
    std::optional<std::string> issuer_url() const;

  private:
    friend class trust_store;
    explicit certificate(std::shared_ptr<void> x) : x509_{std::move(x)} {}
    std::shared_ptr<void> x509_; // X509
};

enum class chain_state : std::uint8_t {
    good,
    issuer_unknown, // none of the certificates at hand issued the last one that was found
    bad,            // expired, not a CA, wrongly signed, too weak
};

struct chain_verdict {
    chain_state state = chain_state::bad;
    const char* reason = "";                   // OpenSSL's words, a literal
    std::optional<certificate> without_issuer; // issuer_unknown: which one
};

class trust_store {
  public:
    // The roots of a PEM file. Null, with a sentence in why, where they cannot be read.
    static std::shared_ptr<const trust_store> read(const std::string& file, std::string& why);

    // Whether the chain from leaf to a root can be built at that time; others need not be trusted nor in
    // order.
    chain_verdict verify(const certificate& leaf, std::span<const certificate> others, wall_time now) const;

  private:
    explicit trust_store(std::shared_ptr<void> s) : store_{std::move(s)} {}
    std::shared_ptr<void> store_; // X509_STORE
};

} // namespace mira::crypto
