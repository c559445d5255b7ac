#include "handlers/limits/keys.hpp"

#include "engine/base/siphash.hpp"

#include <algorithm>
#include <string>

namespace mira::limits {
namespace {

// Public, and part of every name: another value would start all buckets anew.
constexpr hash128 name_key{0x6d697261, 1};
constexpr std::array<unsigned char, 12> mapped_ipv4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

} // namespace

std::array<std::uint64_t, 2> client_of(const address& a) {
    const auto network = load_le<std::uint64_t>(a.data());
    if (!std::equal(mapped_ipv4.begin(), mapped_ipv4.end(), a.begin())) return {network, 0};
    return {network, load_le<std::uint64_t>(a.data() + 8)};
}

ports::bucket_key limit_key(std::string_view tenant, std::string_view source, std::string_view limit) {
    // The length in front keeps ("ab", "c") and ("a", "bc") apart.
    std::string scope = std::to_string(source.size()) + ':';
    scope += source;
    scope += limit;
    ports::bucket_key key;
    key.tenant = siphash128(name_key, tenant).low;
    key.scope = siphash128(name_key, scope).low;
    return key;
}

ports::bucket_key for_client(ports::bucket_key limit, const address& a) {
    limit.subject = client_of(a);
    return limit;
}

ports::bucket_key for_value(ports::bucket_key limit, std::string_view value) {
    const hash128 h = siphash128(name_key, value);
    limit.subject = {h.low, h.high};
    return limit;
}

} // namespace mira::limits
