#include "engine/config/document.hpp"
#include "engine/config/reader.hpp"
#include "tests/support/fake_environment.hpp"
#include "tests/unit/engine/config/example_settings.hpp"

#include <doctest/doctest.h>

using namespace mira::config;
using example::app;
using namespace std::chrono_literals;

namespace {

struct outcome {
    app a;
    std::vector<std::string> errors;
    std::vector<std::string> warnings;
};

outcome read(std::string_view text, const mira::test::fake_environment& e = {}) {
    outcome out;
    const auto parsed = parse_document(text, "f");
    if (!parsed) {
        out.errors.push_back("syntax: " + parsed.error().front().text());
        return out;
    }
    reading r{"f", e};
    reader{*parsed, r}.read(out.a);
    for (const problem& p : r.found().take_errors()) out.errors.push_back(p.text());
    for (const problem& p : r.found().take_warnings()) out.warnings.push_back(p.text());
    return out;
}

// The only problem there must be.
std::string problem_of(std::string_view text, const mira::test::fake_environment& e = {}) {
    const outcome out = read(text, e);
    CHECK_MESSAGE(out.errors.size() == 1, std::string{text});
    return out.errors.empty() ? "accepted" : out.errors.front();
}

app good(std::string_view text, const mira::test::fake_environment& e = {}) {
    const outcome out = read(text, e);
    if (!out.errors.empty()) FAIL_CHECK(out.errors.front());
    return out.a;
}

} // namespace

TEST_CASE("config reader: what is absent keeps its default") {
    const app a = good("{}");
    CHECK(a.on);
    CHECK(a.count == 5);
    CHECK(a.word == "abc");
    CHECK_FALSE(a.tls);
    CHECK_FALSE(a.extras);
}

TEST_CASE("config reader: every type of field") {
    mira::test::fake_environment e;
    e.variables["KEY"] = "k";
    const app a = good(R"({
        "on": false, "word": "xyz", "paint": "green", "day": "2024-02-29T00:00:00Z",
        "figures": {"count": 7, "ratio": 0.25, "wait": "250ms", "room": "2KiB", "speed": "1000B/s", "pace": "6/min"},
        "peers": ["10.0.0.0/8", "::1"], "key": "env:KEY", "keys": ["a", {"value": "b", "not_after": "2027-01-01T00:00:00Z"}],
        "store": "redis://:pw@host", "level": 2, "tls": {"key": "k.pem", "port": 8443},
        "items": [{"name": "one"}, {"name": "two", "weight": 3}], "extras": [], "path": "/srv"
    })",
                       e);
    CHECK_FALSE(a.on);
    CHECK(a.count == 7);
    CHECK(a.ratio == 0.25);
    CHECK(a.word == "xyz");
    CHECK(a.paint == example::colour::green);
    CHECK(a.wait == 250ms);
    CHECK(a.room == 2048);
    CHECK(a.speed == 1000);
    CHECK(a.pace == rate{6, 60s});
    CHECK(a.day == *parse_time("2024-02-29T00:00:00Z"));
    REQUIRE(a.peers.size() == 2);
    CHECK(format_network(a.peers[1]) == "::1/128");
    CHECK(a.key.expose() == "k");
    REQUIRE(a.keys.size() == 2);
    CHECK(a.keys[0].value.expose() == "a");
    CHECK_FALSE(a.keys[0].not_after);
    CHECK(a.keys[1].not_after == parse_time("2027-01-01T00:00:00Z"));
    CHECK(a.store.expose() == "redis://:pw@host");
    CHECK(a.level == 2);
    REQUIRE(a.tls.has_value());
    CHECK(a.tls->port == 8443);
    REQUIRE(a.items.size() == 2);
    CHECK(a.items[1].weight == 3);
    REQUIRE(a.extras.has_value());
    CHECK(a.extras->empty());
    CHECK(a.path == "/srv");
}

