// The visitors that only look: the dump and the reference.
#include "engine/config/document.hpp"
#include "engine/config/reader.hpp"
#include "engine/config/reference.hpp"
#include "engine/config/renderer.hpp"
#include "tests/support/fake_environment.hpp"
#include "tests/unit/engine/config/example_settings.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace mira::config;
using example::app;

namespace {

app read(std::string_view text, const mira::test::fake_environment& e) {
    app a;
    const auto parsed = parse_document(text, "f");
    if (!parsed) FAIL(parsed.error().front().text());
    reading r{"f", e};
    reader{*parsed, r}.read(a);
    const auto errors = r.found().take_errors();
    if (!errors.empty()) FAIL(errors.front().text());
    return a;
}

} // namespace

TEST_CASE("config renderer: the whole, in the order of the walk") {
    mira::test::fake_environment e;
    e.variables["KEY"] = "v3rysecret";
    app a = read(
        R"({"keys": ["hidden1", {"value": "env:KEY", "not_after": "2027-01-01T00:00:00Z"}], "peers": ["10.0.0.0/8"],
                     "key": "env:KEY", "store": "redis://me:hidden2@host/0", "items": [{"name": "a"}]})",
        e);
    CHECK(renderer::render(a) == R"({
  "on": true,
  "figures": {
    "count": 5,
    "ratio": 0.5,
    "wait": "10s",
    "room": "1KiB",
    "speed": "240B/s",
    "pace": "100/s"
  },
  "word": "abc",
  "paint": "red",
  "day": "2027-01-01T00:00:00Z",
  "peers": ["10.0.0.0/8"],
  "key": "env:KEY",
  "keys": [
    "***",
    {
      "value": "env:KEY",
      "not_after": "2027-01-01T00:00:00Z"
    }
  ],
  "store": "redis://me:***@host/0",
  "level": null,
  "tls": null,
  "items": [
    {
      "name": "a",
      "weight": 1
    }
  ],
  "extras": null,
  "path": "data"
}
)");
}

TEST_CASE("config renderer: a dump reads back to the same dump") {
    mira::test::fake_environment e;
    e.variables["KEY"] = "k";
    app a = read(
        R"({"on": false, "figures": {"count": 0, "ratio": 0.1, "wait": "1500ms", "room": "1000B", "pace": "7/hour"},
                     "key": "env:KEY", "keys": ["env:KEY"], "level": 0, "tls": {"key": "a\"b\\c\té\u0001.pem"},
                     "items": [{"name": "a"}, {"name": "b"}], "extras": [], "peers": ["::1", "10.0.0.1"]})",
        e);
    const std::string once = renderer::render(a);
    app b = read(once, e);
    CHECK(renderer::render(b) == once);
    CHECK(b.tls->key == a.tls->key);
    CHECK(b.ratio == a.ratio);
}

TEST_CASE("config json_writer: layouts") {
    const auto parsed = parse_document(R"({"a": [1, [2, {}], "x"], "b": {"c": null}, "d": []})", "f");
    REQUIRE(parsed.has_value());
    json_writer compact{json_writer::layout::compact};
    compact.any(*parsed);
    CHECK(compact.text() == R"({"a": [1, [2, {}], "x"], "b": {"c": null}, "d": []})");
    json_writer pretty;
    pretty.any(*parsed);
    CHECK(pretty.text() == "{\n  \"a\": [\n    1,\n    [\n      2,\n      {}\n    ],\n    \"x\"\n  ],\n  "
                           "\"b\": {\n    \"c\": null\n  },\n  \"d\": []\n}");
}

TEST_CASE("config reference: a row a setting") {
    app defaults;
    const auto rows = reference::describe(defaults);
    const auto row = [&](std::string_view name) {
        const auto it = std::ranges::find(rows, name, &setting_description::name);
        if (it == rows.end()) FAIL(std::string{name});
        return *it;
    };
    CHECK(row("on") == setting_description{"on", "boolean", "", "true", applies::at_once, false, "Whether."});
    CHECK(row("figures.count") == setting_description{"figures.count", "integer", "1 to 10, or 0: any number",
                                                      "5", applies::at_restart, false, "How many."});
    CHECK(row("figures.wait").bounds == "100ms to 1m, or 0: for ever");
    CHECK(row("figures.wait").fallback == "\"10s\"");
    CHECK(row("paint").bounds == "red, green");
    CHECK(row("key").secret);
    CHECK(row("level").type == "integer");
    CHECK(row("level").fallback == "as it comes");
    CHECK(row("tls").fallback == "no TLS");
    CHECK(row("tls.port").when == applies::at_restart);
    CHECK(row("items").bounds == "at most 3");
    CHECK(row("items[].name").fallback == "required");
    CHECK(row("extras").fallback == "none");
    CHECK(row("extras[].weight").type == "integer");

    const std::string text = as_text(rows);
    CHECK(text.find("figures.count\n    integer (1 to 10, or 0: any number), default 5, needs a restart\n    "
                    "How many.\n") != text.npos);
    CHECK(text.find("items[].name\n    word (a to z), required, reloads\n") != text.npos);
}
