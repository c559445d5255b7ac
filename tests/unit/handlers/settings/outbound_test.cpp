#include "engine/config/network.hpp"
#include "handlers/settings/views.hpp"
#include "tests/unit/handlers/settings/loading.hpp"

#include <doctest/doctest.h>

using namespace mira;
using namespace mira::test;

namespace {

std::string with_hosts(const std::string& members) { return R"({"outbound": {"hosts": {)" + members + "}}}"; }

} // namespace

TEST_CASE("outbound settings: what they are without a word, and all of them") {
    auto s = good("{}");
    CHECK(s.outbound.enabled);
    CHECK(s.outbound.allow.empty());
    CHECK(s.outbound.timeout == seconds{5});
    CHECK_FALSE(s.outbound.ca_file);
    CHECK(s.outbound.hosts.empty());
    s = good(R"({"outbound": {"enabled": false, "allow": ["10.0.0.0/8", "::1"], "timeout": "2s",
                 "ca_file": "/etc/roots.pem",
                 "hosts": {"a.example": "10.0.0.1", "b.example": "10.0.0.1:8443", "c.example": "::1",
                           "d.example": "[::1]:8443"}}})");
    CHECK_FALSE(s.outbound.enabled);
    CHECK(s.outbound.allow.size() == 2);
    CHECK(s.outbound.ca_file == "/etc/roots.pem");
    REQUIRE(s.outbound.hosts.size() == 4);
    CHECK(s.outbound.hosts["a.example"] == settings::host_address{*config::parse_address("10.0.0.1"), 0});
    CHECK(s.outbound.hosts["b.example"] == settings::host_address{*config::parse_address("10.0.0.1"), 8443});
    CHECK(s.outbound.hosts["c.example"] == settings::host_address{*config::parse_address("::1"), 0});
    CHECK(s.outbound.hosts["d.example"] == settings::host_address{*config::parse_address("::1"), 8443});
}

TEST_CASE("outbound settings: names and addresses that are none") {
    for (const char* name : {"", ".a", "a.", "a..b", "A.example", "a b", "a/b", "a:443", "*.example"}) {
        CAPTURE(name);
        CHECK(has(problem_of(with_hosts("\"" + std::string{name} + R"(": "10.0.0.1")")), "no host's name"));
    }
    for (const char* address : {"\"\"", "\"example.com\"", "\"10.0.0.1:\"", "\"10.0.0.1:0\"",
                                "\"10.0.0.1:080\"", "\"10.0.0.1:65536\"", "\"[::1]\"", "\"[::1]:\"",
                                "\"[10.0.0.1]:443\"", "\"10.0.0\"", "\":443\"", "7", "null", "[]"}) {
        CAPTURE(address);
        CHECK(has(problem_of(with_hosts("\"a.example\": " + std::string{address})), "expected one such as"));
    }
    CHECK(problem_of(with_hosts(R"("a.example": "10.0.0.1:65535")")) == "accepted");
    CHECK(has(problem_of(R"({"outbound": {"hosts": []}})"), "expected an object"));
}

TEST_CASE("outbound settings: so many hosts and no more") {
    std::string members;
    for (int i = 0; i < 64; ++i)
        members += (i == 0 ? "" : ",") + ("\"h" + std::to_string(i) + R"(.example": "10.0.0.1")");
    CHECK(problem_of(with_hosts(members)) == "accepted");
    CHECK(has(problem_of(with_hosts(members + R"(,"more.example": "10.0.0.1")")), "has 65 entries"));
}
