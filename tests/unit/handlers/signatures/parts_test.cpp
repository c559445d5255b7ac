// The small parts: timestamps, header shapes, queries, JSON pointers and raw JSON.
#include "engine/base/crc32.hpp"
#include "engine/base/encoding.hpp"
#include "handlers/signatures/header_shape.hpp"
#include "handlers/signatures/json_raw.hpp"
#include "handlers/signatures/json_search.hpp"
#include "handlers/signatures/query.hpp"
#include "handlers/signatures/timestamp.hpp"

#include <doctest/doctest.h>

using namespace mira;
using namespace mira::signatures;

namespace {
std::optional<std::int64_t> stamp(std::string_view s, time_format f) {
    const auto t = parse_timestamp(s, f);
    if (!t) return std::nullopt;
    return t->time_since_epoch().count();
}
constexpr std::int64_t billion = 1'000'000'000;
} // namespace

TEST_CASE("timestamp: counts") {
    CHECK(stamp("1700000000", time_format::seconds) == 1700000000 * billion);
    CHECK(stamp("1700000000123", time_format::milliseconds) == 1700000000123 * 1'000'000);
    CHECK(stamp("9223372036", time_format::seconds) == 9223372036 * billion);
    CHECK_FALSE(stamp("9223372037", time_format::seconds)); // beyond 64 bits of nanoseconds
    CHECK(stamp("1000000000", time_format::seconds));
    for (const char* bad : {"", "0999999999", "999999999", "17000000000", "1700000000 ", " 170000000",
                            "-170000000", "1.70000000", "170000000x"})
        CHECK_FALSE(stamp(bad, time_format::seconds));
    CHECK_FALSE(stamp("1700000000", time_format::milliseconds));
    CHECK(stamp("1700000000", time_format::seconds_or_milliseconds) == 1700000000 * billion);
    CHECK(stamp("1700000000000", time_format::seconds_or_milliseconds) == 1700000000 * billion);
    CHECK_FALSE(stamp("17000000000", time_format::seconds_or_milliseconds));
}

TEST_CASE("timestamp: RFC 3339") {
    const auto t = [](std::string_view s) { return stamp(s, time_format::rfc3339); };
    CHECK(t("2023-11-14T22:13:20Z") == 1700000000 * billion);
    CHECK(t("2023-11-14T22:13:20.5Z") == 1700000000 * billion + billion / 2);
    CHECK(t("2023-11-14T22:13:20.123456789Z") == 1700000000 * billion + 123456789);
    CHECK(t("2023-11-15T00:13:20+02:00") == 1700000000 * billion);
    CHECK(t("2023-11-14T16:43:20-05:30") == 1700000000 * billion);
    CHECK(t("2024-02-29T00:00:00Z"));
    for (const char* bad :
         {"2023-02-29T00:00:00Z", "2023-11-14 22:13:20Z", "2023-11-14T22:13:20", "2023-11-14T24:13:20Z",
          "2023-11-14T22:60:20Z", "2023-11-14T22:13:60Z", "2023-11-14T22:13:20.Z",
          "2023-11-14T22:13:20.1234567890Z", "2023-13-14T22:13:20Z", "2023-11-14T22:13:20+2:00",
          "2023-11-14T22:13:20+24:00", "2023-11-14T22:13:20Zx", "23-11-14T22:13:20Z", "",
          "1900-01-01T00:00:00Z", "2262-01-01T00:00:00Z"})
        CHECK_FALSE(t(bad));
    CHECK(stamp("1700000000000", time_format::rfc3339_or_milliseconds) == 1700000000 * billion);
    CHECK(stamp("2023-11-14T22:13:20Z", time_format::rfc3339_or_milliseconds) == 1700000000 * billion);
    CHECK_FALSE(stamp("1700000000", time_format::rfc3339_or_milliseconds));
}

TEST_CASE("header shape: entries and pairs") {
    entries all{" a ,,b\t, c=d ", ','};
    std::string_view e;
    std::vector<std::string> got;
    while (all.next(e)) got.emplace_back(e);
    CHECK(got == std::vector<std::string>{"a", "b", "c=d"});
    CHECK(split_pair("k=v=w")->value == "v=w");
    CHECK(split_pair("k=")->value.empty());
    CHECK_FALSE(split_pair("=v"));
    CHECK_FALSE(split_pair("kv"));
    std::string_view v;
    CHECK(find_pair("a=1,b=2", ',', false, "b", v) == pair_lookup::one);
    CHECK(v == "2");
    CHECK(find_pair("a=1,b=2", ',', false, "c", v) == pair_lookup::absent);
    CHECK(find_pair("a=1,a=1", ',', false, "a", v) == pair_lookup::conflict);
    CHECK(find_pair("a=1 a=1", ',', true, "a", v) == pair_lookup::one);
    CHECK(find_pair("a=1 a=2", ',', true, "a", v) == pair_lookup::conflict);
    CHECK(behind_prefix("sha256=ab", "sha256=") == "ab");
    CHECK_FALSE(behind_prefix("SHA256=ab", "sha256="));
    CHECK(behind_prefix("bearer x", "Bearer ", true) == "x");
    CHECK_FALSE(behind_prefix("bea", "Bearer ", true));
}

