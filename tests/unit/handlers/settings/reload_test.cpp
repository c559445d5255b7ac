#include "handlers/settings/reload.hpp"
#include "tests/unit/handlers/settings/loading.hpp"

#include <doctest/doctest.h>

using namespace mira;
using namespace mira::test;

namespace {

using list = std::vector<std::string>;

list texts(const std::vector<config::change>& changes) {
    list out;
    for (const config::change& c : changes) out.push_back(config::to_text(c));
    return out;
}

settings::reload_plan plan(std::string_view running, std::string_view fresh) {
    auto p = settings::plan_reload(good(running), good(fresh), few_schemes{});
    if (!p) FAIL(p.error().front().text());
    return std::move(*p);
}

} // namespace

TEST_CASE("settings reload: nothing changed") {
    const auto p = plan("{}", "{} // touched");
    CHECK(p.applied.empty());
    CHECK(p.waiting.empty());
    CHECK(settings::differences(good("{}"), good("{}")).empty());
}

TEST_CASE("settings reload: a restart-only setting waits, the rest is applied") {
    const auto p = plan(
        R"({"webhook": {"port": 5000}, "log": {"level": "info"}})",
        R"({"webhook": {"port": 6000}, "log": {"level": "debug"}, "server": {"reactors": 2, "drain_timeout": "5s"}})");
    CHECK(texts(p.applied) == list{"log.level changed", "server.drain_timeout changed"});
    CHECK(texts(p.waiting) == list{"server.reactors changed", "webhook.port changed"});
    CHECK(p.next.webhook.port == 5000);
    CHECK(p.next.server.reactors == 0);
    CHECK(p.next.log.level == log::level::debug);
}

TEST_CASE("settings reload: sources and tenants by name") {
    const auto p = plan(R"({"tenants": [{"id": "a"}, {"id": "b"}], "sources": [
                              {"name": "x", "scheme": "github", "secrets": "1"}, {"name": "y", "scheme": "github", "secrets": "1"},
                              {"tenant": "a", "name": "z", "scheme": "github", "secrets": "1"}]})",
                        R"({"tenants": [{"id": "a", "tier": "enterprise"}, {"id": "c"}], "sources": [
                              {"name": "y", "scheme": "github", "secrets": "2"}, {"tenant": "c", "name": "w", "scheme": "stripe", "secrets": "1"},
                              {"tenant": "a", "name": "z", "scheme": "github", "secrets": "1", "limits": []}]})");
    CHECK(texts(p.applied) == list{"sources[a/z].limits[0] removed", "sources[c/w] added",
                                   "sources[default/x] removed", "sources[default/y].secrets changed",
                                   "tenants[a].tier changed", "tenants[b] removed", "tenants[c] added"});
    CHECK(p.waiting.empty());
    CHECK(source_of(p.next, "y").secrets[0].value.expose() == "2");
}

TEST_CASE("settings reload: a secret that was rotated where it lives") {
    fake_environment before, after;
    before.variables["KEY"] = "old";
    after.variables["KEY"] = "new";
    const std::string text = R"({"webhook": {"secret_key": "env:KEY"}})";
    const auto changes = settings::differences(good(text, before), good(text, after));
    CHECK(texts(changes) == list{"sources[default/github].secrets changed",
                                 "sources[default/jira].secrets changed",
                                 "sources[default/n8n].secrets changed",
                                 "sources[default/trello].secrets changed", "webhook.secret_key changed"});
}

TEST_CASE("settings reload: defaults that depend on others follow them") {
    const auto p =
        plan("{}", R"({"server": {"limits": {"max_body": "2MiB"}}, "data": {"dir": "/elsewhere"}})");
    CHECK(source_of(p.next, "jira").max_body == 2u << 20);
    CHECK(p.next.data.dir == "data");
    CHECK(p.next.accounts.url.expose() == "sqlite:data/mira.db");
    CHECK(texts(p.waiting) == list{"accounts.url changed", "data.dir changed"});
}

TEST_CASE("settings reload: TLS appears and disappears at a restart only, but its files are read again") {
    const std::string tls = R"({"server": {"tls": {"certificate": "c", "key": "k"}}})";
    const auto on = plan("{}", tls);
    CHECK_FALSE(on.next.server.tls);
    CHECK(texts(on.waiting) == list{"server.tls added"});
    const auto off = plan(tls, "{}");
    REQUIRE(off.next.server.tls.has_value());
    CHECK(off.next.server.tls->certificate == "c");
    CHECK(texts(off.waiting) == list{"server.tls removed"});
    const auto moved = plan(tls, R"({"server": {"tls": {"certificate": "d", "key": "k", "port": 1}}})");
    CHECK(moved.next.server.tls->certificate == "d");
    CHECK(moved.next.server.tls->port == 5443);
    CHECK(texts(moved.applied) == list{"server.tls.certificate changed"});
    CHECK(texts(moved.waiting) == list{"server.tls.port changed"});
}

// The new configuration is sound by itself, but its host waits for a restart, and on the running one it would
// open a hole.
TEST_CASE("settings reload: what would not go with a running setting changes nothing") {
    const auto p =
        settings::plan_reload(good(R"({"webhook": {"host": "0.0.0.0"}})"),
                              good(R"({"sources": [{"name": "a", "scheme": "none"}]})"), few_schemes{});
    REQUIRE(p.has_error());
    REQUIRE(p.error().size() == 1);
    const std::string text = p.error().front().text();
    CHECK(text.starts_with(
        "sources[0].scheme: \"none\" accepts webhooks from anybody who reaches \"0.0.0.0\""));
    CHECK(has(text, "keep their running value until a restart"));
    const auto body = settings::plan_reload(
        good(R"({"server": {"limits": {"body_memory": "4MiB"}}})"),
        good(R"({"sources": [{"name": "a", "scheme": "none", "max_body": "8MiB"}]})"), few_schemes{});
    REQUIRE(body.has_error());
    CHECK(has(body.error().front().text(), "server.limits.body_memory, 4MiB"));
}
