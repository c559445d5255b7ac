#include "handlers/webhook/delivery_key.hpp"

#include "engine/crypto/digest.hpp"

#include <array>
#include <cstring>

namespace mira::webhook {

namespace {

// A length that says itself where it ends: seven bits a byte, the top bit where more follow.
std::size_t put_length(unsigned char* out, std::size_t n) {
    std::size_t used = 0;
    for (; n >= 0x80; n >>= 7U) out[used++] = static_cast<unsigned char>(n | 0x80U);
    out[used++] = static_cast<unsigned char>(n);
    return used;
}

} // namespace

ports::dedupe_key delivery_key(std::string_view tenant, std::string_view source,
                               std::string_view delivery_id) {
    // With lengths in front, no two triples have the same bytes; with short lengths, a usual one fits into a
    // single block of the hash.
    std::array<unsigned char, 3 * 10> lengths{};
    std::size_t n = 0;
    for (const std::string_view s : {tenant, source, delivery_id})
        n += put_length(lengths.data() + n, s.size());
    crypto::digester d{crypto::hash::sha256};
    d.update({lengths.data(), n});
    for (const std::string_view s : {tenant, source, delivery_id})
        d.update({reinterpret_cast<const unsigned char*>(s.data()), s.size()});
    std::array<unsigned char, 32> out{};
    d.finish(out);
    ports::dedupe_key k;
    std::memcpy(k.words.data(), out.data(), sizeof k.words);
    return k;
}

} // namespace mira::webhook
