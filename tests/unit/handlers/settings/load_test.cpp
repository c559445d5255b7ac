#include "tests/unit/handlers/settings/loading.hpp"

#include <doctest/doctest.h>

using namespace mira;
using namespace mira::test;
using namespace std::chrono_literals;
using settings::tier;

TEST_CASE("settings load: the defaults, section by section") {
    const auto s = good("{}");
    CHECK(s.webhook.enabled);
    CHECK(s.webhook.host == "127.0.0.1");
    CHECK(s.webhook.port == 5000);
    CHECK_FALSE(s.webhook.secret_key);
    CHECK(s.webhook.rate_limit_enabled);

    CHECK(s.server.reactors == 0);
    CHECK(s.server.instance == "edge-1");
    CHECK(s.server.drain_timeout == 30s);
    CHECK_FALSE(s.server.tls);
    CHECK(s.server.trusted_proxies.empty());
    CHECK(s.server.forwarded == settings::forwarded_by::x_forwarded_for);
    CHECK(s.server.trusted_hops == 1);

    const auto& l = s.server.limits;
    CHECK(l.head_bytes == 16 << 10);
    CHECK(l.target_bytes == 8 << 10);
    CHECK(l.header_fields == 100);
    CHECK(l.max_body == 1 << 20);
    CHECK(l.header_timeout == 10s);
    CHECK(l.body_timeout == 5min);
    CHECK(l.body_grace == 10s);
    CHECK(l.body_min_rate == 240);
    CHECK(l.idle_timeout == 60s);
    CHECK(l.write_timeout == 30s);
    CHECK(l.tls_handshake_timeout == 10s);
    CHECK(l.connections == 32768);
    CHECK(l.connections_per_address == 16384);
    CHECK(l.pipelined_requests == 16);
    CHECK(l.requests_per_connection == 0);
    CHECK(l.body_memory == 256u << 20);
    CHECK(l.unverified_per_address.capacity == 10000);
    CHECK(l.unverified_per_address.refill == config::rate{1000, 1s});

    CHECK(s.data.dir == "data");
    CHECK(s.journal.durability == settings::durability::fsync);
    CHECK(s.journal.retention == 168h);
    CHECK(s.journal.max_bytes == 10ull << 30);
    CHECK(s.journal.segment_bytes == 64u << 20);
    CHECK(s.journal.batch_bytes == 1u << 20);
    CHECK(s.journal.max_unsynced == 16u << 20);
    CHECK_FALSE(s.redis.url);
    CHECK(s.accounts.url.expose() == "sqlite:data/mira.db");

    REQUIRE(s.limits.fallback.has_value());
    CHECK(*s.limits.fallback ==
          settings::limit{settings::limit_by::client, {}, 10000, {10000, 86400s}, "default"});
    CHECK(s.limits.on_store_failure == settings::store_failure::local);
    CHECK(s.limits.tracked_clients == 10000);
    CHECK(s.duplicates.window == 24h);
    CHECK(s.duplicates.max_keys == 1000000);
    CHECK(s.metrics.top_tenants == 50);
    CHECK(s.metrics.uptime_objective == 99.9);
    REQUIRE(s.tenants.size() == 1);
    CHECK(s.tenants[0].id == "default");
    CHECK(s.tenants[0].tier == tier::enterprise);
    CHECK_FALSE(s.n8n.url);
    CHECK_FALSE(s.n8n.api_key);
    CHECK(s.rbac.enabled);
    CHECK(s.rbac.tenant_isolation);
    CHECK(s.enterprise.usage_tracking);
    CHECK(s.enterprise.audit_logging);
    CHECK(s.log.level == log::level::info);
    CHECK(s.log.format == log::line_format::text);
    CHECK(s.warnings.empty());
}

