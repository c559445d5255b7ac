#include "engine/config/problem.hpp"
#include "engine/config/wording.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace mira::config;

namespace {
constexpr std::array<std::string_view, 6> known{"by", "capacity", "refill", "head_bytes", "max_body", "x"};
std::string nearest_of(std::string_view s) { return std::string{nearest(s, known).value_or("(none)")}; }
} // namespace

TEST_CASE("config wording: the nearest known name") {
    CHECK(nearest_of("refil") == "refill");
    CHECK(nearest_of("refilll") == "refill");
    CHECK(nearest_of("erfill") == "refill"); // neighbours swapped
    CHECK(nearest_of("Refill") == "refill");
    CHECK(nearest_of("head-bytes") == "head_bytes");
    CHECK(nearest_of("capcity") == "capacity");
    CHECK(nearest_of("maxbody") == "max_body");
    CHECK(nearest_of("bx") == "by");
    CHECK(nearest_of("z") == "(none)"); // not x: everything of it would differ
    CHECK(nearest_of("tolerance") == "(none)");
    CHECK(nearest_of("") == "(none)");
    CHECK(nearest_of(std::string(5000, 'r')) == "(none)");
}

TEST_CASE("config wording: a hint names the nearest, or else all") {
    CHECK(hint("refil", known) == "did you mean \"refill\"?");
    const std::array<std::string_view, 2> two{"do", "when"};
    CHECK(hint("nothing-like-it", two) == "known here: \"do\", \"when\"");
    CHECK(hint("x", {}) == "none is known here");
    const std::vector<std::string_view> many(100, "name");
    CHECK(hint("zzzzzzzz", many).size() < 400);
    CHECK(alternatives(std::array<std::string_view, 3>{"a", "b", "c"}) == "\"a\", \"b\" or \"c\"");
}

TEST_CASE("config wording: quoting lets nothing through that a log or a terminal acts on") {
    CHECK(quoted("plain text") == "\"plain text\"");
    CHECK(quoted("a\"b\\c") == "\"a\\\"b\\\\c\"");
    CHECK(quoted("a\nb\x1B[2J") == "\"a\\u{000a}b\\u{001b}[2J\"");
    CHECK(quoted("\xC3\xA9\xF0\x9F\x98\x80") == "\"\\u{00e9}\\u{01f600}\"");
    CHECK(quoted("\xE2\x80\xAE") == "\"\\u{202e}\""); // right-to-left override
    CHECK(quoted("\xFF") == "\"\\u{00ff}\"");
    CHECK(quoted(std::string(61, 'a')) == "\"" + std::string(60, 'a') + "...\"");
    CHECK(quoted(std::string(60, 'a')) == "\"" + std::string(60, 'a') + "\"");
}

TEST_CASE("config problem: a text with what is known of the place") {
    CHECK(problem{severity::error, "f", {3, 4}, "a.b", "is wrong"}.text() == "f:3:4: a.b: is wrong");
    CHECK(problem{severity::warning, "f", {3, 4}, "", "is odd"}.text() == "f:3:4: warning: is odd");
    CHECK(problem{severity::error, "f", {}, "a", "is wrong"}.text() == "f: a: is wrong");
    CHECK(problem{severity::error, "", {}, "a", "is wrong"}.text() == "a: is wrong");
}

TEST_CASE("config problem: they come in order, errors apart from warnings, and are bounded each") {
    problems p;
    p.add({severity::warning, "f", {1, 1}, "", "odd"});
    for (std::uint32_t i = 0; i < problems::most + 5; ++i)
        p.add({severity::error, "f", {1000 - i, 1}, "", "bad"});
    CHECK(p.full());
    auto errors = p.take_errors();
    REQUIRE(errors.size() == problems::most + 1);
    CHECK(errors.front().at.line < errors[1].at.line);
    CHECK(errors.back().what == "and 5 more of the kind");
    CHECK(p.take_warnings().size() == 1);
    CHECK_FALSE(p.any_error());
}
