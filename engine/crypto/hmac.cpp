#include "engine/crypto/hmac.hpp"

#include "engine/crypto/secure.hpp"

#include <algorithm>
#include <array>
#include <utility>

#ifdef MIRA_HMAC_EVP
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#endif

namespace mira::crypto {

#ifdef MIRA_HMAC_EVP

namespace {

EVP_MAC* the_hmac() {
    // Fetched once: an implicit fetch takes shared locks at every call.
    static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    return mac;
}

const char* name_of(hash h) {
    switch (h) {
    case hash::sha1: return "SHA1";
    case hash::sha256: return "SHA256";
    case hash::sha384: return "SHA384";
    case hash::sha512: return "SHA512";
    }
    return "";
}

void free_context(void* c) {
    EVP_MAC_CTX_free(static_cast<EVP_MAC_CTX*>(c)); // wipes
}

} // namespace

hmac_key::hmac_key(hash h, std::span<const unsigned char> secret) : kind_{h} {
    auto* c = EVP_MAC_CTX_new(the_hmac());
    std::array<OSSL_PARAM, 2> params{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(name_of(h)), 0),
        OSSL_PARAM_construct_end()};
    static constexpr unsigned char nothing = 0;
    const unsigned char* key = secret.empty() ? &nothing : secret.data();
    if (c != nullptr && EVP_MAC_init(c, key, secret.size(), params.data()) == 1)
        context_ = c;
    else
        EVP_MAC_CTX_free(c);
}
hmac_key::hmac_key(hmac_key&& other) noexcept
    : kind_{other.kind_}, context_{std::exchange(other.context_, nullptr)} {}
hmac_key& hmac_key::operator=(hmac_key&& other) noexcept {
    std::swap(kind_, other.kind_);
    std::swap(context_, other.context_);
    return *this;
}
hmac_key::~hmac_key() { free_context(context_); }

hmac_stream::hmac_stream(const hmac_key& key) : size_{digest_size(key.kind())} {
    if (key.context_ != nullptr)
        context_ = {EVP_MAC_CTX_dup(static_cast<const EVP_MAC_CTX*>(key.context_)), free_context};
}
void hmac_stream::update(std::span<const unsigned char> bytes) {
    if (context_ &&
        EVP_MAC_update(static_cast<EVP_MAC_CTX*>(context_.get()), bytes.data(), bytes.size()) != 1)
        context_.reset();
}
std::size_t hmac_stream::finish(std::span<unsigned char> out) {
    std::size_t written = 0;
    if (!context_ || out.size() < size_) return 0;
    if (EVP_MAC_final(static_cast<EVP_MAC_CTX*>(context_.get()), out.data(), &written, out.size()) != 1)
        return 0;
    return written;
}

#else

hmac_key::hmac_key(hash h, std::span<const unsigned char> secret) : kind_{h}, inner_{h}, outer_{h} {
    std::array<unsigned char, max_block_size> pad{};
    const std::span<unsigned char> block{pad.data(), block_size(h)};
    if (secret.size() > block.size())
        digest(h, secret, block);
    else
        std::copy(secret.begin(), secret.end(), block.begin());
    for (unsigned char& b : block) b ^= 0x36;
    inner_.update(block);
    for (unsigned char& b : block) b ^= 0x36 ^ 0x5C;
    outer_.update(block);
    wipe(pad);
}
hmac_key::hmac_key(hmac_key&& other) noexcept = default; // the source wipes its own copy when it goes
hmac_key& hmac_key::operator=(hmac_key&& other) noexcept = default;
hmac_key::~hmac_key() {
    wipe({reinterpret_cast<unsigned char*>(&inner_), sizeof inner_});
    wipe({reinterpret_cast<unsigned char*>(&outer_), sizeof outer_});
}

hmac_stream::hmac_stream(const hmac_key& key) : inner_{key.inner_}, key_{&key} {}
void hmac_stream::update(std::span<const unsigned char> bytes) { inner_.update(bytes); }
std::size_t hmac_stream::finish(std::span<unsigned char> out) {
    std::array<unsigned char, max_digest_size> first;
    if (out.size() < digest_size(key_->kind_)) return 0;
    const std::size_t n = inner_.finish(first);
    digester outer = key_->outer_;
    outer.update({first.data(), n});
    return outer.finish(out);
}

#endif

std::size_t hmac(const hmac_key& key, std::span<const unsigned char> message, std::span<unsigned char> out) {
    hmac_stream s{key};
    s.update(message);
    return s.finish(out);
}

} // namespace mira::crypto
