// Keys as people paste them, and tokens.
#include "engine/crypto/jws.hpp"
#include "engine/crypto/public_key.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mira::crypto;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    for (const auto kind : {key_kind::ed25519, key_kind::p256, key_kind::rsa}) {
        const auto key = public_key::parse(text, kind);
        if (key && key->kind() != kind) std::abort();
        if (!key && key.error().what.empty()) std::abort();
    }
    if (const auto j = parse_jws(text)) {
        if (j->signature.empty() || verify_jws(*j, jws_key{secret_bytes{"nobody knows this one"}}))
            std::abort();
    }
    return 0;
}
