// Every setting that has bounds: at the least, below it, at the most and above it.
#include "engine/config/document.hpp"
#include "handlers/settings/views.hpp"
#include "tests/unit/handlers/settings/loading.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace mira;
using namespace mira::test;

namespace {

struct bounded {
    const char* name;
    const char* below; // nullptr: nothing is below
    const char* least;
    const char* most;
    const char* above;
    const char* zero = nullptr; // where it is allowed apart from the range
    const char* beside = "";    // what else must be set for the most or the least to go with the rest
};

const bounded table[] = {
    {"webhook.port", "-1", "0", "65535", "65536"},
    {"server.reactors", "-1", "0", "256", "257"},
    {"server.drain_timeout", nullptr, R"("0")", R"("1h")", R"("3601s")"},
    {"server.trusted_hops", "0", "1", "16", "17"},
    {"server.tls.port", "-1", "0", "65535", "65536"},
    {"server.limits.head_bytes", R"("4095B")", R"("4KiB")", R"("64KiB")", R"("65537B")", nullptr,
     R"("server.limits.target_bytes": "1KiB")"},
    {"server.limits.target_bytes", R"("255B")", R"("256B")", R"("64KiB")", R"("65537B")", nullptr,
     R"("server.limits.head_bytes": "64KiB")"},
    {"server.limits.header_fields", "9", "10", "256", "257"},
    {"server.limits.max_body", R"("0")", R"("1B")", R"("32MiB")", R"("33554433B")", nullptr,
     R"("journal.max_unsynced": "64MiB")"},
    {"server.limits.header_timeout", R"("99ms")", R"("100ms")", R"("10m")", R"("601s")"},
    {"server.limits.body_timeout", R"("99ms")", R"("100ms")", R"("1h")", R"("3601s")"},
    {"server.limits.body_grace", nullptr, R"("0")", R"("5m")", R"("301s")"},
    {"server.limits.body_min_rate", nullptr, R"("1B/s")", R"("1GiB/s")", R"("1073741825B/s")", R"("0")"},
    {"server.limits.idle_timeout", R"("99ms")", R"("100ms")", R"("1h")", R"("3601s")"},
    {"server.limits.write_timeout", R"("99ms")", R"("100ms")", R"("1h")", R"("3601s")"},
    {"server.limits.tls_handshake_timeout", R"("99ms")", R"("100ms")", R"("5m")", R"("301s")"},
    {"server.limits.connections", "0", "1", "1048576", "1048577"},
    {"server.limits.connections_per_address", "0", "1", "1048576", "1048577"},
    {"server.limits.pipelined_requests", "0", "1", "64", "65"},
    {"server.limits.requests_per_connection", "-1", "0", "1000000000", "1000000001"},
    {"server.limits.body_memory", R"("1048575B")", R"("1MiB")", R"("1TiB")", R"("1025GiB")"},
    {"server.limits.unverified_per_address.capacity", "0", "1", "1000000000", "1000000001"},
    {"server.limits.unverified_per_address.refill", nullptr, R"("1/day")", R"("1000000000/s")",
     R"("1000000001/s")", R"("0")"},
    {"journal.retention", R"("59s")", R"("1m")", R"("3650d")", R"("3651d")", R"("0")"},
    {"journal.max_bytes", R"("2097151B")", R"("2MiB")", R"("1024TiB")", R"("1025TiB")", nullptr,
     R"("journal.segment_bytes": "1MiB", "server.limits.max_body": "64KiB")"},
    {"journal.segment_bytes", R"("1048575B")", R"("1MiB")", R"("1GiB")", R"("1073741825B")", nullptr,
     R"("server.limits.max_body": "64KiB")"},
    {"journal.batch_bytes", R"("4095B")", R"("4KiB")", R"("64MiB")", R"("65537KiB")"},
    {"journal.max_unsynced", R"("65535B")", R"("64KiB")", R"("1GiB")", R"("1073741825B")", nullptr,
     R"("server.limits.max_body": "1KiB")"},
    {"limits.default.capacity", "0", "1", "1000000000", "1000000001", nullptr,
     R"("limits.default.by": "client", "limits.default.refill": "0")"},
    {"limits.default.refill", nullptr, R"("1/day")", R"("1000000000/s")", R"("1000000001/day")", R"("0")",
     R"("limits.default.by": "client", "limits.default.capacity": 1)"},
    {"limits.tracked_clients", "0", "1", "10000000", "10000001"},
    {"duplicates.window", R"("999ms")", R"("1s")", R"("30d")", R"("721h")", R"("0")"},
    {"duplicates.max_keys", "0", "1", "100000000", "100000001"},
    {"outbound.timeout", R"("99ms")", R"("100ms")", R"("1m")", R"("61s")"},
    {"metrics.top_tenants", "-1", "0", "1000", "1001"},
    {"metrics.uptime_objective", "-0.001", "0", "100", "100.001"},
    {"log.lines_per_second", "0", "1", "100000", "100001"},
    {"sources[].limits[].capacity", "0", "1", "1000000000", "1000000001"},
    {"sources[].limits[].refill", nullptr, R"("1/day")", R"("1000000000/min")", R"("1000000001/min")",
     R"("0")"},
    {"sources[].max_body", R"("0")", R"("1B")", R"("32MiB")", R"("33554433B")", nullptr,
     R"("journal.max_unsynced": "64MiB")"},
    {"sources[].tolerance", R"("999ms")", R"("1s")", R"("7d")", R"("169h")"},
    {"sources[].acknowledge.status", "199", "200", "299", "300"},
};

// A tree of members, to build a document from dotted names.
struct tree {
    std::string name;
    std::string text;
    std::vector<tree> members;