TEST_CASE("config reader: null where it may stand") {
    const app a =
        good(R"({"key": null, "keys": null, "store": null, "level": null, "tls": null, "extras": null})");
    CHECK_FALSE(a.key);
    CHECK(a.keys.empty());
    CHECK_FALSE(a.level);
    CHECK(problem_of(R"({"on": null})") == "f:1:8: on: expected true or false, not null");
    CHECK(problem_of(R"({"items": null})") == "f:1:11: items: expected a list [...], not null");
    CHECK(problem_of(R"({"figures": null})") == "f:1:13: figures: expected an object {...}, not null");
}

TEST_CASE("config reader: a single secret stands for a list of one") {
    CHECK(good(R"({"keys": "a"})").keys.size() == 1);
    CHECK(good(R"({"keys": {"value": "a"}})").keys.size() == 1);
    CHECK(good(R"({"keys": ["a", "b"]})").keys.size() == 2);
    CHECK(problem_of(R"({"keys": ["a", "b", "c"]})") == "f:1:10: keys: has 3 entries; expected at most 2");
}

TEST_CASE("config reader: bounds are inclusive, and zero stands where it means something") {
    CHECK(good(R"({"figures": {"count": 1}})").count == 1);
    CHECK(good(R"({"figures": {"count": 10}})").count == 10);
    CHECK(good(R"({"figures": {"count": 0}})").count == 0);
    CHECK(problem_of(R"({"figures": {"count": 11}})") ==
          "f:1:23: figures.count: 11 is out of bounds; expected 1 to 10, or 0: any number");
    CHECK(problem_of(R"({"figures": {"count": -1}})").find("-1 is out of bounds") != std::string::npos);
    CHECK(good(R"({"figures": {"wait": "100ms"}})").wait == 100ms);
    CHECK(good(R"({"figures": {"wait": "60s"}})").wait == 60s);
    CHECK(good(R"({"figures": {"wait": "0"}})").wait == 0s);
    CHECK(problem_of(R"({"figures": {"wait": "99ms"}})") ==
          "f:1:22: figures.wait: 99ms is out of bounds; expected 100ms to 1m, or 0: for ever");
    CHECK(problem_of(R"({"figures": {"wait": "60001ms"}})").find("out of bounds") != std::string::npos);
    CHECK(good(R"({"figures": {"room": "512B"}})").room == 512);
    CHECK(problem_of(R"({"figures": {"room": "511B"}})").find("expected 512B to 2KiB") != std::string::npos);
    CHECK(problem_of(R"({"figures": {"room": "2049B"}})").find("out of bounds") != std::string::npos);
    CHECK(problem_of(R"({"figures": {"room": "0"}})").find("out of bounds") != std::string::npos);
    CHECK(good(R"({"figures": {"speed": "0"}})").speed == 0);
    CHECK(problem_of(R"({"figures": {"speed": "9B/s"}})").find("9B/s is out of bounds") != std::string::npos);
    CHECK(problem_of(R"({"figures": {"speed": "1001B/s"}})").find("out of bounds") != std::string::npos);
    CHECK(good(R"({"figures": {"pace": "1000/day"}})").pace.amount == 1000);
    CHECK(good(R"({"figures": {"pace": "0/day"}})").pace == rate{});
    CHECK(problem_of(R"({"figures": {"pace": "1001/day"}})").find("at most 1000") != std::string::npos);
    CHECK(good(R"({"figures": {"ratio": 1}})").ratio == 1.0);
    CHECK(problem_of(R"({"figures": {"ratio": 1.01}})").find("1.01 is out of bounds; expected 0 to 1") !=
          std::string::npos);
    CHECK(problem_of(R"({"figures": {"ratio": -0.1}})").find("out of bounds") != std::string::npos);
    CHECK(good(R"({"word": "abcdefgh"})").word == "abcdefgh");
    CHECK(problem_of(R"({"word": "abcdefghi"})") == "f:1:10: word: has 9 bytes; expected at most 8");
    CHECK(good(R"({"peers": ["::1", "::2", "::3"]})").peers.size() == 3);
    CHECK(problem_of(R"({"peers": ["::1", "::2", "::3", "::4"]})").find("at most 3") != std::string::npos);
    CHECK(good(R"({"items": [{"name": "a"}, {"name": "b"}, {"name": "c"}]})").items.size() == 3);
    CHECK(problem_of(R"({"items": [{}, {}, {}, {}]})") == "f:1:11: items: has 4 entries; expected at most 3");
    CHECK(good(R"({"level": 3})").level == 3);
    CHECK(problem_of(R"({"level": 4})").find("level: 4 is out of bounds") != std::string::npos);
}