TEST_CASE("query: parameters and forms") {
    std::string_view raw;
    CHECK(find_parameter("a=1&b=2", "b", raw) == parameter::one);
    CHECK(raw == "2");
    CHECK(find_parameter("a=1&a=2", "a", raw) == parameter::many);
    CHECK(find_parameter("ab=1", "a", raw) == parameter::absent);
    CHECK(find_parameter("", "a", raw) == parameter::absent);
    CHECK(parameter_text("a=x%20y+z", "a") == "x y z");
    CHECK_FALSE(parameter_text("a=%", "a"));
    CHECK_FALSE(parameter_text("a=%4", "a"));
    CHECK(percent_decoded("a+b%2B", false) == "a+b+");
    const auto form = read_form("b=2&&a=%31&c");
    REQUIRE(form);
    CHECK(*form == parameters{{"b", "2"}, {"a", "1"}, {"c", ""}});
    CHECK_FALSE(read_form("a=%gg"));
    CHECK(read_form("a&b", 2));
    CHECK_FALSE(read_form("a&b&c", 2));
}

TEST_CASE("json search: finds scalars by pointer and stops there") {
    const auto find = [](std::string_view text, std::string_view pointer,
                         std::size_t at_most = 512) -> std::optional<std::string> {
        std::string room;
        if (!find_scalar(text, *json_pointer::parse(pointer), room, at_most)) return std::nullopt;
        return room;
    };
    const std::string text =
        R"({"x":{"id":"no"},"list":[{"id":"l0"},[1,{"deep":true}],-1.50e3],"id":"yes\u0021","a/b":"s","m~n":7,"n":null,"e":""})";
    CHECK(find(text, "/id") == "yes!");
    CHECK(find(text, "/x/id") == "no");
    CHECK(find(text, "/list/0/id") == "l0");
    CHECK(find(text, "/list/1/1/deep") == "true");
    CHECK(find(text, "/list/2") == "-1.50e3"); // as written
    CHECK(find(text, "/a~1b") == "s");
    CHECK(find(text, "/m~0n") == "7");
    CHECK(find(text, "/e") == "");
    for (const char* absent : {"/n", "/x", "/list", "/list/9", "/list/00", "/list/-1", "/list/x", "/id/x",
                               "/nothing", "/list/1/1"})
        CHECK_FALSE(find(text, absent));
    CHECK(find(R"({"id":1} trailing junk)", "/id") == "1");
    CHECK(find(R"({"id":"x", broken)", "/id") == "x"); // what follows is nobody's business
    CHECK_FALSE(find(R"({"a":broken,"id":1})", "/id"));
    CHECK_FALSE(find(R"({"id":"unfinished)", "/id"));
    CHECK_FALSE(find("", "/id"));
    CHECK_FALSE(find("7", "/id"));
    CHECK(find(R"([{"sg":"1"}])", "/0/sg") == "1");
    CHECK(find(R"({"id":"first","id":"second"})", "/id") == "first");
    CHECK(find("{\"id\":\"" + std::string(512, 'i') + "\"}", "/id") == std::string(512, 'i'));
    CHECK_FALSE(find("{\"id\":\"" + std::string(513, 'i') + "\"}", "/id"));
    CHECK(find("{\"" + std::string(5000, 'k') + "\":1,\"id\":2}", "/id") == "2");
    CHECK(find(std::string(30, '[') + std::string(30, ']'), "/0/0") == std::nullopt);
    CHECK_FALSE(find("{\"a\":" + std::string(40, '[') + std::string(40, ']') + ",\"id\":1}",
                     "/id")); // deeper than 32
    CHECK_FALSE(json_pointer::parse("id"));
    CHECK_FALSE(json_pointer::parse(""));
    CHECK_FALSE(json_pointer::parse("/a~"));
    CHECK_FALSE(json_pointer::parse("/a~2"));
    std::string sixteen;
    for (int i = 0; i < 16; ++i) sixteen += "/x";
    CHECK(json_pointer::parse(sixteen));
    CHECK_FALSE(json_pointer::parse(sixteen + "/x"));
}

TEST_CASE("json raw: a member's own bytes") {
    CHECK(raw_member(R"( { "a" : {"x": [1, "}"]} , "b":2})", "a") == R"({"x": [1, "}"]})");
    CHECK(raw_member(R"({"a":"q\"}","b" : 12 })", "b") == "12");
    CHECK(raw_member(R"({"a":"q\"}"})", "a") == R"("q\"}")");
    CHECK(raw_member(R"({"a":[] ,"b":null})", "b") == "null");
    CHECK_FALSE(raw_member(R"({"a":1,"a":2})", "a"));
    CHECK_FALSE(raw_member(R"({"\u0061":1})", "a"));
    CHECK_FALSE(raw_member(R"({"b":{"a":1}})", "a"));
    CHECK_FALSE(raw_member("[]", "a"));
    CHECK_FALSE(raw_member("{\"a\":1", "a"));
    CHECK_FALSE(raw_member("", "a"));
    CHECK(raw_member("{}", "a") == std::nullopt);
}

TEST_CASE("json raw: as PHP writes it") {
    CHECK(php_encoded("{ \"u\" : \"a/b\" , \"e\":\"\xc3\xa9\xf0\x9f\x98\x80\", \"s\":\"\\/\\u0041\\n\\\"\", "
                      "\"n\":[1.10, 2]}") ==
          R"({"u":"a\/b","e":"\u00e9\ud83d\ude00","s":"\/A\n\"","n":[1.10,2]})");
    CHECK_FALSE(php_encoded("{"));
    CHECK(php_encoded("\"\x7f\"") == "\"\x7f\"");
}

// The check value of CRC-32/ISO-HDLC.
TEST_CASE("crc32: the check value, whole and in pieces") {
    CHECK(crc32(as_bytes("123456789")) == 0xCBF43926);
    CHECK(crc32(as_bytes("6789"), crc32(as_bytes("12345"))) == 0xCBF43926);
    CHECK(crc32({}) == 0);
}
