#include "engine/config/document.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace mira::config;

namespace {

value good(std::string_view text, const document_limits& limits = {}) {
    auto parsed = parse_document(text, "f", limits);
    if (!parsed) FAIL_CHECK(parsed.error().front().text());
    return parsed ? *parsed : value{};
}

// The first problem's text, or "accepted".
std::string bad(std::string_view text, const document_limits& limits = {}) {
    const auto parsed = parse_document(text, "f", limits);
    return parsed ? "accepted" : parsed.error().front().text();
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

std::string nested(std::size_t depth, char open, char close) {
    return std::string(depth, open) + std::string(depth, close);
}

} // namespace

TEST_CASE("config document: values are read with their places") {
    const value v = good("{\"a\": 1,\n  \"b\": [true, null, \"x\"],\n\t\"c\": {\"d\": -2.5e3}}");
    CHECK(v.at() == place{1, 1});
    CHECK(v.find("a")->integer() == 1);
    CHECK(v.find("a")->at() == place{1, 7});
    CHECK(v.find("b")->at() == place{2, 8});
    CHECK(v.find("b")->items()[0].boolean() == true);
    CHECK(v.find("b")->items()[1].is_null());
    CHECK(v.find("b")->items()[2].string() == "x");
    CHECK(v.find("b")->items()[2].at() == place{2, 21});
    CHECK(v.members()[2].at == place{3, 2});
    CHECK(v.find("c")->find("d")->number() == -2500.0);
    CHECK(v.find("c")->find("d")->at() == place{3, 13});
}

TEST_CASE("config document: columns count characters, not bytes") {
    const value v = good("{\"gr\xC3\xBC\xC3\x9F\": \"\xE2\x82\xAC\", \"b\": 1}");
    CHECK(v.find("b")->at() == place{1, 20});
    CHECK(has(bad("[\"\xF0\x9F\x98\x80\", x]"), "f:1:7:"));
}

TEST_CASE("config document: comments and trailing commas") {
    CHECK(
        good("// first\n{ /* one */ \"a\" /* two\n lines */ : 1, // end\n } // after").find("a")->integer() ==
        1);
    CHECK(good("[1, 2,]").items().size() == 2);
    CHECK(good("{\"a\": 1,}").members().size() == 1);
    CHECK(good("[]").items().empty());
    CHECK(good("{/**/}").members().empty());
    CHECK(good("[\"// no comment\", \"/* neither */\"]").items()[0].string() == "// no comment");
    CHECK(good("[1 // x\r\n,2]").items()[1].at() == place{2, 2});
    CHECK(has(bad("[,]"), "f:1:2: a comma with no value before it"));
    CHECK(has(bad("[1,,2]"), "f:1:4: a comma with no value"));
    CHECK(has(bad("{,}"), "f:1:2: expected a name in double quotes or '}', but here is \",\""));
    CHECK(has(bad("[1\n /* never\n closed"), "f:2:2: the comment that begins here has no closing */"));
    CHECK(has(bad("[1/*x*/]"), "f:1:3: put a space between a number and a comment"));
    CHECK(has(bad("/"), "f:1:1: expected a value"));
}

TEST_CASE("config document: a byte order mark is passed over at the start only") {
    CHECK(good("\xEF\xBB\xBF{\"a\": 1}").find("a")->at() == place{1, 7});
    CHECK(has(bad("{\xEF\xBB\xBF}"), "f:1:2: expected a name"));
}

TEST_CASE("config document: duplicate names are errors that name both lines, all of them") {
    const auto parsed =
        parse_document("{\"a\": 1,\n\"b\": {\"x\": 1, \"x\": 2},\n\"a\": 3,\n\"\\u0061\": 4}", "f");
    REQUIRE(parsed.has_error());
    REQUIRE(parsed.error().size() == 3);
    CHECK(parsed.error()[0].text() == "f:2:15: \"x\" stands twice in this object: on line 2 and on line 2");
    CHECK(parsed.error()[1].text() == "f:3:1: \"a\" stands twice in this object: on line 1 and on line 3");
    CHECK(parsed.error()[2].text() == "f:4:1: \"a\" stands twice in this object: on line 3 and on line 4");
}

TEST_CASE("config document: strings and their escapes") {
    CHECK(good(R"(["\"\\\/\b\f\n\r\tA\u00e9\u20AC\ud83d\ude00"])").items()[0].string() ==
          "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    CHECK(good(R"(["\u0000"])").items()[0].string() == std::string_view{"\0", 1});
    CHECK(has(bad("[\"abc\n\"]"), "f:1:2: the string that begins here has no closing quote"));
    CHECK(has(bad("[\"abc"), "f:1:2: the string that begins here has no closing quote"));
    CHECK(has(bad("[\"a\tb\"]"), "f:1:4: a control character"));
    CHECK(has(bad("[\"a\x7F\"]"), "f:1:4: a control character"));
    CHECK(has(bad(R"(["C:\temp\q"])"), "f:1:10: no escape of JSON"));
    CHECK(has(bad(R"(["\u12g4"])"), "f:1:3: \\u takes four hexadecimal digits"));
    CHECK(has(bad(R"(["\u12)"), "four hexadecimal digits"));
    CHECK(has(bad(R"(["\ud83d"])"), "half of a surrogate pair"));
    CHECK(has(bad(R"(["\ud83dx"])"), "half of a surrogate pair"));
    CHECK(has(bad(R"(["\ud83d\u0041"])"), "half of a surrogate pair"));
    CHECK(has(bad(R"(["\ude00"])"), "half of a surrogate pair"));
    CHECK(has(bad("[\"\\"), "the document ends inside a string"));
}

TEST_CASE("config document: numbers keep their text and are nothing but JSON's") {
    CHECK(good("[9007199254740993]").items()[0].integer() == 9007199254740993);
    CHECK(good("[9223372036854775808]").items()[0].integer() == std::nullopt);
    CHECK(good("[1.10]").items()[0].number_text() == "1.10");
    CHECK(good("[1.0]").items()[0].integer() == std::nullopt);
    CHECK(good("[-0, 0, 1e2, 1E+2, 1e-2]").items().size() == 5);
    CHECK(good("[1e999]").items()[0].number() == std::nullopt);
    for (const char* text : {"01", "-01", "00"}) CHECK(has(bad(text), "leading zeros"));
    CHECK(has(bad("+1"), "no leading '+'"));
    CHECK(has(bad(".5"), "write 0.5"));
    CHECK(has(bad("1."), "digits after the decimal point"));
    CHECK(has(bad("-"), "digits after the '-'"));
    CHECK(has(bad("-x"), "digits after the '-'"));
    CHECK(has(bad("1e"), "digits in the exponent"));
    CHECK(has(bad("1e+"), "digits in the exponent"));
    CHECK(has(bad("[10s]"), "f:1:2: no number; a figure with a unit is a string"));
    CHECK(has(bad("[100/s]"), "a figure with a unit is a string"));
    CHECK(has(bad("[0x10]"), "a figure with a unit is a string"));
    CHECK(has(bad("[1.2.3.4]"), "a figure with a unit is a string"));
}

TEST_CASE("config document: what is unquoted or misspelt is explained, and values are not repeated") {
    CHECK(has(bad("[True]"), "f:1:2: did you mean true?"));
    CHECK(has(bad("[nul]"), "did you mean null?"));
    CHECK(bad("{\"secret\": hunter2}") == "f:1:12: strings stand in double quotes");
    CHECK(bad("{\"secret\": 2hunter}").find("hunter") == std::string::npos);
    CHECK(has(bad("['x']"), "not in single ones"));
    CHECK(has(bad("{port: 1}"), "f:1:2: names stand in double quotes: write \"port\""));
    CHECK(has(bad("{\"a\" 1}"), "f:1:6: expected ':' after the name \"a\", but here is \"1\""));
    CHECK(has(bad("{\"a\" = 1}"), "but here is \"=\""));
    CHECK(has(bad("{\"a\"}"), "expected ':'"));
    CHECK(has(bad("{\"a\""), "but here is the end of the document"));
    CHECK(has(bad("{\"a\": 1 \"b\": 2}"), "f:1:9: expected ',' or '}', but here is \"\\\"\""));
    CHECK(has(bad("[1 2]"), "f:1:4: expected ',' or ']', but here is \"2\""));
    CHECK(has(bad("{\"a\":}"), "f:1:6: expected a value, but here is \"}\""));
    CHECK(has(bad("{\n\"a\": [1"), "f:2:8: the document ends before the ']' for line 2, column 6"));
    CHECK(has(bad("{\n\"a\": 1"), "the document ends before the '}' for line 1, column 1"));
    CHECK(has(bad("{\"a\":"), "the document ends where a value is due"));
    CHECK(has(bad("{} {}"), "f:1:4: nothing may follow the document's end, but here is \"{\""));
    CHECK(has(bad(""), "f:1:1: the document is empty"));
    CHECK(has(bad(" // only this\n"), "f:2:1: the document is empty"));
    CHECK(has(bad("[1}"), "expected ',' or ']'"));
}

TEST_CASE("config document: nothing but UTF-8, in comments too") {
    CHECK(has(bad("{\n\"a\": \"\xFF\"}"), "f:2:7: not UTF-8"));
    CHECK(has(bad("// \xC0\xAF"), "f:1:4: not UTF-8"));                    // overlong
    CHECK(has(bad("[\"\xED\xA0\x80\"]"), "not UTF-8"));                    // a surrogate
    CHECK(has(bad("[\"\xF4\x90\x80\x80\"]"), "not UTF-8"));                // above U+10FFFF
    CHECK(has(bad("[\"\xE0\x9F\xBF\"]"), "not UTF-8"));                    // overlong
    CHECK(has(bad("[\"\xF0\x8F\xBF\xBF\"]"), "not UTF-8"));                // overlong
    CHECK(has(bad("[\"\xE2\x82"), "not UTF-8"));                           // cut off
    CHECK(has(bad("[\"\x80\"]"), "not UTF-8"));                            // no beginning
    CHECK(good("[\"\xF4\x8F\xBF\xBF\xED\x9F\xBF\"]").items().size() == 1); // the last before those
    CHECK(has(bad(std::string_view{"[1]\0", 4}), "but here is \"\\u{0000}\""));
}

TEST_CASE("config document: depth at and above its limit") {
    const document_limits limits{.bytes = 1000, .depth = 32, .values = 1000};
    CHECK(good(nested(32, '[', ']'), limits).is(value::kind::array));
    CHECK(has(bad(nested(33, '[', ']'), limits), "f:1:33: nested more than 32 deep"));
    CHECK(has(bad(std::string(33, '['), limits), "nested more than 32 deep"));
    std::string objects;
    for (int i = 0; i < 33; ++i) objects += "{\"a\":";
    CHECK(has(bad(objects, limits), "nested more than 32 deep"));
}

TEST_CASE("config document: size and number of values at and above their limits") {
    const document_limits limits{.bytes = 8, .depth = 4, .values = 4};
    CHECK(good("[1,2,3] ", limits).items().size() == 3);
    CHECK(bad("[1,2,3]  ", limits) == "f: the document has 9 bytes; at most 8 are read");
    CHECK(has(bad("[1,2,3,4", limits), "more than 4 values"));
    CHECK(document_limits{}.bytes == 16u << 20);
    CHECK(document_limits{}.depth == 32);
}

TEST_CASE("config document: very many duplicate names are counted, not listed") {
    std::string text = "{";
    for (int i = 0; i < 300; ++i) text += "\"a\": 1,\n";
    const auto parsed = parse_document(text + "}", "f");
    REQUIRE(parsed.has_error());
    CHECK(parsed.error().size() == problems::most + 1);
    CHECK(parsed.error().back().text() == "f: and 199 more of the kind");
}

TEST_CASE("config value: equal content is equal wherever it stands") {
    CHECK(good("{\"a\": 1, \"b\": [true, null]}") == good("{\n\"b\": [true,\nnull], \"a\": 1}"));
    CHECK_FALSE(good("{\"a\": 1}") == good("{\"a\": 1.0}"));
    CHECK_FALSE(good("{\"a\": 1}") == good("{\"a\": 1, \"b\": 1}"));
    CHECK_FALSE(good("{\"a\": 1}") == good("{\"b\": 1}"));
    CHECK_FALSE(good("[1, 2]") == good("[2, 1]"));
    CHECK_FALSE(good("[1]") == good("[1, 1]"));
    CHECK_FALSE(good("[\"1\"]") == good("[1]"));
}

TEST_CASE("config value: a path leads as far as it can") {
    const value v = good("{\"a\": {\n\"b\": [1,\n{\"c\": 2}]}}");
    CHECK(v.nearest_to("").at() == place{1, 1});
    CHECK(v.nearest_to("a").at() == place{1, 7});
    CHECK(v.nearest_to("a.b[1].c").at() == place{3, 7});
    CHECK(v.nearest_to("a.b[1].nothing").at() == place{3, 1});
    CHECK(v.nearest_to("a.b[7].c").at() == place{2, 6});
    CHECK(v.nearest_to("a.b[x").at() == place{2, 6});
    CHECK(v.nearest_to("x.y").at() == place{1, 1});
    CHECK(v.nearest_to("a.b.c").at() == place{2, 6});
}
