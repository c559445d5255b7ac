#include "engine/net/forwarded.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace mira::net;

namespace {

std::string text_of(const forwarded_hop& h) { return h.client ? h.client->text() : "none"; }
std::string xff(std::string_view line, std::size_t hop) { return text_of(nth_from_right(line, hop)); }
std::string fwd(std::string_view line, std::size_t hop) { return text_of(nth_for_from_right(line, hop)); }

} // namespace

TEST_CASE("forwarded: X-Forwarded-For from the right") {
    const std::string_view line = "203.0.113.9, 198.51.100.7,\t192.0.2.1";
    CHECK(xff(line, 1) == "192.0.2.1");
    CHECK(xff(line, 2) == "198.51.100.7");
    CHECK(xff(line, 3) == "203.0.113.9");
    CHECK(xff(line, 4) == "none");
    CHECK(xff(line, 0) == "none");
    CHECK(nth_from_right(line, 1).elements == 3);
    CHECK(nth_from_right("192.0.2.1", 1).elements == 1);
}

TEST_CASE("forwarded: the ways in which proxies write an address") {
    CHECK(xff("192.0.2.1:4711", 1) == "192.0.2.1");
    CHECK(xff("2001:db8::1", 1) == "2001:db8::1");
    CHECK(xff("[2001:db8::1]", 1) == "2001:db8::1");
    CHECK(xff("[2001:db8::1]:4711", 1) == "2001:db8::1");
    CHECK(xff("::ffff:192.0.2.1", 1) == "192.0.2.1");
    for (const std::string_view garbage :
         {"", "unknown", "_hidden", "192.0.2.1 192.0.2.2", "[2001:db8::1", "[]", "[192.0.2.1]",
          "[2001:db8::1]x", "2001:db8::1]", "192.0.2.999", "example.org", ":80", "\"192.0.2.1\"",
          "fe80::1%eth0", "192.0.2.1;"}) {
        CAPTURE(garbage);
        CHECK(xff(garbage, 1) == "none");
        CHECK(xff("198.51.100.7, " + std::string{garbage}, 1) == "none");
    }
}

TEST_CASE("forwarded: empty elements count, so that positions stay what the proxies made them") {
    CHECK(xff("203.0.113.9,,192.0.2.1", 1) == "192.0.2.1");
    CHECK(xff("203.0.113.9,,192.0.2.1", 2) == "none");
    CHECK(xff("203.0.113.9,,192.0.2.1", 3) == "203.0.113.9");
    CHECK(nth_from_right(",", 1).elements == 2);
    CHECK(nth_from_right("", 1).elements == 1);
}

TEST_CASE("forwarded: what a client wrote cannot hide what a proxy appended") {
    // A quote means nothing in X-Forwarded-For.
    CHECK(xff("\", 192.0.2.1", 1) == "192.0.2.1");
    CHECK(xff("\"203.0.113.9, 192.0.2.1", 1) == "192.0.2.1");
    CHECK(xff("a\\, 192.0.2.1", 1) == "192.0.2.1");
    // In Forwarded it does, and one that is left open reaches to the left only.
    CHECK(fwd("for=\"x, for=192.0.2.1", 1) == "192.0.2.1");
    CHECK(fwd("for=\"x, for=\"[2001:db8::1]:4711\";proto=https", 1) == "2001:db8::1");
    CHECK(fwd("for=\"x\\, for=192.0.2.1", 1) == "192.0.2.1");
    CHECK(fwd("for=\"x\\\\, for=198.51.100.7, for=192.0.2.1", 2) == "198.51.100.7");
}

TEST_CASE("forwarded: RFC 7239 section 4 and 6 examples") {
    CHECK(fwd("For=\"[2001:db8:cafe::17]:4711\"", 1) == "2001:db8:cafe::17");
    CHECK(fwd("for=192.0.2.60;proto=http;by=203.0.113.43", 1) == "192.0.2.60");
    CHECK(fwd("for=192.0.2.43, for=198.51.100.17", 1) == "198.51.100.17");
    CHECK(fwd("for=192.0.2.43, for=198.51.100.17", 2) == "192.0.2.43");
    CHECK(fwd("for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown", 1) == "none");
    CHECK(fwd("for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown", 2) == "2001:db8:cafe::17");
    CHECK(fwd("for=_gazonk", 1) == "none");
    CHECK(fwd("for=\"_SEVKISEK\"", 1) == "none");
    CHECK(fwd("proto=http;by=203.0.113.43", 1) == "none");
    CHECK(fwd("by=203.0.113.43;for=\"192.0.2.43:80\"", 1) == "192.0.2.43");
    CHECK(nth_for_from_right("for=192.0.2.43, for=198.51.100.17", 9).elements == 2);
}

TEST_CASE("forwarded: separators inside quotes separate nothing") {
    CHECK(fwd("host=\"a,b\";for=192.0.2.1", 1) == "192.0.2.1");
    CHECK(nth_for_from_right("host=\"a,b\";for=192.0.2.1", 1).elements == 1);
    // A host that the client chose must not become a for.
    CHECK(fwd("host=\"a;for=203.0.113.9\";for=192.0.2.1", 1) == "192.0.2.1");
    CHECK(fwd("host=\"a;for=203.0.113.9;b\";proto=https", 1) == "none");
    CHECK(fwd("host=\"\\\";for=203.0.113.9\";for=192.0.2.1", 1) == "192.0.2.1");
}

TEST_CASE("forwarded: two for in one element say nothing") {
    CHECK(fwd("for=203.0.113.9;for=192.0.2.1", 1) == "none");
    CHECK(fwd("for=192.0.2.1;for=192.0.2.1", 1) == "none");
    CHECK(fwd("before=203.0.113.9;for=192.0.2.1", 1) == "192.0.2.1");
}
