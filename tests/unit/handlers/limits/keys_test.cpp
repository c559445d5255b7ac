#include "handlers/limits/keys.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace mira;
using namespace mira::limits;

namespace {
address v4(unsigned char a, unsigned char b, unsigned char c, unsigned char d) {
    return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d};
}
} // namespace

TEST_CASE("limit keys: tenants, sources, limits and subjects never share a bucket") {
    std::vector<ports::bucket_key> all;
    for (const char* tenant : {"a", "b", ""}) {
        for (const char* source : {"", "g", "gh", "1"}) {
            for (const char* limit : {"", "h", "x", "1:"}) all.push_back(limit_key(tenant, source, limit));
        }
    }
    const auto base = limit_key("a", "g", "h");
    for (unsigned char i = 1; i < 50; ++i) {
        all.push_back(for_client(base, v4(10, 0, 0, i)));
        all.push_back(for_value(base, std::string(1, static_cast<char>(i))));
    }
    all.push_back(for_value(base, ""));
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t j = i + 1; j < all.size(); ++j) REQUIRE_FALSE(all[i] == all[j]);
    }
    CHECK(limit_key("a", "g", "h") == base);
    CHECK(limit_key("b", "g", "h").tenant != base.tenant);
    CHECK(limit_key("b", "g", "h").scope == base.scope);
}

// Every instance, and every later version, must find the same bucket.
TEST_CASE("limit keys: names do not change") {
    const auto k = limit_key("default", "github", "per client");
    CHECK(k.tenant == 0xf37033055d874330);
    CHECK(k.scope == 0x4c068958f407f5d9);
}

TEST_CASE("limit keys: a client is an IPv4 address, or a network of IPv6") {
    CHECK(client_of(v4(1, 2, 3, 4)) == client_of(v4(1, 2, 3, 4)));
    CHECK(client_of(v4(1, 2, 3, 4)) != client_of(v4(1, 2, 3, 5)));
    const address a{0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8};
    address same_network = a, other_network = a;
    same_network[8] = same_network[15] = 99;
    other_network[7] = 3;
    CHECK(client_of(a) == client_of(same_network));
    CHECK(client_of(a) != client_of(other_network));
    // The network that the mapped addresses lie in is no IPv4 address.
    address loopback{};
    loopback[15] = 1;
    CHECK(client_of(loopback) != client_of(v4(0, 0, 0, 0)));
}
