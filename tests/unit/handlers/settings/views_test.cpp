#include "handlers/settings/views.hpp"
#include "tests/unit/handlers/settings/loading.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace mira;
using namespace mira::test;

namespace {

// Everything that can be set, set to something that is not its default. Literal secrets are left out where
// told.
std::string everything(bool literals) {
    const std::string secret = literals ? R"("c4nary-1")" : R"("env:A")";
    const std::string api_key = literals ? R"("c4nary-2")" : R"("file:/b")";
    const std::string redis =
        literals ? R"("redis://me:c4nary-3@cache:6379/1")" : R"("redis://cache:6379/1")";
    const std::string accounts =
        literals ? R"("postgresql://mira:c4nary-4@db/mira?password=c4nary-5")" : R"("env:ACCOUNTS")";
    const std::string option = literals ? R"("c4nary-6")" : R"("env:A")";
    const std::string rotated = literals ? R"("c4nary-7")" : R"("file:/b")";
    return R"({
      "webhook": {"enabled": false, "host": "0.0.0.0", "port": 8080, "secret_key": )" +
           secret + R"(, "rate_limit_enabled": false},
      "server": {"reactors": 4, "instance": "mira-1", "drain_timeout": "1500ms",
                 "tls": {"host": "::1", "port": 8443, "certificate": "c.pem", "key": "k.pem", "min_version": "1.3"},
                 "trusted_proxies": ["10.0.0.0/8", "::1"], "forwarded": "forwarded", "trusted_hops": 2,
                 "limits": {"head_bytes": "32KiB", "target_bytes": "4KiB", "header_fields": 50, "max_body": "2MiB",
                            "header_timeout": "5s", "body_timeout": "1m", "body_grace": "0", "body_min_rate": "0",
                            "idle_timeout": "30s", "write_timeout": "20s", "tls_handshake_timeout": "3s", "connections": 1000,
                            "connections_per_address": 10, "pipelined_requests": 1, "requests_per_connection": 100,
                            "body_memory": "64MiB", "unverified_per_address": {"capacity": 10, "refill": "1/min"}}},
      "data": {"dir": "/srv/mira"},
      "journal": {"durability": "written", "retention": "0", "max_bytes": "1GiB", "segment_bytes": "8MiB",
                  "batch_bytes": "64KiB", "max_unsynced": "4MiB"},
      "redis": {"url": )" +
           redis + R"(}, "accounts": {"url": )" + accounts + R"(},
      "limits": {"default": {"by": "tenant", "capacity": 5, "refill": "0", "name": "t"}, "on_store_failure": "closed", "tracked_clients": 5},
      "duplicates": {"window": "0", "max_keys": 5},
      "metrics": {"top_tenants": 0, "uptime_objective": 99.95},
      "tenants": [{"id": "acme", "name": "Acme \"Inc\" é", "tier": "professional"}],
      "sources": [
        {"tenant": "acme", "name": "pay", "scheme": "paypal",
         "secrets": [)" +
           secret + R"(, {"value": )" + rotated + R"(, "not_after": "2027-01-01T00:00:00.5Z"}],
         "limits": [{"by": "client", "header": "X-Id", "capacity": 1, "refill": "1/hour", "name": "c"}, {"by": "source", "capacity": 2, "refill": "2/day"}],
         "max_body": "100B", "tolerance": "90s", "pipeline": [], "allow_unsigned": true, "public_url": "https://a.example/x?y=z",
         "duplicate_key": {"header": "X-Id"}, "event_type": {"pointer": "/a/b"}, "keep_headers": ["X-Id"],
         "acknowledge": {"status": 200, "body": "ok\n", "content_type": "text/plain"}, "durability": "memory",
         "options": {"webhook_id": )" +
           option + R"(}, "shed": "hours", "learn_secret": true, "enabled": false},
        {"name": "own", "scheme": {"algorithm": "hmac", "parts": ["a", 1.50, {"b": [true, null]}]}, "secrets": )" +
           secret + R"(,
         "duplicate_key": "none", "keep_headers": "all", "limits": []}
      ],
      "n8n": {"url": "http://127.0.0.1:5678", "api_key": )" +
           api_key + R"(},
      "rbac": {"enabled": false, "tenant_isolation": false},
      "enterprise": {"usage_tracking": false, "audit_logging": false},
      "log": {"level": "warn", "format": "json", "lines_per_second": 5}
    })";
}

fake_environment surroundings() {
    fake_environment e;
    e.variables["A"] = "c4nary-8";
    e.variables["ACCOUNTS"] = "postgresql://mira:c4nary-9@db/mira";
    e.files["/b"] = {"c4nary-10\n", false};
    return e;
}

} // namespace

TEST_CASE("settings render: what was rendered loads to the same") {
    for (const std::string& text :
         {std::string{"{}"}, std::string{R"({"webhook": {"secret_key": "env:A"}})"}, everything(false)}) {
        const std::string once = settings::render_resolved(good(text, surroundings()));
        const std::string twice = settings::render_resolved(good(once, surroundings()));
        CHECK(once == twice);
    }
}