// The example of the design, word by word, with its variable set.
TEST_CASE("settings load: the whole shape") {
    fake_environment e;
    e.variables["GITHUB_WEBHOOK_SECRET"] = "It's a Secret to Everybody";
    const auto s = good(R"({
      "webhook":    {"enabled": true, "host": "127.0.0.1", "port": 5000, "secret_key": null, "rate_limit_enabled": true},
      "server":     {"reactors": 0, "tls": null, "trusted_proxies": [], "limits": { }},
      "data":       {"dir": "data"},
      "journal":    {"durability": "fsync", "retention": "7d", "max_bytes": "10GiB"},
      "redis":      {"url": null},
      "accounts":   {"url": "sqlite:data/mira.db"},
      "limits":     {"default": {"by": "client", "capacity": 10000, "refill": "10000/day"}, "on_store_failure": "local"},
      "duplicates": {"window": "24h"},
      "tenants":    [{"id": "default", "name": "Default", "tier": "enterprise"}],
      "sources":    [{"tenant": "default", "name": "github", "scheme": "github", "secrets": ["env:GITHUB_WEBHOOK_SECRET"],
                      "limits": [{"by": "source", "capacity": 500, "refill": "100/s"}], "max_body": "1MiB", "tolerance": "5m",
                      "pipeline": [{"do": "log"}]}],
      "n8n":        {"url": null, "api_key": null},
      "rbac":       {"enabled": true, "tenant_isolation": true},
      "enterprise": {"usage_tracking": true, "audit_logging": true},
      "log":        {"level": "info", "format": "text"}
    })",
                        e);
    CHECK(s.warnings.empty());
    REQUIRE(s.sources.size() == 4); // and three built-in ones
    const auto& o = s.sources[0];
    CHECK(o.tenant == "default");
    CHECK(o.scheme.preset == "github");
    REQUIRE(o.secrets.size() == 1);
    CHECK(o.secrets[0].value.expose() == "It's a Secret to Everybody");
    REQUIRE(o.limits->size() == 1);
    CHECK((*o.limits)[0] == settings::limit{settings::limit_by::source, {}, 500, {100, 1s}, "source"});
    CHECK(o.max_body == 1u << 20);
    CHECK(o.tolerance == 5min);
    REQUIRE(o.pipeline.size() == 1);
    CHECK(o.pipeline[0].handler == "log");
    CHECK_FALSE(o.built_in);
}

TEST_CASE("settings load: the default configuration file") {
    const auto result =
        settings::load_file(MIRA_ROOT "/conf/mira.json", config::process_environment(), few_schemes{});
    if (!result) FAIL(result.error().front().text());
    const settings::settings& s = *result;
    CHECK(s.warnings.empty());
    CHECK(s.webhook.host == "127.0.0.1");
    CHECK(s.webhook.port == 5000);
    CHECK(s.data.dir == "data");
    CHECK_FALSE(s.redis.url);
    CHECK(s.accounts.url.expose() == "sqlite:data/mira.db");
    REQUIRE(s.tenants.size() == 1);
    CHECK(s.tenants[0].tier == tier::enterprise);
    CHECK(source_of(s, "n8n").scheme.preset == "none");
    CHECK_FALSE(source_of(s, "n8n").built_in);
    CHECK(source_of(s, "github").built_in);
}

TEST_CASE("settings load: files that cannot be read") {
    fake_environment e;
    e.faults["/dir"] = config::file_fault::not_a_file;
    e.faults["/locked"] = config::file_fault::unreadable;
    e.files["/large"] = {std::string((16u << 20) + 1, ' '), false};
    e.files["/good"] = {"{\"webhook\": {\"port\": 7}}", true};
    const auto why = [&](const std::string& path) {
        const auto result = settings::load_file(path, e, few_schemes{});
        return result ? "accepted" : result.error().front().text();
    };
    CHECK(why("/none") == "/none: there is no such file");
    CHECK(why("/dir") == "/dir: is no regular file");
    CHECK(why("/locked") == "/locked: cannot be read by this process");
    CHECK(why("/large") == "/large: has more than 16777216 bytes");
    CHECK(why("/good") == "accepted");
}

TEST_CASE("settings load: the command line has the last word") {
    const auto a = load("{\"webhook\": {\"port\": 1}, \"data\": {\"dir\": \"x\"}}", {},
                        {.port = 6000, .data_dir = "/srv/mira"});
    REQUIRE(a.value.has_value());
    CHECK(a.value->webhook.port == 6000);
    CHECK(a.value->data.dir == "/srv/mira");
    CHECK(a.value->accounts.url.expose() == "sqlite:/srv/mira/mira.db");
    const auto tls = "{\"server\": {\"tls\": {\"port\": 6000, \"certificate\": \"c\", \"key\": \"k\"}}}";
    CHECK(load(tls).errors.empty());
    const auto clash = load(tls, {}, {.port = 6000, .data_dir = {}});
    REQUIRE(clash.errors.size() == 1);
    CHECK(has(clash.errors[0], "server.tls.port: the port 6000 is webhook.port already"));
    CHECK(has(load("{}", {}, {.port = {}, .data_dir = ""}).errors.at(0), "--data: this is no path"));
}

