#include "engine/net/proxy_protocol.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace mira::net;
using namespace std::string_literals;

namespace {

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string v4_block =
    "\xC0\x00\x02\x01\xC6\x33\x64\x07\x12\x67\x01\xBB"s; // 192.0.2.1:4711 -> 198.51.100.7:443
const std::string v6_block = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"s +
                             "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"s + "\x12\x67\x01\xBB"s;

std::string v2(unsigned char command, unsigned char family, const std::string& block) {
    std::string s = signature;
    s += static_cast<char>(command);
    s += static_cast<char>(family);
    s += static_cast<char>(block.size() >> 8);
    s += static_cast<char>(block.size() & 255);
    return s + block;
}

// A header cut short wants more at every length; the bytes behind it are left alone.
proxy_header accept(const std::string& input) {
    CAPTURE(input);
    for (std::size_t n = 0; n < input.size(); ++n) {
        const std::string prefix = input.substr(0, n);
        CAPTURE(n);
        CHECK(parse_proxy_header(prefix).outcome == proxy_header::need_more);
    }
    const proxy_header h = parse_proxy_header(input);
    CHECK(h.outcome == proxy_header::complete);
    CHECK(h.size == input.size());
    const proxy_header more = parse_proxy_header(input + "GET / HTTP/1.1\r\n");
    CHECK(more.outcome == proxy_header::complete);
    CHECK(more.size == input.size());
    return h;
}

// Refused at some length, and at each beyond it.
void refuse(const std::string& input) {
    CAPTURE(input);
    bool refused = false;
    for (std::size_t n = 0; n <= input.size(); ++n) {
        const proxy_header h = parse_proxy_header(input.substr(0, n));
        CAPTURE(n);
        CHECK(h.outcome != proxy_header::complete);
        if (refused) CHECK(h.outcome == proxy_header::malformed);
        refused = refused || h.outcome == proxy_header::malformed;
    }
    CHECK(refused);
}

std::string client_of(const std::string& input) {
    const proxy_header h = accept(input);
    return h.client ? h.client->address.text() + " " + std::to_string(h.client->port) : "peer";
}

} // namespace

TEST_CASE("proxy protocol: version 1, the specification's examples") {
    CHECK(client_of("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n") == "255.255.255.255 65535");
    CHECK(client_of("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 "
                    "65535\r\n") == "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535");
    CHECK(client_of("PROXY UNKNOWN\r\n") == "peer");
    CHECK(client_of("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 "
                    "65535\r\n") == "peer");
    CHECK(client_of("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n") == "192.168.0.1 56324");
    CHECK(client_of("PROXY TCP4 192.0.2.1 192.0.2.2 0 0\r\n") == "192.0.2.1 0");
}

TEST_CASE("proxy protocol: version 1, what is refused") {
    for (const std::string& line : {"PROXY\r\n"s,
                                    "PROXY \r\n"s,
                                    "PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n"s,
                                    "PROXY tcp4 1.1.1.1 2.2.2.2 1 2\r\n"s,
                                    "PROXY TCP4\r\n"s,
                                    "PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n"s,
                                    "PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n"s,
                                    "PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n"s,
                                    "PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n"s,
                                    "PROXY TCP4 1.1.1.1  2.2.2.2 1 2\r\n"s,
                                    "PROXY TCP4 ::1 ::2 1 2\r\n"s,
                                    "PROXY TCP4 ::ffff:1.1.1.1 2.2.2.2 1 2\r\n"s,
                                    "PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n"s,
                                    "PROXY TCP6 ::1 2.2.2.2 1 2\r\n"s,
                                    "PROXY TCP4 1.1.1.1\0 2.2.2.2 1 2\r\n"s,
                                    "PROXY TCP4 1.1.1.01 2.2.2.2 1 2\r\n"s,
                                    "PROXY TCP4 1.1.1.1 2.2.2.2 65536 2\r\n"s,
                                    "PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n"s,
                                    "PROXY TCP4 1.1.1.1 2.2.2.2 -1 2\r\n"s,
                                    "PROXY TCP4 1.1.1.1 2.2.2.2 +1 2\r\n"s,
                                    "PROXY TCP4 1.1.1.1 2.2.2.2 1 \r\n"s,
                                    "PROXY UNKNOWNX\r\n"s,
                                    "PROXY unknown\r\n"s,
                                    "PROXY\tTCP4 1.1.1.1 2.2.2.2 1 2\r\n"s,
                                    "proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n"s,
                                    "GET / HTTP/1.1\r\n"s,
                                    "P\r\n"s,
                                    "\r\nPROXY UNKNOWN\r\n"s,
                                    "X"s})
        refuse(line);
}