TEST_CASE("settings render: what was loaded from a rendering is the same in substance") {
    const auto first = good(everything(false), surroundings());
    const auto second = good(settings::render_resolved(first), surroundings());
    REQUIRE(second.sources.size() == first.sources.size());
    CHECK(second.sources[0].secrets == first.sources[0].secrets);
    CHECK(second.sources[0].options == first.sources[0].options);
    CHECK(second.sources[0].limits == first.sources[0].limits);
    CHECK(second.sources[1].scheme == first.sources[1].scheme);
    CHECK(second.accounts.url == first.accounts.url);
    CHECK(second.tenants[0].name == first.tenants[0].name);
    CHECK(source_of(second, "jira").built_in);
    CHECK_FALSE(second.sources[1].built_in);
}

TEST_CASE("settings render: no secret appears, masked ones do, and they are refused when read back") {
    const std::string text = settings::render_resolved(good(everything(true), surroundings()));
    CHECK_FALSE(has(text, "c4nary"));
    CHECK(has(text, R"("secret_key": "***")"));
    CHECK(has(text, R"("url": "redis://me:***@cache:6379/1")"));
    CHECK(has(text, R"("url": "postgresql://mira:***@db/mira?password=***")"));
    CHECK(has(text, R"("webhook_id": "***")"));
    const attempt back = load(text, surroundings());
    CHECK_FALSE(back.value.has_value());
    CHECK(has(back.errors.front(), "webhook.secret_key: *** stands for a masked secret"));
    const std::string references = settings::render_resolved(good(everything(false), surroundings()));
    CHECK_FALSE(has(references, "c4nary"));
    CHECK(has(references, R"("secret_key": "env:A")"));
    CHECK(has(references, R"("api_key": "file:/b")"));
}

TEST_CASE("settings render: no secret appears in what is wrong, whatever is wrong with it") {
    for (
        const char* text :
        {R"({"webhook": {"secret_key": ["c4nary"]}})", R"({"webhook": {"secret_key": c4nary}})",
         R"({"webhook": {"secret_key": 4nary}})", R"({"webhook": {"secret_key": "c4nary}})",
         R"({"webhook": {"secret_key": "c4nary\q"}})", R"({"webhook": {"secret_key": 'c4nary'}})",
         R"({"redis": {"url": "c4nary://u:c4nary@h"}})", R"({"accounts": {"url": "mysql://u:c4nary@h"}})",
         R"({"redis": {"url": "env:REDIS"}})", R"({"webhook": {"secret_key": "env:c4nary!"}})",
         R"({"sources": [{"name": "a", "scheme": "none", "secrets": ["c4nary"]}]})",
         R"({"sources": [{"name": "a", "scheme": "github", "secrets": [{"value": "c4nary", "not_after": "x"}]}]})",
         R"({"sources": [{"name": "a", "scheme": "nope", "secrets": "c4nary", "options": {"a": "c4nary"}}]})"}) {
        fake_environment e = surroundings();
        e.variables["REDIS"] = "http://u:c4nary@h";
        const attempt a = load(text, e);
        CHECK_MESSAGE(!a.errors.empty(), text);
        for (const std::string& line : a.errors) CHECK_MESSAGE(!has(line, "4nary"), line);
        for (const std::string& line : a.warnings) CHECK_MESSAGE(!has(line, "4nary"), line);
    }
}

TEST_CASE("settings describe: complete, in one voice") {
    const auto rows = settings::describe();
    std::set<std::string> names;
    for (const auto& row : rows) {
        CAPTURE(row.name);
        CHECK(names.insert(row.name).second);
        CHECK_FALSE(row.type.empty());
        CHECK_FALSE(row.fallback.empty());
        CHECK(row.description.size() > 5);
        CHECK(row.description.ends_with('.'));
    }
    // What the design names must be there.
    for (const char* name : {"webhook.enabled",
                             "webhook.host",
                             "webhook.port",
                             "webhook.secret_key",
                             "webhook.rate_limit_enabled",
                             "server.reactors",
                             "server.tls",
                             "server.trusted_proxies",
                             "data.dir",
                             "journal.durability",
                             "journal.retention",
                             "journal.max_bytes",
                             "redis.url",
                             "accounts.url",
                             "limits.default",
                             "limits.on_store_failure",
                             "duplicates.window",
                             "tenants[].id",
                             "tenants[].tier",
                             "sources[].scheme",
                             "sources[].secrets",
                             "sources[].limits[].by",
                             "sources[].max_body",
                             "sources[].tolerance",
                             "sources[].pipeline",
                             "n8n.url",
                             "n8n.api_key",
                             "rbac.enabled",
                             "rbac.tenant_isolation",
                             "enterprise.usage_tracking",
                             "enterprise.audit_logging",
                             "log.level",
                             "log.format"})
        CHECK_MESSAGE(names.contains(name), name);
    CHECK(has(settings::describe_as_text(), "limits.default\n    section, default as below, reloads\n"));
    CHECK(has(settings::describe_as_text(), "server.tls\n    section, default no TLS, needs a restart\n"));
    CHECK(has(settings::describe_as_text(), "webhook.port\n    integer (0 to 65535, or 0: any free port), "
                                            "default 5000, needs a restart\n    Port to listen on.\n"));
    CHECK(has(
        settings::describe_as_text(),
        "server.limits.body_min_rate\n    byte rate (1B/s to 1GiB/s, or 0: no minimum), default \"240B/s\""));
    CHECK(has(settings::describe_as_text(),
              "sources[].max_body\n    size (1B to 32MiB), default server.limits.max_body, reloads"));
}
