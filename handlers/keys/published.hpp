#pragma once
// Keys as providers publish them: a JSON Web Key Set, or one key in a document of the provider's own. Pure
// functions that stand whatever a server can send.
#include "engine/crypto/public_key.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mira::keys {

struct published_key {
    std::string id; // empty where the document names none
    crypto::public_key key;
};

inline constexpr std::size_t most_in_set = 64;

// RFC 7517 section 5: the RSA, P-256 and ed25519 keys that have an id and are for signatures; others are
// passed over, as the RFC wants it. Nothing where the text is no key set, has more than most_in_set keys, or
// gives one id to two of them.
std::optional<std::vector<published_key>> read_key_set(std::string_view json);

// One key: Circle's {"data": {"publicKey": base64 SPKI}}, eBay's {"key": PEM without line ends}, the same
// names at the top, or the bare text of a key.
std::optional<crypto::public_key> read_document(std::string_view text);

} // namespace mira::keys
