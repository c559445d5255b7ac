#include "engine/config/network.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace mira::config;

namespace {
network net(std::string_view s) {
    const auto parsed = parse_network(s);
    CHECK_MESSAGE(!parsed.fault, std::string{s});
    return parsed.value;
}
bool in(std::string_view address, std::string_view range) {
    return net(range).contains(*parse_address(address));
}
std::string round(std::string_view s) { return format_network(net(s)); }
} // namespace

TEST_CASE("config network: membership at the edges of a range") {
    CHECK(in("10.0.0.0", "10.0.0.0/8"));
    CHECK(in("10.255.255.255", "10.0.0.0/8"));
    CHECK_FALSE(in("9.255.255.255", "10.0.0.0/8"));
    CHECK_FALSE(in("11.0.0.0", "10.0.0.0/8"));
    CHECK(in("192.168.5.127", "192.168.5.64/26"));
    CHECK_FALSE(in("192.168.5.128", "192.168.5.64/26"));
    CHECK_FALSE(in("192.168.5.63", "192.168.5.64/26"));
    CHECK(in("127.0.0.1", "127.0.0.1"));
    CHECK_FALSE(in("127.0.0.2", "127.0.0.1"));
    CHECK(in("2001:db8:7fff::1", "2001:db8::/33"));
    CHECK_FALSE(in("2001:db8:8000::1", "2001:db8::/33"));
    CHECK(in("::1", "::1/128"));
    CHECK_FALSE(in("::2", "::1/128"));
    CHECK(in("8.8.8.8", "0.0.0.0/0"));
    CHECK_FALSE(in("2001:db8::1", "0.0.0.0/0"));
    CHECK(in("2001:db8::1", "::/0"));
}

TEST_CASE("config network: an IPv4 address and its mapped form are one") {
    CHECK(in("::ffff:10.1.2.3", "10.0.0.0/8"));
    CHECK(in("10.1.2.3", "::ffff:10.0.0.0/104"));
    CHECK(round("::ffff:10.0.0.0/104") == "10.0.0.0/8");
}

TEST_CASE("config network: texts and back") {
    CHECK(round("10.0.0.0/8") == "10.0.0.0/8");
    CHECK(round("127.0.0.1") == "127.0.0.1/32");
    CHECK(round("::1") == "::1/128");
    CHECK(round("2001:DB8:0::/32") == "2001:db8::/32");
    CHECK(round("0.0.0.0/0") == "0.0.0.0/0");
    CHECK(round("::/0") == "::/0");
}

TEST_CASE("config network: what is none") {
    for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0.0/8",
                             "256.0.0.0/8", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/8 ",
                             "fe80::1%eth0", "[::1]", "example.com", "10.0.0.0/255.0.0.0", "010.0.0.1"})
        CHECK_MESSAGE(parse_network(text).fault == network_fault::not_a_network, text);
    CHECK(parse_network(std::string_view{"10.0.0.1\0", 9}).fault == network_fault::not_a_network);
    const auto parsed = parse_network("10.1.2.3/8");
    CHECK(parsed.fault == network_fault::host_bits_set);
    CHECK(format_network(parsed.value) == "10.0.0.0/8");
}

TEST_CASE("config network: loopback and unspecified addresses") {
    for (const char* text : {"127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"})
        CHECK_MESSAGE(is_loopback(*parse_address(text)), text);
    for (const char* text : {"126.255.255.255", "128.0.0.0", "::", "::2", "0.0.0.0"})
        CHECK_MESSAGE(!is_loopback(*parse_address(text)), text);
    CHECK(is_unspecified(*parse_address("0.0.0.0")));
    CHECK(is_unspecified(*parse_address("::")));
    CHECK_FALSE(is_unspecified(*parse_address("::1")));
    CHECK_FALSE(is_unspecified(*parse_address("0.0.0.1")));
}
