#include "tests/unit/handlers/settings/loading.hpp"

#include <doctest/doctest.h>

using namespace mira;
using namespace mira::test;
using namespace std::chrono_literals;
using settings::limit_by;
using settings::locator;

namespace {

// A sound source with some more members.
std::string sound(std::string_view more, std::string_view rest = "") {
    return with_source(R"("name": "a", "scheme": "github", "secrets": "s3cr3t")" +
                           std::string{more.empty() ? "" : ", "} + std::string{more},
                       rest);
}
settings::source source(std::string_view more) { return good(sound(more)).sources.at(0); }

} // namespace

TEST_CASE("settings source: the defaults") {
    const auto o = source("");
    CHECK(o.tenant == "default");
    CHECK(o.name == "a");
    REQUIRE(o.secrets.size() == 1);
    REQUIRE(o.limits->size() == 1); // that of limits.default
    CHECK((*o.limits)[0].name == "default");
    CHECK(o.max_body == 1u << 20);
    CHECK_FALSE(o.tolerance);
    REQUIRE(o.pipeline.size() == 1);
    CHECK(o.pipeline[0].handler == "log");
    CHECK_FALSE(o.allow_unsigned);
    CHECK_FALSE(o.public_url);
    CHECK(o.duplicate_key.where == locator::kind::by_scheme);
    CHECK(o.event_type.where == locator::kind::by_scheme);
    CHECK(o.keep_headers.which == settings::kept_headers::kind::by_pipeline);
    CHECK_FALSE(o.acknowledge);
    CHECK(o.durability == settings::durability::fsync);
    CHECK(o.options.empty());
    CHECK_FALSE(o.shed);
    CHECK_FALSE(o.learn_secret);
    CHECK(o.enabled);
    CHECK_FALSE(o.built_in);
}

TEST_CASE("settings source: defaults that come from elsewhere in the configuration") {
    const auto s = good(sound(
        "",
        R"("server": {"limits": {"max_body": "2MiB"}}, "journal": {"durability": "written"}, "limits": {"default": null},)"));
    CHECK(s.sources[0].max_body == 2u << 20);
    CHECK(s.sources[0].durability == settings::durability::written);
    CHECK(s.sources[0].limits->empty());
    CHECK(source_of(s, "jira").max_body == 2u << 20);
    const auto o = good(sound(R"("durability": "memory", "max_body": "10B", "limits": [])")).sources.at(0);
    CHECK(o.durability == settings::durability::memory);
    CHECK(o.max_body == 10);
    CHECK(o.limits->empty());
    CHECK(has(problem_of(sound(R"("durability": "replicated")")),
              "sources[0].durability: \"replicated\" is not available"));
}

TEST_CASE("settings source: what must be there") {
    CHECK(problem_of(with_source(R"("scheme": "none")"))
              .starts_with("f:1:14: sources[0]: \"name\" is missing: "));
    CHECK(
        problem_of(with_source(R"("name": "a")")).starts_with("f:1:14: sources[0]: \"scheme\" is missing: "));
    CHECK(has(problem_of(with_source(R"("name": "A", "scheme": "none")")),
              "sources[0].name: \"A\" is no name; expected 1 to 63 of"));
}

TEST_CASE("settings source: tenants and names") {
    CHECK(
        problem_of(
            R"({"tenants": [{"id": "acme"}], "sources": [{"tenant": "acne", "name": "a", "scheme": "none"}]})") ==
        "f:1:54: sources[0].tenant: there is no tenant \"acne\"; did you mean \"acme\"?");
    CHECK(problem_of("{\"sources\": [{\"name\": \"a\", \"scheme\": \"none\"},\n{\"name\": \"b\", \"scheme\": "
                     "\"none\"},\n"
                     "{\"scheme\": \"none\", \"name\": \"a\"}]}") ==
          "f:3:28: sources[2].name: the tenant \"default\" has a source \"a\" already on line 1");
    CHECK(
        good(
            R"({"tenants": [{"id": "b"}], "sources": [{"name": "a", "scheme": "none"}, {"tenant": "b", "name": "a", "scheme": "none"}]})")
            .sources.size() == 6);
}