TEST_CASE("settings load: the instance is the host unless that is no name") {
    fake_environment e;
    CHECK(good("{}", e).server.instance == "edge-1");
    CHECK(good("{\"server\": {\"instance\": \"a.b:1\"}}", e).server.instance == "a.b:1");
    for (const std::string& host :
         {std::string{}, std::string{"two words"}, std::string(300, 'a'), std::string{"a\nb"}}) {
        e.host = host;
        CHECK(good("{}", e).server.instance == "mira");
    }
    CHECK(has(problem_of("{\"server\": {\"instance\": \"a b\"}}"),
              "server.instance: \"a b\" is no instance name"));
    CHECK(has(problem_of("{\"server\": {\"instance\": \"\"}}"), "is no instance name"));
}

TEST_CASE("settings load: addresses") {
    CHECK(good(R"({"webhook": {"host": "localhost"}})").webhook.host == "127.0.0.1");
    CHECK(good(R"({"webhook": {"host": "::ffff:127.0.0.1"}})").webhook.host == "127.0.0.1");
    CHECK(good(R"({"webhook": {"host": "0:0:0:0:0:0:0:1"}})").webhook.host == "::1");
    CHECK(problem_of(R"({"webhook": {"host": "example.com"}})") ==
          "f:1:22: webhook.host: \"example.com\" is no address; expected one such as \"127.0.0.1\", "
          "\"0.0.0.0\" or \"::\"");
    const auto s =
        good(R"({"webhook": {"host": "0.0.0.0"}, "server": {"tls": {"certificate": "c", "key": "k"}}})");
    CHECK(s.server.tls->host == "0.0.0.0");
    CHECK(s.server.tls->port == 5443);
    CHECK(s.server.tls->min_version == settings::tls_version::tls_1_2);
    CHECK(good(R"({"server": {"tls": {"host": "::", "certificate": "c", "key": "k", "min_version": "1.3"}}})")
              .server.tls->host == "::");
}

TEST_CASE("settings load: two listeners on one port") {
    const auto with = [](std::string_view host, std::string_view tls_host, int port) {
        const attempt a =
            load("{\"webhook\": {\"host\": \"" + std::string{host} +
                 "\"}, \"server\": {\"tls\": {\"host\": \"" + std::string{tls_host} +
                 "\", \"port\": " + std::to_string(port) + ", \"certificate\": \"c\", \"key\": \"k\"}}}");
        return a.errors.empty() ? std::string{"accepted"} : a.errors.front();
    };
    CHECK(has(with("127.0.0.1", "127.0.0.1", 5000),
              "server.tls.port: the port 5000 is webhook.port already, on \"127.0.0.1\""));
    CHECK(has(with("127.0.0.1", "0.0.0.0", 5000), "expected another one"));
    CHECK(has(with("::", "127.0.0.1", 5000), "expected another one"));
    CHECK(with("127.0.0.1", "127.0.0.1", 5001) == "accepted");
    CHECK(with("127.0.0.1", "127.0.0.2", 5000) == "accepted");
    CHECK(good(R"({"webhook": {"port": 0}, "server": {"tls": {"port": 0, "certificate": "c", "key": "k"}}})")
              .webhook.port == 0);
}

TEST_CASE("settings load: proxies that are trusted too far") {
    CHECK(load(R"({"server": {"trusted_proxies": ["10.0.0.0/8", "::1"]}})").warnings.empty());
    for (const char* everyone : {"0.0.0.0/0", "::/0"}) {
        const auto a =
            load("{\"server\": {\"trusted_proxies\": [\"10.0.0.1\", \"" + std::string{everyone} + "\"]}}");
        REQUIRE(a.warnings.size() == 1);
        CHECK(has(a.warnings[0], "server.trusted_proxies[1]: every peer is trusted"));
    }
    CHECK(has(load(R"({"server": {"forwarded": "proxy-protocol"}})").warnings.at(0), "spoken by nobody"));
    CHECK(load(R"({"server": {"forwarded": "proxy-protocol", "trusted_proxies": ["10.0.0.1"]}})")
              .warnings.empty());
}

