#include "engine/net/address.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <set>
#include <string>

using namespace mira::net;
using namespace std::string_literals;

TEST_CASE("address: parsed and told") {
    for (const std::string_view text :
         {"192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1"}) {
        const auto a = address::parse(text);
        CAPTURE(text);
        REQUIRE(a);
        CHECK(a->text() == text);
    }
    CHECK(address::parse("2001:DB8:0:0:0:0:0:1")->text() == "2001:db8::1");
    CHECK(address::parse("::ffff:192.0.2.1") == address::parse("192.0.2.1")); // one client, one key
    CHECK(address::parse("::ffff:192.0.2.1")->text() == "192.0.2.1");
}

TEST_CASE("address: what is no address is refused") {
    for (const std::string& text : {""s,
                                    " "s,
                                    "192.0.2"s,
                                    "192.0.2.256"s,
                                    "192.0.2.1.1"s,
                                    "192.0.2.1 "s,
                                    " 192.0.2.1"s,
                                    "192.0.2.01"s,
                                    "0x7f.0.0.1"s,
                                    "2130706433"s,
                                    "127.1"s,
                                    "[::1]"s,
                                    "::1%eth0"s,
                                    ":::"s,
                                    "1::2::3"s,
                                    "12345::"s,
                                    "localhost"s,
                                    "192.0.2.1\0"s,
                                    "192.0.2.1\0.evil"s,
                                    "::1\0"s,
                                    std::string(46, '1'),
                                    std::string(1000, ':')}) {
        CAPTURE(text);
        CHECK_FALSE(address::parse(text));
    }
}

TEST_CASE("address: kinds") {
    CHECK(address::parse("192.0.2.1")->is_v4());
    CHECK_FALSE(address::parse("2001:db8::1")->is_v4());
    CHECK_FALSE(address::parse("::1.2.3.4")->is_v4()); // compatible, not mapped
    CHECK(address::parse("127.0.0.1")->is_loopback());
    CHECK(address::parse("127.255.0.9")->is_loopback());
    CHECK(address::parse("::1")->is_loopback());
    CHECK(address::parse("::ffff:127.0.0.1")->is_loopback());
    CHECK_FALSE(address::parse("128.0.0.1")->is_loopback());
    CHECK_FALSE(address::parse("::2")->is_loopback());
    CHECK_FALSE(address{}.is_loopback());
}

TEST_CASE("address: of a socket") {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(80);
    ::inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
    const endpoint e = endpoint::of(reinterpret_cast<const sockaddr&>(v4));
    CHECK(e.address.text() == "192.0.2.1");
    CHECK(e.port == 80);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(8080);
    ::inet_pton(AF_INET6, "::ffff:192.0.2.1", &v6.sin6_addr);
    CHECK(address::of(reinterpret_cast<const sockaddr&>(v6)) == e.address);
    sockaddr other{};
    other.sa_family = AF_UNIX;
    CHECK(address::of(other) == address{});
}

TEST_CASE("network: contains, at the edges of the prefix") {
    const auto in = [](std::string_view net, std::string_view a) {
        const auto n = network::parse(net);
        REQUIRE(n);
        return n->contains(*address::parse(a));
    };
    CHECK(in("10.0.0.0/8", "10.255.255.255"));
    CHECK_FALSE(in("10.0.0.0/8", "11.0.0.0"));
    CHECK(in("10.1.2.3/8", "10.9.9.9")); // bits behind the prefix do not count
    CHECK(in("192.0.2.128/25", "192.0.2.128"));
    CHECK_FALSE(in("192.0.2.128/25", "192.0.2.127"));
    CHECK(in("192.0.2.4/31", "192.0.2.5"));
    CHECK_FALSE(in("192.0.2.4/31", "192.0.2.6"));
    CHECK(in("192.0.2.1/32", "192.0.2.1"));
    CHECK_FALSE(in("192.0.2.1/32", "192.0.2.2"));
    CHECK(in("192.0.2.1", "192.0.2.1"));
    CHECK_FALSE(in("192.0.2.1", "192.0.2.0"));
    CHECK(in("0.0.0.0/0", "255.0.0.1"));
    CHECK_FALSE(in("0.0.0.0/0", "2001:db8::1"));
    CHECK(in("2001:db8::/32", "2001:db8:ffff::1"));
    CHECK_FALSE(in("2001:db8::/32", "2001:db9::1"));
    CHECK(in("::/0", "2001:db8::1"));
    CHECK(in("::1", "::1"));
    CHECK_FALSE(in("::1", "::2"));
    CHECK(in("10.0.0.0/8", "::ffff:10.0.0.1"));
}

TEST_CASE("network: told, and what is none") {
    CHECK(network::parse("10.0.0.0/8")->text() == "10.0.0.0/8");
    CHECK(network::parse("::/0")->text() == "::/0");
    CHECK(network::parse("192.0.2.1")->text() == "192.0.2.1/32");
    CHECK(network::parse("::1")->text() == "::1/128");
    for (const std::string& text :
         {""s, "/8"s, "10.0.0.0/"s, "10.0.0.0/33"s, "10.0.0.0/-1"s, "10.0.0.0/+8"s, "10.0.0.0/8 "s,
          "10.0.0.0/8/8"s, "10.0.0.0/a"s, "::/129"s, "::/4294967296"s, "10/8"s, "x/8"s})
        CHECK_FALSE(network::parse(text));
}

TEST_CASE("address: neighbours spread over hash values") {
    std::set<std::size_t> shards;
    for (int i = 0; i < 256; ++i)
        shards.insert(std::hash<address>{}(*address::parse("10.0.0." + std::to_string(i))) >> 60);
    CHECK(shards.size() == 16);
}