TEST_CASE("proxy protocol: a line of version 1 has at most 107 bytes with its CR LF") {
    const auto line = [](std::size_t size) {
        return "PROXY UNKNOWN " + std::string(size - 16, 'x') + "\r\n";
    };
    CHECK(client_of(line(106)) == "peer");
    CHECK(client_of(line(107)) == "peer");
    refuse(line(108));
    // LF alone ends nothing: it waits for CR LF and is refused for its length.
    refuse("PROXY UNKNOWN\n" + std::string(100, 'x'));
}

TEST_CASE("proxy protocol: version 2") {
    CHECK(client_of(v2(0x21, 0x11, v4_block)) == "192.0.2.1 4711");
    CHECK(client_of(v2(0x21, 0x21, v6_block)) == "2001:db8::1 4711");
    // LOCAL: a health check. Family and block are to be ignored, whatever they say.
    CHECK(client_of(v2(0x20, 0x00, "")) == "peer");
    CHECK(client_of(v2(0x20, 0x11, v4_block)) == "peer");
    CHECK(client_of(v2(0x20, 0x11, "")) == "peer");
    CHECK(client_of(v2(0x20, 0xFF, "abc")) == "peer");
    // PROXY, unspecified; datagrams; UNIX sockets.
    CHECK(client_of(v2(0x21, 0x00, "")) == "peer");
    CHECK(client_of(v2(0x21, 0x12, v4_block)) == "peer");
    CHECK(client_of(v2(0x21, 0x22, v6_block)) == "peer");
    CHECK(client_of(v2(0x21, 0x31, std::string(216, 'u'))) == "peer");
    CHECK(client_of(v2(0x21, 0x32, std::string(216, 'u'))) == "peer");
}

TEST_CASE("proxy protocol: version 2 with TLVs, up to the limit") {
    const std::string alpn = "\x01\x00\x08http/1.1"s;
    CHECK(client_of(v2(0x21, 0x11, v4_block + alpn)) == "192.0.2.1 4711");
    CHECK(client_of(v2(0x21, 0x11, v4_block + std::string(longest_proxy_header - 16 - 12, 't'))) ==
          "192.0.2.1 4711");
    refuse(v2(0x21, 0x11, v4_block + std::string(longest_proxy_header - 16 - 11, 't')));
    refuse(v2(0x20, 0x00, std::string(65535, 't')));
    CHECK(parse_proxy_header(signature + "\x21\x11\xff\xff"s).outcome == proxy_header::malformed); // at once
}

TEST_CASE("proxy protocol: version 2, what is refused") {
    refuse(v2(0x11, 0x11, v4_block)); // another version
    refuse(v2(0x31, 0x11, v4_block));
    refuse(v2(0x22, 0x11, v4_block)); // another command
    refuse(v2(0x21, 0x41, v4_block)); // another family
    refuse(v2(0x21, 0x13, v4_block)); // another transport
    refuse(v2(0x21, 0x10, v4_block)); // half specified
    refuse(v2(0x21, 0x01, v4_block));
    refuse(v2(0x21, 0x11, v4_block.substr(1))); // too short for its family
    refuse(v2(0x21, 0x21, v4_block));
    refuse(v2(0x21, 0x31, v6_block));
    std::string wrong = v2(0x21, 0x11, v4_block);
    for (std::size_t i = 0; i < signature.size(); ++i) {
        std::string s = wrong;
        s[i] = '?';
        refuse(s);
    }
}