TEST_CASE("settings source: schemes") {
    CHECK(problem_of(with_source(R"("name": "a", "scheme": "gitub")")) ==
          "f:1:38: sources[0].scheme: no scheme is called \"gitub\"; did you mean \"github\"?");
    CHECK(has(problem_of(with_source(R"("name": "a", "scheme": "zzzzzz")")),
              "known here: \"github\", \"none\", \"paypal\", \"stripe\""));
    CHECK(has(problem_of(with_source(R"("name": "a", "scheme": 3)")),
              "sources[0].scheme: expected a preset's name such as \"github\", or an object"));

    const auto own = good(with_source(
        R"("name": "a", "secrets": "x", "scheme": {"algorithm": "hmac-sha256", "more": [1, {"x": null}]})"));
    REQUIRE(own.sources[0].scheme.own);
    CHECK(own.sources[0].scheme.preset.empty());
    CHECK(own.sources[0].scheme.own->find("algorithm")->string() == "hmac-sha256");
    CHECK(problem_of(with_source(R"("name": "a", "secrets": "x", "scheme": {"algorithm": 7})")) ==
          "f:1:68: sources[0].scheme.algorithm: expected a name");
    CHECK(problem_of(with_source(R"("name": "a", "secrets": "x", "scheme": {})")) ==
          "f:1:54: sources[0].scheme: \"algorithm\" is missing");
}

TEST_CASE("settings source: the catalogue looks at the source as a whole") {
    CHECK(problem_of(with_source(R"("name": "a", "scheme": "paypal", "secrets": "x", "options": {})")) ==
          "f:1:75: sources[0].options: \"webhook_id\" is missing");
    CHECK(problem_of(with_source(R"("name": "a", "scheme": "paypal", "secrets": "x")")) ==
          "f:1:14: sources[0].options: \"webhook_id\" is missing");
    CHECK(good(with_source(
                   R"("name": "a", "scheme": "paypal", "secrets": "x", "options": {"webhook_id": "1"})"))
              .sources.size() == 5);
}

TEST_CASE("settings source: unsigned ones need a loopback listener or a word that it is meant") {
    const std::string unsigned_source = R"("name": "a", "scheme": "none")";
    CHECK(load(with_source(unsigned_source)).errors.empty());
    CHECK(load(with_source(unsigned_source)).warnings.empty());
    CHECK(load(with_source(unsigned_source, R"("webhook": {"host": "::1"},)")).errors.empty());
    CHECK(load(with_source(unsigned_source, R"("webhook": {"host": "127.9.9.9"},)")).errors.empty());
    for (const char* host : {"0.0.0.0", "::", "192.168.1.1"})
        CHECK(has(problem_of(with_source(unsigned_source,
                                         "\"webhook\": {\"host\": \"" + std::string{host} + "\"},")),
                  "sources[0].scheme: \"none\" accepts webhooks from anybody who reaches \"" +
                      std::string{host} + "\""));
    CHECK(has(problem_of(with_source(
                  unsigned_source, R"("server": {"tls": {"host": "::", "certificate": "c", "key": "k"}},)")),
              "anybody who reaches \"127.0.0.1\" or \"::\"; choose a scheme, listen on 127.0.0.1, or set "
              "\"allow_unsigned\": true"));
    CHECK(load(with_source(unsigned_source + R"(, "allow_unsigned": true)", R"("webhook": {"host": "::"},)"))
              .errors.empty());
    CHECK(has(
        load(with_source(unsigned_source, R"("server": {"trusted_proxies": ["127.0.0.1"]},)")).warnings.at(0),
        "whom the trusted proxies let through"));
    CHECK(has(problem_of(with_source(unsigned_source + R"(, "secrets": ["x"])")),
              "\"none\" verifies nothing, yet the source has secrets"));
    CHECK(has(problem_of(with_source(unsigned_source + R"(, "learn_secret": true)")),
              "\"none\" verifies nothing"));
}

TEST_CASE("settings source: without secrets it refuses everything, which is worth a word") {
    const std::string bare = R"("name": "a", "scheme": "github")";
    REQUIRE(load(with_source(bare)).warnings.size() == 1);
    CHECK(load(with_source(bare)).warnings[0] ==
          "f:1:14: warning: sources[0]: the source has no secrets, so it refuses everything");
    CHECK(load(with_source(bare + R"(, "learn_secret": true)")).warnings.empty());
}