TEST_CASE("config reader: the wrong type says what was expected") {
    const auto is = [](std::string_view text, std::string_view part) {
        const std::string p = problem_of(text);
        CHECK_MESSAGE(p.find(part) != p.npos, p);
    };
    is("[]", "f:1:1: expected an object {...}, not a list");
    is(R"({"on": "true"})", "on: expected true or false, not a string");
    is(R"({"figures": {"count": "5"}})", "expected an integer, without quotes");
    is(R"({"figures": {"count": 5.0}})", "expected an integer, 1 to 10");
    is(R"({"figures": {"count": []}})", "expected an integer, not a list");
    is(R"({"figures": {"count": 99999999999999999999}})", "expected an integer, 1 to 10");
    is(R"({"figures": {"ratio": "0.5"}})", "expected a number, without quotes");
    is(R"({"figures": {"wait": 10}})", "a figure without its unit; expected a string such as \"250ms\"");
    is(R"({"figures": {"wait": true}})", "expected a string such as \"250ms\", \"10s\"");
    is(R"({"figures": {"wait": "10 s"}})", "\"10 s\" is no duration; expected one such as");
    is(R"({"figures": {"room": 10}})", "a figure without its unit");
    is(R"({"figures": {"room": "10"}})", "\"10\" is no size; expected one such as \"512B\"");
    is(R"({"figures": {"speed": "10"}})", "\"10\" is no byte rate; expected one such as \"240B/s\"");
    is(R"({"figures": {"pace": "10"}})", "\"10\" is no rate; expected one such as \"100/s\"");
    is(R"({"word": "ABC"})", "word: \"ABC\" is no word; expected letters from a to z");
    is(R"({"word": 3})", "expected a string, not a number");
    is(R"({"paint": "blue"})", "paint: expected \"red\" or \"green\", not \"blue\"");
    is(R"({"paint": "grean"})", "did you mean \"green\"?");
    is(R"({"paint": 1})", "expected \"red\" or \"green\", not a number");
    is(R"({"day": "tomorrow"})", "\"tomorrow\" is no time; expected RFC 3339");
    is(R"({"day": 1})", "expected a time such as");
    is(R"({"peers": "::1"})", "expected a list such as");
    is(R"({"peers": ["x"]})", "peers[0]: \"x\" is no network; expected one such as");
    is(R"({"peers": [1]})", "peers[0]: expected a network such as");
    is(R"({"peers": ["10.1.0.0/8"]})", "did you mean \"10.0.0.0/8\"?");
    is(R"({"key": 1})",
       "key: expected a secret: \"env:NAME\", \"file:PATH\" or the secret itself, not a number");
    is(R"({"key": {"value": "x"}})", "expected a secret");
    is(R"({"keys": [1]})", "keys[0]: expected a secret");
    is(R"({"keys": [{"not_after": "2027-01-01T00:00:00Z"}]})", "keys[0]: \"value\" is missing");
    is(R"({"keys": [{"value": "x", "not_after": "soon"}]})", "keys[0].not_after: \"soon\" is no time");
    is(R"({"keys": [{"value": "x", "notafter": "soon"}]})",
       "keys[0]: unknown setting \"notafter\"; did you mean \"not_after\"?");
    is(R"({"path": ""})", "path: \"\" is no path");
    is(R"({"path": "a\u0000b"})", "holds a NUL");
    is(R"({"items": [1]})", "items[0]: expected an object {...}, not a number");
    is(R"({"tls": []})", "tls: expected an object {...}, not a list");
}

