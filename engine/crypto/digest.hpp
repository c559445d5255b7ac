#pragma once
// SHA-1 and SHA-2, incremental and in one call.
//
// A digester is a fixed number of bytes, trivially copyable and without heap memory: copying one in the
// middle of a message is how a keyed state is re-used (hmac.hpp). Not thread-safe; copies are independent.
// Uses OpenSSL's low-level calls: they are deprecated in 3.0, and save the provider look-up and the
// allocation of the EVP ones.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace mira::crypto {

enum class hash : std::uint8_t { sha1, sha256, sha384, sha512 };

inline constexpr std::size_t max_digest_size = 64;
inline constexpr std::size_t max_block_size = 128;

constexpr std::size_t digest_size(hash h) {
    switch (h) {
    case hash::sha1: return 20;
    case hash::sha256: return 32;
    case hash::sha384: return 48;
    case hash::sha512: return 64;
    }
    return 0;
}
constexpr std::size_t block_size(hash h) { return h == hash::sha1 || h == hash::sha256 ? 64 : 128; }

class digester {
  public:
    // Uninitialised: assign a real one before use.
    digester() = default;
    explicit digester(hash h);

    void update(std::span<const unsigned char> bytes);
    // Writes digest_size(kind()) bytes to the front of out, which must have room for them, and returns that
    // size. The digester is used up.
    std::size_t finish(std::span<unsigned char> out);
    hash kind() const { return kind_; }

  private:
    alignas(8) unsigned char state_[216]; // as large as the largest of OpenSSL's, which digest.cpp asserts
    hash kind_;
};

// Writes the digest to the front of out and returns its size.
std::size_t digest(hash h, std::span<const unsigned char> bytes, std::span<unsigned char> out);

} // namespace mira::crypto