TEST_CASE("settings source: the four built-in ones") {
    const auto without = good("{}");
    REQUIRE(without.sources.size() == 4);
    for (const char* name : {"n8n", "github", "trello", "jira"}) {
        const auto& o = source_of(without, name);
        CHECK(o.built_in);
        CHECK(o.tenant == "default");
        CHECK(o.scheme.preset == "github");
        CHECK(o.secrets.empty());
        CHECK(o.limits->size() == 1);
    }
    const auto with = good(R"({"webhook": {"secret_key": "k3y"}})");
    for (const auto& o : with.sources) {
        REQUIRE(o.secrets.size() == 1);
        CHECK(o.secrets[0].value.expose() == "k3y");
    }
    // One that is configured has what it says, the others what is built in; another tenant's is another
    // source.
    const auto mixed = good(R"({"webhook": {"secret_key": "k3y"}, "tenants": [{"id": "acme"}], "sources": [
        {"name": "jira", "scheme": "stripe", "secrets": "own"}, {"tenant": "acme", "name": "trello", "scheme": "github"}]})");
    REQUIRE(mixed.sources.size() == 5);
    CHECK(source_of(mixed, "jira").secrets[0].value.expose() == "own");
    CHECK_FALSE(source_of(mixed, "jira").built_in);
    CHECK(mixed.sources[1].secrets.empty());
    CHECK(mixed.sources[4].name == "trello");
    CHECK(mixed.sources[4].tenant == "default");
}

TEST_CASE("settings source: built_in is for what is built in") {
    CHECK(good(with_source(R"("name": "jira", "scheme": "github", "built_in": true)")).sources.size() == 4);
    CHECK(has(problem_of(with_source(R"("name": "a", "scheme": "github", "built_in": true)")),
              "sources[0].built_in: only n8n, github"));
    CHECK(has(
        problem_of(
            R"({"tenants": [{"id": "b"}], "sources": [{"tenant": "b", "name": "jira", "scheme": "github", "built_in": true}]})"),
        "are built in"));
}

TEST_CASE("settings source: secrets in all their forms") {
    fake_environment e;
    e.variables["A"] = "from-env";
    e.files["/b"] = {"from-file\n", false};
    const auto o = good(with_source(R"("name": "a", "scheme": "github", "secrets":
        ["env:A", {"value": "file:/b", "not_after": "2027-01-01T00:00:00Z"}, "literal"])"),
                        e)
                       .sources.at(0);
    REQUIRE(o.secrets.size() == 3);
    CHECK(o.secrets[0].value.expose() == "from-env");
    CHECK(o.secrets[1].value.expose() == "from-file");
    CHECK(o.secrets[1].not_after == config::parse_time("2027-01-01T00:00:00Z"));
    CHECK(o.secrets[2].value.expose() == "literal");
    CHECK(problem_of(with_source(R"("name": "a", "scheme": "github", "secrets": ["env:NONE"])")) ==
          "f:1:60: sources[0].secrets[0]: the environment variable NONE is not set");
    std::string list = "\"secrets\": [\"x\"";
    for (int i = 1; i < 16; ++i) list += ", \"x\"";
    CHECK(good(with_source(R"("name": "a", "scheme": "github", )" + list + "]")).sources[0].secrets.size() ==
          16);
    CHECK(has(problem_of(with_source(R"("name": "a", "scheme": "github", )" + list + ", \"x\"]")),
              "has 17 entries; expected at most 16"));
}

TEST_CASE("settings source: limits") {
    const auto o =
        source(R"("limits": [{"by": "client", "header": "X-Client-Id", "capacity": 5, "refill": "1/s"},
                                        {"by": "tenant", "capacity": 7, "refill": "0", "name": "all"}])");
    REQUIRE(o.limits->size() == 2);
    CHECK((*o.limits)[0].by == limit_by::client);
    CHECK((*o.limits)[0].header == "x-client-id");
    CHECK((*o.limits)[0].name == "client");
    CHECK((*o.limits)[1].refill == config::rate{});
    CHECK((*o.limits)[1].name == "all");
    CHECK(has(problem_of(sound(R"("limits": [{"by": "user", "capacity": 1, "refill": "0"}])")),
              "sources[0].limits[0].by: expected \"client\", \"source\" or \"tenant\", not \"user\""));
    CHECK(has(problem_of(sound(R"("limits": [{"capacity": 1, "refill": "0"}])")),
              "sources[0].limits[0]: \"by\" is missing"));
    CHECK(
        has(problem_of(sound(R"("limits": [{"by": "client", "refill": "0"}])")), "\"capacity\" is missing"));
    CHECK(has(problem_of(sound(R"("limits": [{"by": "client", "capacity": 1}])")), "\"refill\" is missing"));
    CHECK(
        has(problem_of(sound(R"("limits": [{"by": "source", "header": "X", "capacity": 1, "refill": "0"}])")),
            "sources[0].limits[0].header: a header names a client"));
    CHECK(has(
        problem_of(sound(R"("limits": [{"by": "client", "header": "X Y", "capacity": 1, "refill": "0"}])")),
        "is no header's name"));
    CHECK(has(
        problem_of(sound(
            R"("limits": [{"by": "source", "capacity": 1, "refill": "0"}, {"by": "source", "capacity": 1, "refill": "0"}])")),
        "sources[0].limits[1]: another limit of this source is called \"source\" as well"));
    const auto many = [](int n) {
        std::string list = "\"limits\": [";
        for (int i = 0; i < n; ++i)
            list +=
                R"({"by": "source", "capacity": 1, "refill": "0", "name": "n)" + std::to_string(i) + "\"},";
        return sound(list + "]");
    };
    CHECK(load(many(8)).errors.empty());
    CHECK(has(problem_of(many(9)), "has 9 entries; expected at most 8"));
}

