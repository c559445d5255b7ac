// The low-level SHA calls are deprecated in OpenSSL 3.0 in favour of EVP, which costs an allocation and
// shared locks a message; they are present in every 3.x.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "engine/crypto/digest.hpp"

#include <openssl/sha.h>

namespace mira::crypto {
namespace {

template <class Context>
Context* as(unsigned char* state) {
    static_assert(sizeof(Context) <= 216 && alignof(Context) <= 8);
    return reinterpret_cast<Context*>(state);
}

} // namespace

digester::digester(hash h) : kind_{h} {
    switch (h) {
    case hash::sha1: SHA1_Init(as<SHA_CTX>(state_)); return;
    case hash::sha256: SHA256_Init(as<SHA256_CTX>(state_)); return;
    case hash::sha384: SHA384_Init(as<SHA512_CTX>(state_)); return;
    case hash::sha512: SHA512_Init(as<SHA512_CTX>(state_)); return;
    }
}

void digester::update(std::span<const unsigned char> bytes) {
    if (bytes.empty()) return;
    switch (kind_) {
    case hash::sha1: SHA1_Update(as<SHA_CTX>(state_), bytes.data(), bytes.size()); return;
    case hash::sha256: SHA256_Update(as<SHA256_CTX>(state_), bytes.data(), bytes.size()); return;
    case hash::sha384: SHA384_Update(as<SHA512_CTX>(state_), bytes.data(), bytes.size()); return;
    case hash::sha512: SHA512_Update(as<SHA512_CTX>(state_), bytes.data(), bytes.size()); return;
    }
}

std::size_t digester::finish(std::span<unsigned char> out) {
    if (out.size() < digest_size(kind_)) return 0;
    switch (kind_) {
    case hash::sha1: SHA1_Final(out.data(), as<SHA_CTX>(state_)); break;
    case hash::sha256: SHA256_Final(out.data(), as<SHA256_CTX>(state_)); break;
    case hash::sha384: SHA384_Final(out.data(), as<SHA512_CTX>(state_)); break;
    case hash::sha512: SHA512_Final(out.data(), as<SHA512_CTX>(state_)); break;
    }
    return digest_size(kind_);
}

std::size_t digest(hash h, std::span<const unsigned char> bytes, std::span<unsigned char> out) {
    digester d{h};
    d.update(bytes);
    return d.finish(out);
}

} // namespace mira::crypto
