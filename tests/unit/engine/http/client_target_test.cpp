#include "engine/http/client_target.hpp"

#include <doctest/doctest.h>

using namespace mira::http;

TEST_CASE("client target: what a URL is taken apart into") {
    auto t = parse_client_target("https://API.PayPal.com/v1/certs/CERT-1?a=b:c@d/../e");
    REQUIRE(t);
    CHECK(t->secure);
    CHECK(t->host == "api.paypal.com");
    CHECK(t->port == 443);
    CHECK(t->authority == "api.paypal.com");
    CHECK(t->target == "/v1/certs/CERT-1?a=b:c@d/../e");

    t = parse_client_target("http://crt.example.com");
    REQUIRE(t);
    CHECK_FALSE(t->secure);
    CHECK(t->port == 80);
    CHECK(t->target == "/");

    t = parse_client_target("https://example.com:8443?q");
    REQUIRE(t);
    CHECK(t->port == 8443);
    CHECK(t->authority == "example.com:8443");
    CHECK(t->target == "/?q");

    t = parse_client_target("https://example.com:443/");
    REQUIRE(t);
    CHECK(t->authority == "example.com");

    t = parse_client_target("https://[2001:DB8::7]:8443/k");
    REQUIRE(t);
    CHECK(t->host == "2001:db8::7");
    CHECK(t->authority == "[2001:db8::7]:8443");
}

TEST_CASE("client target: what two programs could read differently is no URL") {
    for (const char* text : {"",
                             "example.com/",
                             "//example.com/",
                             "ftp://example.com/",
                             "HTTPS://example.com/",
                             "https:/example.com/",
                             "https://",
                             "https:///path",
                             "https://?q",
                             "https://user@example.com/",
                             "https://user:pass@example.com/",
                             "https://good.example@evil.example/",
                             "https://good.example#@evil.example/",
                             "https://good.example\\@evil.example/",
                             "https://good.example\\.evil.example/",
                             "https://example.com/a#b",
                             "https://example.com/a b",
                             "https://example.com/a\r\nHost: evil",
                             "https://example.com/\x7f",
                             "https://example.com/\xc3\xa9",
                             "https://ex%61mple.com/",
                             "https://example_.com/",
                             "https://.example.com/",
                             "https://example..com/",
                             "https://example.com./",
                             "https://-example.com/",
                             "https://example.com:/",
                             "https://example.com:0/",
                             "https://example.com:0443/",
                             "https://example.com:+443/",
                             "https://example.com:443x/",
                             "https://example.com:65536/",
                             "https://example.com:443:443/",
                             "https://[::1/",
                             "https://[::1]x/",
                             "https://[::1]443/",
                             "https://[127.0.0.1]/",
                             "https://[fe80::1%25eth0]/",
                             "https://[]/",
                             "https://::1/"})
        CHECK_MESSAGE(!parse_client_target(text), text);
    using namespace std::string_literals;
    CHECK_FALSE(parse_client_target("https://example.com/\0"s));
    CHECK_FALSE(parse_client_target("https://example.com\0.evil.example/"s));
}

TEST_CASE("client target: lengths at and above their bounds") {
    const std::string front = "https://example.com/";
    CHECK(parse_client_target(front + std::string(2048 - front.size(), 'x')));
    CHECK_FALSE(parse_client_target(front + std::string(2049 - front.size(), 'x')));
    std::string host;
    for (int i = 0; i < 126; ++i) host += "a.";
    CHECK(parse_client_target("https://" + host + "b/")); // 253
    CHECK_FALSE(parse_client_target("https://" + host + "bc/"));
    CHECK(parse_client_target("https://example.com:65535/"));
}