TEST_CASE("settings source: a body that would never fit anywhere") {
    const std::string rest = R"("server": {"limits": {"body_memory": "4MiB"}},)";
    CHECK(load(sound(R"("max_body": "4MiB")", rest)).errors.empty());
    CHECK(has(problem_of(sound(R"("max_body": "4097KiB")", rest)),
              "sources[0].max_body: a body of 4097KiB would never fit into server.limits.body_memory, 4MiB"));
    const std::string segment =
        R"("journal": {"segment_bytes": "2MiB"},)"; // less 16 KiB of head and 4 KiB beside
    CHECK(load(sound(R"("max_body": "2028KiB")", segment)).errors.empty());
    CHECK(has(problem_of(sound(R"("max_body": "2029KiB")", segment)),
              "would never fit into journal.segment_bytes, 2MiB"));
    const std::string unsynced = R"("journal": {"max_unsynced": "2MiB"},)";
    CHECK(load(sound(R"("max_body": "2028KiB")", unsynced)).errors.empty());
    CHECK(has(problem_of(sound(R"("max_body": "2029KiB")", unsynced)),
              "would never fit into journal.max_unsynced, 2MiB"));
}

TEST_CASE("settings source: a default that does not fit is told once, where it stands") {
    CHECK(problem_of(R"({"server": {"limits": {"max_body": "32MiB"}}})") ==
          "f:1:36: server.limits.max_body: a body of 32MiB with its headers would never fit into "
          "journal.max_unsynced, 16MiB");
    CHECK(problem_of(
              R"({"limits": {"default": {"by": "source", "header": "X", "capacity": 1, "refill": "0"}}})") ==
          "f:1:51: limits.default.header: a header names a client: it goes with \"by\": \"client\" only");
}

TEST_CASE("settings source: pipelines") {
    CHECK(source(R"("pipeline": [])").pipeline.empty());
    CHECK(source(R"("pipeline": [{"do": "log"}, {"do": "log"}])").pipeline.size() == 2);
    for (const char* name : {"n8n.trigger", "n8n.sync", "projects.normalize", "forward", "stream"})
        CHECK(has(problem_of(sound("\"pipeline\": [{\"do\": \"" + std::string{name} +
                                   "\", \"url\": \"x\", \"when\": {}}]")),
                  "sources[0].pipeline[0].do: the handler \"" + std::string{name} +
                      "\" is not available in this version"));
    CHECK(has(problem_of(sound(R"("pipeline": [{"do": "lgo"}])")),
              "no handler is called \"lgo\"; did you mean \"log\"?"));
    CHECK(has(problem_of(sound(R"("pipeline": [{"do": "n8n_trigger"}])")), "did you mean \"n8n.trigger\"?"));
    CHECK(has(problem_of(sound(R"("pipeline": [{"do": "log"}, {"do": "log", "when": {}}])")),
              "sources[0].pipeline[1]: \"when\" is not available in this version"));
    CHECK(has(problem_of(sound(R"("pipeline": [{}])")), "\"do\" is missing"));
    CHECK(has(problem_of(sound(R"("pipeline": [{"do": 1}])")),
              "expected a handler's name such as \"log\", not a number"));
    CHECK(has(problem_of(sound(R"("pipeline": ["log"])")), "expected a step such as"));
    CHECK(has(problem_of(sound(R"("pipeline": "log")")), "expected a list of steps such as"));
    std::string steps;
    for (int i = 0; i < 32; ++i) steps += "{\"do\": \"log\"},";
    CHECK(source("\"pipeline\": [" + steps + "]").pipeline.size() == 32);
    CHECK(has(problem_of(sound("\"pipeline\": [" + steps + "{\"do\": \"log\"}]")),
              "has 33 steps; expected at most 32"));
}

