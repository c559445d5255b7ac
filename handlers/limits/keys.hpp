#pragma once
// Names of buckets. A key is made of a tenant, a scope within it (which source, which limit) and a subject,
// and says so in numbers of fixed size, so that looking one up touches no text. Tenant and scope are hashed
// when a configuration is loaded; an address goes in as it is. The hash has a public key, because all
// instances must come to the same names: a tenant who could construct a collision would only merge limits of
// its own. Pure; any thread.
#include "storage/ports/bucket_store.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace mira::limits {

// An IPv6 address, or an IPv4 address in its mapped form (RFC 4291 section 2.5.5.2), in network order.
using address = std::array<unsigned char, 16>;

// What counts as one client: a whole IPv4 address, but of an IPv6 address the first 64 bits, since whoever
// has one address has that whole network.
std::array<std::uint64_t, 2> client_of(const address& a);

// The bucket of a limit that all of a tenant's or a source's requests share. An empty source means the tenant
// as a whole; the limit's name tells several of one source apart.
ports::bucket_key limit_key(std::string_view tenant, std::string_view source, std::string_view limit);
// The bucket that one client has under such a limit.
ports::bucket_key for_client(ports::bucket_key limit, const address& a);
// The bucket of one value, as of a header.
ports::bucket_key for_value(ports::bucket_key limit, std::string_view value);

} // namespace mira::limits