TEST_CASE("settings load: sizes that do not go together") {
    CHECK(has(problem_of(R"({"server": {"limits": {"head_bytes": "4KiB"}}})"),
              "server.limits.target_bytes: 8KiB do not fit into head_bytes, 4KiB"));
    CHECK(good(R"({"server": {"limits": {"head_bytes": "8KiB"}}})").server.limits.head_bytes == 8192);
    CHECK(has(problem_of(R"({"journal": {"max_bytes": "127MiB"}})"),
              "journal.max_bytes: 127MiB is too little for two segments"));
    CHECK(good(R"({"journal": {"max_bytes": "128MiB"}})").journal.max_bytes == 128u << 20);
    CHECK(has(problem_of(R"({"journal": {"batch_bytes": "3MiB", "segment_bytes": "2MiB"}})"),
              "journal.batch_bytes: 3MiB do not fit into a segment of 2MiB"));
    CHECK(good(R"({"journal": {"batch_bytes": "2MiB", "segment_bytes": "2MiB"}})").journal.batch_bytes ==
          2u << 20);
}

TEST_CASE("settings load: durability") {
    CHECK(good(R"({"journal": {"durability": "memory"}})").journal.durability ==
          settings::durability::memory);
    CHECK(good(R"({"journal": {"durability": "written"}})").journal.durability ==
          settings::durability::written);
    CHECK(has(problem_of(R"({"journal": {"durability": "replicated"}})"),
              "journal.durability: \"replicated\" is not available in this version"));
    CHECK(has(problem_of(R"({"journal": {"durability": "fsnyc"}})"), "did you mean \"fsync\"?"));
}

TEST_CASE("settings load: tenants") {
    const auto s =
        good(R"({"tenants": [{"id": "acme"}, {"id": "b-1._x", "name": "B", "tier": "professional"}]})");
    REQUIRE(s.tenants.size() == 3);
    CHECK(s.tenants[0].name == "acme");
    CHECK(s.tenants[0].tier == tier::basic);
    CHECK(s.tenants[1].tier == tier::professional);
    CHECK(s.tenants[2].id == "default");
    CHECK(s.tenants[2].tier == tier::enterprise);
    CHECK(good(R"({"tenants": []})").tenants.size() == 1);
    CHECK(good(R"({"tenants": [{"id": "default", "tier": "basic"}]})").tenants.at(0).tier == tier::basic);
    CHECK(problem_of("{\"tenants\": [{\"id\": \"a\"},\n{\"id\": \"b\"},\n{\"id\": \"a\"}]}") ==
          "f:3:8: tenants[2].id: the tenant \"a\" is listed already on line 1");
    CHECK(has(problem_of(R"({"tenants": [{"name": "A"}]})"), "tenants[0]: \"id\" is missing"));
    CHECK(has(problem_of(R"({"tenants": [{"id": "a", "name": ""}]})"), "tenants[0].name: \"\" is empty"));
    CHECK(has(problem_of(R"({"tenants": [{"id": "a", "name": "a\nb"}]})"), "holds a control character"));
    CHECK(has(problem_of(R"({"tenants": [{"id": "a", "tier": "pro"}]})"),
              "tenants[0].tier: expected \"basic\""));
}

TEST_CASE("settings load: names, at and beyond their bounds") {
    const auto ok = [](const std::string& name) {
        const attempt a = load("{\"tenants\": [{\"id\": \"" + name + "\"}]}");
        return a.errors.empty();
    };
    CHECK(ok("a"));
    CHECK(ok("0"));
    CHECK(ok("a.b_c-d"));
    CHECK(ok(std::string(63, 'a')));
    CHECK_FALSE(ok(std::string(64, 'a')));
    for (const char* name : {"", "-a", ".a", "_a", "A", "a b", "a/b", "a\\u0000", "\\u00e9"})
        CHECK_FALSE(ok(name));
}