TEST_CASE("settings source: where the key and the type are found") {
    CHECK(source(R"("duplicate_key": null)").duplicate_key.where == locator::kind::by_scheme);
    CHECK(source(R"("duplicate_key": "none")").duplicate_key.where == locator::kind::none);
    CHECK(source(R"("duplicate_key": {"header": "X-Request-Id"})").duplicate_key ==
          locator{locator::kind::header, "x-request-id"});
    CHECK(source(R"("event_type": {"pointer": "/data/0/ty~1pe"})").event_type ==
          locator{locator::kind::pointer, "/data/0/ty~1pe"});
    for (const char* wrong : {"1", "\"any\"", "{}", "[]", "{\"header\": \"X\", \"pointer\": \"/a\"}"})
        CHECK(has(problem_of(sound("\"duplicate_key\": " + std::string{wrong})),
                  "sources[0].duplicate_key: expected null, \"none\", {\"header\""));
    for (const char* wrong : {"\"a\"", "\"\"", "\"/a~\"", "\"/a~2\""})
        CHECK(has(problem_of(sound("\"event_type\": {\"pointer\": " + std::string{wrong} + "}")),
                  "sources[0].event_type.pointer: "));
    CHECK(has(problem_of(sound(R"("event_type": {"pointer": 1})")), "expected a JSON pointer such as"));
    CHECK(has(problem_of(sound(R"("event_type": {"header": "a b"})")),
              "sources[0].event_type.header: \"a b\" is no header's name"));
    CHECK(
        source("\"event_type\": {\"pointer\": \"/" + std::string(1023, 'a') + "\"}").event_type.text.size() ==
        1024);
    CHECK(load(sound("\"event_type\": {\"pointer\": \"/" + std::string(1024, 'a') + "\"}")).errors.size() ==
          1);
}

TEST_CASE("settings source: headers that are kept") {
    CHECK(source(R"("keep_headers": "all")").keep_headers.which == settings::kept_headers::kind::all);
    CHECK(source(R"("keep_headers": [])").keep_headers.which == settings::kept_headers::kind::listed);
    CHECK(source(R"("keep_headers": ["X-A", "b"])").keep_headers.names ==
          std::vector<std::string>{"x-a", "b"});
    CHECK(source(R"("keep_headers": null)").keep_headers.which == settings::kept_headers::kind::by_pipeline);
    CHECK(has(problem_of(sound(R"("keep_headers": "some")")),
              "sources[0].keep_headers: expected null, \"all\", or a list"));
    CHECK(has(problem_of(sound(R"("keep_headers": ["a:"])")),
              "sources[0].keep_headers[0]: \"a:\" is no header's name"));
    std::string list = "\"keep_headers\": [\"a\"";
    for (int i = 1; i < 64; ++i) list += ",\"a\"";
    CHECK(source(list + "]").keep_headers.names.size() == 64);
    CHECK(load(sound(list + ",\"a\"]")).errors.size() == 1);
    CHECK(source("\"keep_headers\": [\"" + std::string(64, 'a') + "\"]").keep_headers.names.size() == 1);
    CHECK(load(sound("\"keep_headers\": [\"" + std::string(65, 'a') + "\"]")).errors.size() == 1);
}

TEST_CASE("settings source: the answer to an accepted webhook") {
    const auto a =
        source(
            R"("acknowledge": {"status": 200, "body": "[accepted]", "content_type": "text/plain; charset=utf-8"})")
            .acknowledge;
    REQUIRE(a.has_value());
    CHECK(a->status == 200);
    CHECK(a->body == "[accepted]");
    CHECK(a->content_type == "text/plain; charset=utf-8");
    const auto b = source(R"("acknowledge": {})").acknowledge;
    REQUIRE(b.has_value());
    CHECK(b->status == 202);
    CHECK_FALSE(b->body);
    CHECK(b->content_type == "application/json");
    CHECK(source(R"("acknowledge": {"status": 299})").acknowledge->status == 299);
    for (const int status : {199, 300})
        CHECK(has(problem_of(sound("\"acknowledge\": {\"status\": " + std::to_string(status) + "}")),
                  "expected 200 to 299"));
    CHECK(source(R"("acknowledge": {"status": 204})").acknowledge->status == 204);
    CHECK(source(R"("acknowledge": {"status": 204, "body": ""})").acknowledge->body == "");
    for (const int status : {204, 205})
        CHECK(has(problem_of(sound("\"acknowledge\": {\"status\": " + std::to_string(status) +
                                   ", \"body\": \"x\"}")),
                  "sources[0].acknowledge.body: an answer with status"));
    CHECK(
        source("\"acknowledge\": {\"body\": \"" + std::string(4096, 'a') + "\"}").acknowledge->body->size() ==
        4096);
    CHECK(load(sound("\"acknowledge\": {\"body\": \"" + std::string(4097, 'a') + "\"}")).errors.size() == 1);
    for (const char* type :
         {"", "text", "text/", "/plain", "text/plain\\r\\nX: y", "te xt/plain", "text/pl\\u00e9"})
        CHECK_MESSAGE(
            load(sound("\"acknowledge\": {\"content_type\": \"" + std::string{type} + "\"}")).errors.size() ==
                1,
            type);
}

