#include "engine/http/router.hpp"

#include <doctest/doctest.h>

#include <array>
#include <stdexcept>

using namespace mira::http;

namespace {

constexpr std::array one{stage{"first", nullptr}, stage{"second", nullptr}};
constexpr std::array two{stage{"second", nullptr}, stage{"third", nullptr}};

const std::array table{
    route{"/", {method::get}, {}, one},
    route{"/webhook/{service}", {method::post}, one, two},
    route{"/webhook/{tenant}/{service}", {method::post, method::get}, {}, one},
    route{"/v1/me", {method::get}, {}, one},
    route{"/v1/{anything}", {method::delete_}, {}, one},
    route{"/a/{1}/b/{2}/c/{3}/d/{4}", {method::put}, {}, one},
};

const router& routes() {
    static const router r{table};
    return r;
}

std::string_view pattern_of(const router::match& m) { return m.found ? m.found->route->pattern : ""; }

} // namespace

TEST_CASE("router: literal segments and parameters") {
    CHECK(pattern_of(routes().find(method::get, "/")) == "/");
    const auto m = routes().find(method::post, "/webhook/acme/github");
    CHECK(pattern_of(m) == "/webhook/{tenant}/{service}");
    CHECK(m.parameters[0] == "acme");
    CHECK(m.parameters[1] == "github");
    const auto four = routes().find(method::put, "/a/w/b/x/c/y/d/z");
    REQUIRE(four.found);
    CHECK(four.parameters == std::array<std::string_view, 4>{"w", "x", "y", "z"});
}

TEST_CASE("router: a method without a route of its own, with what the path allows") {
    const auto m = routes().find(method::get, "/webhook/github");
    CHECK(m.found == nullptr);
    CHECK(m.path_known);
    CHECK(m.allowed.allow_value() == "POST, OPTIONS");
    CHECK(routes().find(method::patch, "/webhook/a/b").allowed.allow_value() == "GET, HEAD, POST, OPTIONS");
    // Two patterns match the path: both count.
    CHECK(routes().find(method::post, "/v1/me").allowed.allow_value() == "GET, HEAD, DELETE, OPTIONS");
    CHECK(pattern_of(routes().find(method::delete_, "/v1/me")) == "/v1/{anything}");
    CHECK(pattern_of(routes().find(method::get, "/v1/me")) == "/v1/me");
}

TEST_CASE("router: HEAD finds GET's route, and only GET's") {
    CHECK(pattern_of(routes().find(method::head, "/v1/me")) == "/v1/me");
    CHECK(routes().find(method::head, "/webhook/github").found == nullptr);
    CHECK(routes().find(method::unknown, "/").found == nullptr);
    CHECK(routes().find(method::options, "/").found == nullptr);
}

TEST_CASE("router: paths are compared as sent") {
    for (const std::string_view path :
         {"", "*", "webhook/github", "/webhook", "/webhook/", "/webhook/github/", "//webhook/github",
          "/webhook//github", "/webhook/a/b/c", "/WEBHOOK/github", "/web%68ook/github", "/./", "/../", "/v1",
          "/v1/", "/nothing", "/a/w/b/x/c/y/d/", "/1/2/3/4/5/6/7/8/9/10", "/1/2/3/4/5/6/7/8/9/10/11/12"}) {
        CAPTURE(path);
        const auto m = routes().find(method::post, path);
        CHECK(m.found == nullptr);
        if (path != "/webhook/github/") CHECK_FALSE(m.path_known);
    }
    // No decoding, so that what a stage compares is what the client sent.
    CHECK(routes().find(method::post, "/webhook/a%2Fb").parameters[0] == "a%2Fb");
    CHECK(routes().find(method::post, "/webhook/..").parameters[0] == "..");
}

TEST_CASE("router: each stage has one name and one place for metrics") {
    CHECK(routes().stage_names() == std::vector<std::string_view>{"first", "second", "third"});
    const auto m = routes().find(method::post, "/webhook/github");
    CHECK(m.found->before_ids == std::vector<std::uint16_t>{0, 1});
    CHECK(m.found->after_ids == std::vector<std::uint16_t>{1, 2});
}

TEST_CASE("router: too many segments or parameters are found at start") {
    const std::array long_one{route{"/1/2/3/4/5/6/7/8/9/10/11", {method::get}, {}, one}};
    CHECK_THROWS_AS(router{long_one}, std::logic_error);
    const std::array many{route{"/{1}/{2}/{3}/{4}/{5}", {method::get}, {}, one}};
    CHECK_THROWS_AS(router{many}, std::logic_error);
    const std::array most{route{"/1/2/3/4/5/6/7/{8}/9/10", {method::get}, {}, one}};
    CHECK(router{most}.find(method::get, "/1/2/3/4/5/6/7/x/9/10").parameters[0] == "x");
}

TEST_CASE("methods: a set") {
    constexpr methods m{method::get, method::post};
    CHECK(m.has(method::get));
    CHECK_FALSE(m.has(method::put));
    CHECK((m | methods{method::put}).has(method::put));
    CHECK(methods{}.allow_value() == "OPTIONS");
    CHECK((methods{method::get, method::head, method::put, method::patch, method::delete_, method::post})
              .allow_value() == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}