TEST_CASE("settings load: URLs of stores") {
    const auto redis = [](std::string_view url) {
        return load("{\"redis\": {\"url\": \"" + std::string{url} + "\"}}").errors.empty();
    };
    for (const char* url : {"redis://localhost:6379/0", "rediss://:pw@cache",
                            "redis+sentinel://a:26379,b:26379/main", "redis+cluster://a,b"})
        CHECK_MESSAGE(redis(url), url);
    for (const char* url : {"", "redis://", "http://cache", "cache:6379", "redis://a b"})
        CHECK_MESSAGE(!redis(url), url);
    const auto accounts = [](std::string_view url) {
        return load("{\"accounts\": {\"url\": \"" + std::string{url} + "\"}}").errors.empty();
    };
    for (const char* url :
         {"sqlite:x.db", "sqlite:/srv/my data/x.db", "postgresql://u:p@db/mira", "postgres://db"})
        CHECK_MESSAGE(accounts(url), url);
    for (const char* url : {"", "sqlite:", "mysql://db", "postgres://", "x.db"})
        CHECK_MESSAGE(!accounts(url), url);
    CHECK_FALSE(has(problem_of(R"({"redis": {"url": "http://u:hunter2@cache"}})"), "hunter2"));
    CHECK(has(problem_of(R"({"accounts": {"url": "mysql://db"}})"),
              "accounts.url: this URL is no store of accounts; expected sqlite:PATH"));
}

TEST_CASE("settings load: access that is wide open is a warning") {
    CHECK(has(load(R"({"rbac": {"enabled": false}})").warnings.at(0),
              "rbac.enabled: permissions are not checked"));
    CHECK(has(load(R"({"rbac": {"tenant_isolation": false}})").warnings.at(0), "rbac.tenant_isolation:"));
}

TEST_CASE("settings load: unknown settings at every level") {
    const auto meant = [](std::string_view text, std::string_view part) {
        const auto p = problem_of(text);
        CHECK_MESSAGE(has(p, part), p);
    };
    meant(R"({"webhok": {}})", "f:1:2: unknown setting \"webhok\"; did you mean \"webhook\"?");
    meant(R"({"webhook": {"prot": 1}})", "webhook: unknown setting \"prot\"; did you mean \"port\"?");
    meant(R"({"server": {"port": 1}})",
          "server: unknown setting \"port\"; known here: \"reactors\", \"instance\"");
    meant(R"({"server": {"limits": {"max_bdy": 1}}})",
          "server.limits: unknown setting \"max_bdy\"; did you mean \"max_body\"?");
    meant(R"({"server": {"limits": {"unverified_per_address": {"refil": "1/s"}}}})",
          "server.limits.unverified_per_address: unknown setting \"refil\"; did you mean \"refill\"?");
    meant(R"({"server": {"tls": {"certificate": "c", "key": "k", "min-version": "1.2"}}})",
          "did you mean \"min_version\"?");
    meant(R"({"limits": {"defualt": null}})",
          "limits: unknown setting \"defualt\"; did you mean \"default\"?");
    meant(R"({"limits": {"default": {"by": "client", "capacity": 1, "refill": "0", "capcity": 2}}})",
          "limits.default: unknown setting \"capcity\"; did you mean \"capacity\"?");
    meant(R"({"tenants": [{"id": "a", "tire": "basic"}]})",
          "tenants[0]: unknown setting \"tire\"; did you mean \"tier\"?");
    meant(with_source(R"("name": "a", "scheme": "none", "secret": "x")"),
          "sources[0]: unknown setting \"secret\"; did you mean \"secrets\"?");
    meant(
        with_source(
            R"("name": "a", "scheme": "none", "limits": [{"by": "source", "capacity": 1, "refill": "0", "nam": "x"}])"),
        "sources[0].limits[0]: unknown setting \"nam\"; did you mean \"name\"?");
    meant(with_source(R"("name": "a", "scheme": "none", "acknowledge": {"stauts": 200})"),
          "sources[0].acknowledge: unknown setting \"stauts\"; did you mean \"status\"?");
    meant(with_source(R"("name": "a", "scheme": "none", "pipeline": [{"do": "log", "wen": 1}])"),
          "sources[0].pipeline[0]: unknown setting \"wen\"; did you mean \"when\"?");
    meant(with_source(R"("name": "a", "scheme": "none", "duplicate_key": {"heder": "X"})"),
          "sources[0].duplicate_key: unknown setting \"heder\"; did you mean \"header\"?");
}

TEST_CASE("settings load: all problems come at once, syntax first") {
    const auto a = load("{\"webhook\": {\"port\": 99999},\n\"journal\": {\"max_bytes\": \"10GB!\"},\n"
                        "\"sources\": [{\"name\": \"x\", \"scheme\": \"githb\", \"tenant\": \"nobody\"}]}");
    REQUIRE(a.errors.size() == 4);
    CHECK(a.errors[0].starts_with("f:1:22: webhook.port: 99999 is out of bounds; expected 0 to 65535"));
    CHECK(a.errors[1].starts_with("f:2:26: journal.max_bytes: \"10GB!\" is no size"));
    CHECK(a.errors[2] ==
          "f:3:37: sources[0].scheme: no scheme is called \"githb\"; did you mean \"github\"?");
    CHECK(a.errors[3].starts_with("f:3:56: sources[0].tenant: there is no tenant \"nobody\""));
    CHECK(problem_of("{\"webhook\": {\"port\": 99999,,}}").starts_with("f:1:28: expected a name"));
}