TEST_CASE("settings source: public URLs") {
    const auto ok = [](std::string_view url) {
        return load(sound("\"public_url\": \"" + std::string{url} + "\"")).errors.empty();
    };
    for (const char* url :
         {"https://hooks.example.com/webhook/acme/twilio", "http://localhost:5000/webhook/n8n?a=b",
          "https://[::1]/x", "https://example.com", "https://example.com:65535/"})
        CHECK_MESSAGE(ok(url), url);
    for (const char* url : {"", "hooks.example.com/x", "/webhook/x", "ftp://example.com/", "https:///x",
                            "https://", "https://u:p@example.com/", "https://example.com/#a",
                            "https://example.com/a b", "https://example.com:0/", "https://example.com:65536/",
                            "https://example.com/\\n", "javascript:alert(1)"})
        CHECK_MESSAGE(!ok(url), url);
    CHECK(source(R"("public_url": "https://Example.com:443/x")").public_url ==
          "https://Example.com:443/x"); // exactly as written
    CHECK_FALSE(source(R"("public_url": null)").public_url);
    CHECK(good(R"({"n8n": {"url": "http://127.0.0.1:5678", "api_key": "k"}})").n8n.url ==
          "http://127.0.0.1:5678");
    CHECK(has(problem_of(R"({"n8n": {"url": "127.0.0.1:5678"}})"),
              "n8n.url: \"127.0.0.1:5678\" is no absolute URL"));
}

TEST_CASE("settings source: options") {
    fake_environment e;
    e.variables["V"] = "verify";
    const auto o =
        good(sound(R"("options": {"webhook_id": "WH-1", "verify_token": "env:V"})"), e).sources.at(0);
    REQUIRE(o.options.size() == 2);
    CHECK(o.options.at("webhook_id").expose() == "WH-1");
    CHECK(o.options.at("verify_token").expose() == "verify");
    CHECK(has(problem_of(sound(R"("options": {"a": 1})")), "sources[0].options.a: expected a secret"));
    CHECK(has(problem_of(sound(R"("options": [])")), "sources[0].options: expected an object of strings"));
    CHECK(has(problem_of(sound(R"("options": {"a\nb": "x"})")),
              "sources[0].options: \"a\\u{000a}b\" is no option's name"));
    CHECK(has(problem_of(sound(R"("options": {"a": "env:NONE"})")),
              "sources[0].options.a: the environment variable NONE is not set"));
    const auto many = [](int n) {
        std::string list = "\"options\": {";
        for (int i = 0; i < n; ++i) list += "\"o" + std::to_string(i) + "\": \"x\",";
        return sound(list + "}");
    };
    CHECK(load(many(32)).errors.empty());
    CHECK(has(problem_of(many(33)), "has 33 entries; expected at most 32"));
}

TEST_CASE("settings source: the rest") {
    CHECK(source(R"("shed": "days")").shed == settings::shed_class::days);
    CHECK(source(R"("shed": "never")").shed == settings::shed_class::never);
    CHECK(has(problem_of(sound(R"("shed": "weeks")")),
              "sources[0].shed: expected \"never\", \"minutes\", \"hours\" or \"days\""));
    CHECK_FALSE(source(R"("enabled": false)").enabled);
    CHECK(source(R"("learn_secret": true)").learn_secret);
    CHECK(source(R"("tolerance": "1s")").tolerance == 1s);
    CHECK(source(R"("tolerance": "7d")").tolerance == 168h);
    CHECK(has(problem_of(sound(R"("tolerance": "0")")),
              "sources[0].tolerance: 0 is out of bounds; expected 1s to 7d"));
    CHECK(load(sound(R"("tolerance": "169h")")).errors.size() == 1);
}
