#include "handlers/webhook/delivery_key.hpp"

#include "engine/crypto/digest.hpp"

#include <array>
#include <cstring>

namespace mira::webhook {

ports::dedupe_key delivery_key(std::string_view tenant, std::string_view source,
                               std::string_view delivery_id) {
    crypto::digester d{crypto::hash::sha256};
    const std::array<std::uint32_t, 3> sizes{static_cast<std::uint32_t>(tenant.size()),
                                             static_cast<std::uint32_t>(source.size()),
                                             static_cast<std::uint32_t>(delivery_id.size())};
    d.update({reinterpret_cast<const unsigned char*>(sizes.data()), sizeof sizes});
    for (const std::string_view s : {tenant, source, delivery_id})
        d.update({reinterpret_cast<const unsigned char*>(s.data()), s.size()});
    std::array<unsigned char, 32> out{};
    d.finish(out);
    ports::dedupe_key k;
    std::memcpy(k.words.data(), out.data(), sizeof k.words);
    return k;
}

} // namespace mira::webhook
