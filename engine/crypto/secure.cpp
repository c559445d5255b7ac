#include "engine/crypto/secure.hpp"

#include "engine/base/encoding.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <utility>

namespace mira::crypto {
namespace {

void wipe_text(std::string& s) {
    // Up to the capacity: a string that was moved from or made shorter keeps old bytes behind its end.
    s.resize(s.capacity());
    OPENSSL_cleanse(s.data(), s.size());
    s.clear();
}

} // namespace

bool equal_constant_time(std::span<const unsigned char> a, std::span<const unsigned char> b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
    return equal_constant_time(as_bytes(a), as_bytes(b));
}

void wipe(std::span<unsigned char> bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

bool fill_random(std::span<unsigned char> out) {
    constexpr std::size_t at_once = 1 << 20; // RAND_bytes counts in int
    while (!out.empty()) {
        const std::size_t n = out.size() < at_once ? out.size() : at_once;
        if (RAND_bytes(out.data(), static_cast<int>(n)) != 1) return false;
        out = out.subspan(n);
    }
    return true;
}

secret_bytes::secret_bytes(secret_bytes&& other) noexcept : bytes_{std::move(other.bytes_)} {
    wipe_text(other.bytes_);
}

secret_bytes& secret_bytes::operator=(secret_bytes other) noexcept {
    bytes_.swap(other.bytes_);
    return *this;
}

secret_bytes::~secret_bytes() { wipe_text(bytes_); }

} // namespace mira::crypto
