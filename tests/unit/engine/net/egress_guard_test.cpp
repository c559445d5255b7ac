#include "engine/net/egress_guard.hpp"

#include <doctest/doctest.h>

using namespace mira::net;

namespace {

address at(std::string_view text) {
    const auto a = address::parse(text);
    REQUIRE(a.has_value());
    return *a;
}

address next(address a, int by) {
    for (std::size_t i = 16; i-- > 0;) {
        a.bytes[i] = static_cast<std::uint8_t>(a.bytes[i] + by);
        if (a.bytes[i] != (by > 0 ? 0x00 : 0xFF)) break; // no carry
    }
    return a;
}

struct range {
    const char* first;
    const char* last;
    bool public_below, public_above; // what lies beside it is public
};

// The IANA special-purpose registries' rows and what else is refused, from end to end.
constexpr range refused[] = {
    {"0.0.0.0", "0.255.255.255", false, true},
    {"10.0.0.0", "10.255.255.255", true, true},
    {"100.64.0.0", "100.127.255.255", true, true},
    {"127.0.0.0", "127.255.255.255", true, true},
    {"168.63.129.16", "168.63.129.16", true, true},
    {"169.254.0.0", "169.254.255.255", true, true},
    {"172.16.0.0", "172.31.255.255", true, true},
    {"192.0.0.0", "192.0.0.255", true, true},
    {"192.0.2.0", "192.0.2.255", true, true},
    {"192.88.99.0", "192.88.99.255", true, true},
    {"192.168.0.0", "192.168.255.255", true, true},
    {"198.18.0.0", "198.19.255.255", true, true},
    {"198.51.100.0", "198.51.100.255", true, true},
    {"203.0.113.0", "203.0.113.255", true, true},
    {"224.0.0.0", "255.255.255.255", true, false},
    {"::", "::fffe:ffff:ffff", false, false},
    {"::ffff:0:0:0", "::ffff:0:ffff:ffff", false, false},
    {"64:ff9b::", "64:ff9b::ffff:ffff", false, false},
    {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", false, false},
    {"100::", "100::ffff:ffff:ffff:ffff", false, false},
    {"2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", true, true},
    {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true, true},
    {"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true, true},
    {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", true, true},
    {"4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true, false},
    {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, false},
    {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, false},
    {"fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, false},
    {"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, false},
};

} // namespace

TEST_CASE("egress guard: each refused range at its ends, and what lies beside it") {
    const egress_guard guard;
    for (const range& r : refused) {
        CAPTURE(r.first);
        CHECK_FALSE(guard.allows(at(r.first)));
        CHECK_FALSE(guard.allows(at(r.last)));
        if (r.public_below) CHECK(guard.allows(next(at(r.first), -1)));
        if (r.public_above) CHECK(guard.allows(next(at(r.last), 1)));
    }
}

TEST_CASE("egress guard: public addresses pass") {
    const egress_guard guard;
    for (const char* text : {"1.1.1.1", "8.8.8.8", "64.4.240.1", "223.255.255.255", "2606:4700:4700::1111",
                             "2a00:1450:4001:81b::200e", "2000::"})
        CHECK_MESSAGE(guard.allows(at(text)), text);
}

TEST_CASE("egress guard: the metadata services") {
    const egress_guard guard;
    for (const char* text : {"169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192",
                             "fd00:ec2::254", "168.63.129.16"})
        CHECK_MESSAGE(!guard.allows(at(text)), text);
}

TEST_CASE("egress guard: an IPv4 address inside an IPv6 one hides nothing") {
    const egress_guard guard;
    // Mapped, it is the IPv4 address.
    CHECK_FALSE(guard.allows(at("::ffff:127.0.0.1")));
    CHECK_FALSE(guard.allows(at("::ffff:10.0.0.1")));
    CHECK(guard.allows(at("::ffff:8.8.8.8")));
    // Any other form could be unwrapped by some gateway.
    for (const char* text :
         {"::127.0.0.1", "::8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808",
          "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:808:808::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
          "2606:4700::5efe:127.0.0.1", "2606:4700::200:5efe:10.0.0.1"})
        CHECK_MESSAGE(!guard.allows(at(text)), text);
    CHECK(guard.allows(at("2606:4700::300:5efe:10.0.0.1"))); // no ISATAP
}

TEST_CASE("egress guard: what an address is for") {
    CHECK(special_use(at("127.0.0.1")) == "loopback");
    CHECK(special_use(at("::1")) == "loopback");
    CHECK(special_use(at("::")) == "unspecified");
    CHECK(special_use(at("169.254.169.254")) == "link local");
    CHECK(special_use(at("ff02::1")) == "multicast");
    CHECK(special_use(at("8.8.8.8")).empty());
}

TEST_CASE("egress guard: what is allowed beside the public, and no more") {
    const egress_guard guard{{*network::parse("10.1.0.0/16"), *network::parse("::1")}};
    CHECK(guard.allows(at("10.1.0.0")));
    CHECK(guard.allows(at("10.1.255.255")));
    CHECK(guard.allows(at("::ffff:10.1.2.3")));
    CHECK_FALSE(guard.allows(at("10.0.255.255")));
    CHECK_FALSE(guard.allows(at("10.2.0.0")));
    CHECK(guard.allows(at("::1")));
    CHECK_FALSE(guard.allows(at("::2")));
    CHECK_FALSE(guard.allows(at("127.0.0.1")));
    // All of IPv4 is not all of IPv6.
    const egress_guard wide{{*network::parse("0.0.0.0/0")}};
    CHECK(wide.allows(at("127.0.0.1")));
    CHECK_FALSE(wide.allows(at("::1")));
    CHECK_FALSE(wide.allows(at("64:ff9b::7f00:1")));
}
