#pragma once
// Where verifiers get public keys that the provider publishes instead of handing out: a port. Whoever
// implements it (a cache filled by an outbound client) fetches in the background; a verifier runs on a
// reactor and never waits.
//
// What an implementation promises: https only; the connection checked by the egress guard; for a certificate
// the chain checked up to a public root, and that it was issued for one of the names that the request lists;
// answers cached, refusals too, and both bounded, since URLs and ids come from unverified requests. The
// verifier has checked the URL against the scheme's host list before it asks. find() may be called from any
// thread, does not block, throw or allocate much.
#include "engine/crypto/public_key.hpp"

#include <optional>
#include <string_view>

namespace mira::signatures {

struct key_request {
    enum class form {
        certificate, // a PEM certificate at the URL (PayPal, SNS)
        document, // one key at the URL, in the provider's own form (Circle, eBay: JSON with a base64 or PEM
                  // key)
        key_set,  // a JSON Web Key Set at the URL, to be searched for the id
    };
    form what = form::certificate;
    std::string_view url;
    std::string_view id;                           // empty for certificate
    std::string_view names{};                      // certificate: patterns as in host_rule.hpp; any will do
    crypto::key_kind kind = crypto::key_kind::rsa; // a hint: what is expected
};

struct key_answer {
    enum class state {
        found,
        not_yet, // being fetched: ask again with the event's next try
        refused, // there is no such key, or it must not be used
    };
    state what = state::refused;
    std::optional<crypto::public_key> key;
};

class key_source {
  public:
    virtual ~key_source() = default;
    virtual key_answer find(const key_request& wanted) noexcept = 0;
};

} // namespace mira::signatures