TEST_CASE("config reader: unknown settings at every level, with the nearest known one") {
    CHECK(problem_of("{\n  \"figurs\": {}}") ==
          "f:2:3: unknown setting \"figurs\"; did you mean \"figures\"?");
    CHECK(problem_of(R"({"figures": {"spede": 1}})") ==
          "f:1:14: figures: unknown setting \"spede\"; did you mean \"speed\"?");
    CHECK(problem_of(R"({"tls": {"key": "k", "prot": 1}})") ==
          "f:1:22: tls: unknown setting \"prot\"; did you mean \"port\"?");
    CHECK(problem_of(R"({"items": [{"name": "a"}, {"name": "b", "wieght": 1}]})") ==
          "f:1:41: items[1]: unknown setting \"wieght\"; did you mean \"weight\"?");
    CHECK(problem_of(R"({"items": [{"name": "a", "somethingelse": 1}]})") ==
          "f:1:26: items[0]: unknown setting \"somethingelse\"; known here: \"name\", \"weight\"");
    CHECK(problem_of(R"({"extras": [{"name": "a", "x\ny": 1}]})")
              .find("extras[0]: unknown setting \"x\\u{000a}y\"") != std::string::npos);
}

TEST_CASE("config reader: what is required and missing is told at its section") {
    CHECK(problem_of("{\"items\": [\n{\"weight\": 1}]}") ==
          "f:2:1: items[0]: \"name\" is missing: Name of the item.");
}

TEST_CASE("config reader: all problems come at once, in their order") {
    const outcome out = read("{\"on\": 1,\n\"figures\": {\"count\": 99, \"wait\": 1},\n\"items\": [{}, "
                             "{\"name\": \"B\"}],\n\"x\": 1}");
    REQUIRE(out.errors.size() == 6);
    CHECK(out.errors[0].starts_with("f:1:8: on:"));
    CHECK(out.errors[1].starts_with("f:2:22: figures.count:"));
    CHECK(out.errors[2].starts_with("f:2:34: figures.wait:"));
    CHECK(out.errors[3].starts_with("f:3:11: items[0]:"));
    CHECK(out.errors[4].starts_with("f:3:24: items[1].name:"));
    CHECK(out.errors[5].starts_with("f:4:1: unknown setting \"x\""));
}

TEST_CASE("config reader: secrets that are not to be had, and warnings about those that are") {
    mira::test::fake_environment e;
    e.files["/open"] = {"topsecret", true};
    CHECK(problem_of(R"({"key": "env:NONE"})", e) == "f:1:9: key: the environment variable NONE is not set");
    CHECK(problem_of(R"({"keys": ["x", "file:/none"]})", e) ==
          "f:1:16: keys[1]: the file \"/none\" does not exist");
    const outcome open = read(R"({"key": "file:/open"})", e);
    CHECK(open.errors.empty());
    REQUIRE(open.warnings.size() == 1);
    CHECK(open.warnings[0].starts_with("f:1:9: warning: key: every user of this machine may read \"/open\""));
    const outcome old = read(R"({"keys": {"value": "x", "not_after": "2023-11-14T22:13:19Z"}})", e);
    REQUIRE(old.warnings.size() == 1);
    CHECK(old.warnings[0].find("this secret ended on 2023-11-14T22:13:19Z") != std::string::npos);
    CHECK(read(R"({"keys": {"value": "x", "not_after": "2023-11-14T22:13:20Z"}})", e).warnings.empty());
}

TEST_CASE("config reader: a URL with a masked password is refused, and a bad one is not repeated") {
    CHECK(problem_of(R"({"store": "redis://:***@host"})").find("masked password") != std::string::npos);
    mira::test::fake_environment e;
    e.variables["URL"] = "redis://:pw@host";
    CHECK(good(R"({"store": "env:URL"})", e).store.expose() == "redis://:pw@host");
}
