#include "engine/config/changes.hpp"
#include "tests/unit/engine/config/example_settings.hpp"

#include <doctest/doctest.h>

using namespace mira::config;
using example::app;
using kind = change::kind;

namespace {

std::vector<std::string> texts(const std::vector<change>& changes) {
    std::vector<std::string> out;
    for (const change& c : changes)
        out.push_back(to_text(c) + (c.when == applies::at_restart ? " (restart)" : ""));
    return out;
}

std::vector<std::string> compare(app before, app after) {
    const remembered r = rememberer::remember(before);
    return texts(comparison::compare(r, after));
}

// What would be published.
app keep(app before, app after) {
    const remembered r = rememberer::remember(before);
    comparison::compare(r, after, comparison::mode::keep_running);
    return after;
}

using list = std::vector<std::string>;

} // namespace

TEST_CASE("config changes: none between equals") {
    app a;
    a.key = secret{"x"};
    a.tls = example::tls{"k", 1};
    a.items = {{"a", 1}, {"b", 2}};
    CHECK(compare(a, a).empty());
}

TEST_CASE("config changes: fields of every kind, with what they need") {
    app a, b;
    b.on = false;
    b.count = 6;
    b.key = secret{"x"};
    b.level = 1;
    b.wait = mira::milliseconds{1};
    CHECK(compare(a, b) == list{"figures.count changed (restart)", "figures.wait changed", "key changed",
                                "level changed", "on changed"});
}

TEST_CASE("config changes: a secret that was rotated behind its reference is one") {
    app a, b;
    a.key = secret{"old", "env:KEY"};
    b.key = secret{"new", "env:KEY"};
    CHECK(compare(a, b) == list{"key changed"});
}

TEST_CASE("config changes: items by their labels, wherever they stand") {
    app a, b;
    a.items = {{"a", 1}, {"b", 1}, {"c", 1}};
    b.items = {{"d", 1}, {"c", 5}, {"a", 1}};
    CHECK(compare(a, b) == list{"items[b] removed", "items[c].weight changed", "items[d] added"});
}

TEST_CASE("config changes: optional sections and lists") {
    app a, b;
    b.tls = example::tls{"k", 1};
    CHECK(compare(a, b) == list{"tls added (restart)"});
    CHECK(compare(b, a) == list{"tls removed (restart)"});
    app c;
    c.extras = std::vector<example::item>{{"a", 1}};
    CHECK(compare(a, c) == list{"extras[a] added"});
    CHECK(compare(c, a) == list{"extras[a] removed"});
}

TEST_CASE("config changes: what needs a restart keeps its running value, all else is taken") {
    app running, fresh;
    running.store = secret{"redis://a"};
    fresh.store = secret{"redis://b"};
    fresh.count = 9;
    fresh.path = "/elsewhere";
    fresh.on = false;
    fresh.items = {{"a", 1}};
    const app next = keep(running, fresh);
    CHECK(next.count == running.count);
    CHECK(next.path == running.path);
    CHECK(next.store == running.store);
    CHECK_FALSE(next.on);
    CHECK(next.items.size() == 1);
}

TEST_CASE("config changes: comparing alone changes nothing") {
    app before, after;
    after.count = 9;
    after.tls = example::tls{"k", 1};
    const remembered r = rememberer::remember(before);
    CHECK(comparison::compare(r, after).size() == 2);
    CHECK(after.count == 9);
    CHECK(after.tls.has_value());
}

TEST_CASE("config changes: an optional section that needs a restart comes and goes only then") {
    app without, with;
    with.tls = example::tls{"k", 1};
    CHECK_FALSE(keep(without, with).tls);
    const app kept = keep(with, without);
    REQUIRE(kept.tls.has_value());
    CHECK(kept.tls->key == "k");
    CHECK(kept.tls->port == 1);
    app moved = with, expected = with;
    moved.tls->key = "new";
    moved.tls->port = 2;
    expected.tls->key = "new";
    CHECK(keep(with, moved).tls->key == "new");
    CHECK(keep(with, moved).tls->port == 1);
    // What follows the section is compared again, not restored with it.
    app later = without;
    with.items = {{"a", 1}};
    later.items = {{"a", 7}};
    CHECK(keep(with, later).items.at(0).weight == 7);
}