    void set(std::string_view path, std::string value) {
        if (path.empty()) {
            text = std::move(value);
            return;
        }
        const auto dot = path.find('.');
        const std::string_view first = path.substr(0, dot);
        auto it = std::ranges::find(members, first, &tree::name);
        if (it == members.end()) it = members.insert(it, {std::string{first}, {}, {}});
        it->set(dot == path.npos ? std::string_view{} : path.substr(dot + 1), std::move(value));
    }
    std::string json() const {
        if (members.empty()) return text;
        std::string out = "{";
        for (const tree& m : members) {
            const bool list = m.name.ends_with("[]");
            const std::string key = list ? m.name.substr(0, m.name.size() - 2) : m.name;
            out += "\"" + key + "\": " + (list ? "[" : "") + m.json() + (list ? "]" : "") + ",";
        }
        return out + "}";
    }
};

std::string document(const bounded& b, const char* value) {
    tree t;
    const std::string_view name = b.name;
    if (name.starts_with("sources[]")) {
        t.set("sources[].name", "\"a\"");
        t.set("sources[].scheme", "\"none\"");
    }
    if (name.starts_with("sources[].limits[]")) {
        t.set("sources[].limits[].by", "\"source\"");
        t.set("sources[].limits[].capacity", "1");
        t.set("sources[].limits[].refill", "\"0\"");
    }
    if (name.starts_with("server.tls")) {
        t.set("server.tls.certificate", "\"c\"");
        t.set("server.tls.key", "\"k\"");
    }
    const auto beside = config::parse_document("{" + std::string{b.beside} + "}", "beside");
    for (const config::member& m : beside->members()) {
        const auto s = m.value.string();
        t.set(m.name, s ? "\"" + std::string{*s} + "\"" : std::string{m.value.number_text()});
    }
    t.set(name, value);
    return t.json();
}

std::string concrete(std::string name) {
    for (auto at = name.find("[]"); at != name.npos; at = name.find("[]")) name.replace(at, 2, "[0]");
    return name;
}

} // namespace

TEST_CASE("settings bounds: at, below and above") {
    for (const bounded& b : table) {
        CAPTURE(b.name);
        for (const char* allowed : {b.least, b.most, b.zero}) {
            if (!allowed) continue;
            const attempt a = load(document(b, allowed));
            CHECK_MESSAGE(a.errors.empty(), allowed << ": " << (a.errors.empty() ? "" : a.errors.front()));
        }
        for (const char* refused : {b.below, b.above}) {
            if (!refused) continue;
            const attempt a = load(document(b, refused));
            REQUIRE_MESSAGE(!a.errors.empty(), refused);
            CHECK_MESSAGE(std::ranges::any_of(a.errors,
                                              [&](const std::string& e) {
                                                  return has(e, ": " + concrete(b.name) + ": ") &&
                                                         has(e, "out of bounds");
                                              }),
                          refused << ": " << a.errors.front());
        }
    }
}

TEST_CASE("settings bounds: every setting with bounds is tried") {
    std::set<std::string> tried;
    for (const bounded& b : table) tried.insert(b.name);
    const std::set<std::string> figures{"integer", "number", "duration", "size", "rate", "byte rate"};
    std::size_t found = 0;
    for (const auto& row : settings::describe()) {
        if (!figures.contains(row.type)) continue;
        ++found;
        CHECK_MESSAGE(tried.contains(row.name), row.name);
    }
    CHECK(found == std::size(table));
}
