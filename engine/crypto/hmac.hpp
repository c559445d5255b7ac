#pragma once
// Pre-keyed HMAC (RFC 2104): a key is the two hash states after the inner and the outer pad, so a message
// costs no key set-up.
//
// hmac_key is made once per secret at configuration time, immutable, and may be shared by all threads; its
// states are wiped when it goes. hmac_stream is one message under way: a fixed number of bytes, trivially
// copyable, no heap, usable while a body arrives in pieces; it points to its key, which must outlive it. With
// MIRA_HMAC_EVP the same interface runs on OpenSSL's EVP_MAC, for builds that may not use the low-level
// calls: a stream then owns a context on the heap.
#include "engine/crypto/digest.hpp"

#include <cstddef>
#include <span>

#ifdef MIRA_HMAC_EVP
#include <memory>
#endif

namespace mira::crypto {

class hmac_stream;

class hmac_key {
  public:
    // A secret longer than the hash's block is hashed first. An empty secret is a valid key; whether to have
    // one at all is the caller's business.
    hmac_key(hash h, std::span<const unsigned char> secret);
    hmac_key(const hmac_key&) = delete;
    hmac_key& operator=(const hmac_key&) = delete;
    hmac_key(hmac_key&& other) noexcept;
    hmac_key& operator=(hmac_key&& other) noexcept;
    ~hmac_key();

    hash kind() const { return kind_; }

  private:
    friend class hmac_stream;
    hash kind_;
#ifdef MIRA_HMAC_EVP
    void* context_ = nullptr; // EVP_MAC_CTX, keyed
#else
    digester inner_;
    digester outer_;
#endif
};

class hmac_stream {
  public:
    hmac_stream() = default; // of no key: assign a real one before use
    explicit hmac_stream(const hmac_key& key);

    void update(std::span<const unsigned char> bytes);
    // Writes digest_size bytes to the front of out and returns that size; 0 where out is too small or, with
    // EVP, OpenSSL failed. The stream is used up.
    std::size_t finish(std::span<unsigned char> out);

  private:
#ifdef MIRA_HMAC_EVP
    std::shared_ptr<void> context_;
    std::size_t size_ = 0;
#else
    digester inner_;
    const hmac_key* key_;
#endif
};

// In one call. Writes the code to the front of out and returns its size.
std::size_t hmac(const hmac_key& key, std::span<const unsigned char> message, std::span<unsigned char> out);

} // namespace mira::crypto
