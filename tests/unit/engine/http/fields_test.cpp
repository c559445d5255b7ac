#include "engine/http/fields.hpp"

#include <doctest/doctest.h>

#include <memory>

using namespace mira::http;

TEST_CASE("fields: names compare as ASCII without case, and only so") {
    CHECK(equal_ignoring_case("Content-Length", "content-LENGTH"));
    CHECK(equal_ignoring_case("", ""));
    CHECK_FALSE(equal_ignoring_case("a", "ab"));
    CHECK_FALSE(equal_ignoring_case("a_b", "a-b"));
    // Bytes that differ by 0x20 but are no letters.
    CHECK_FALSE(equal_ignoring_case("@", "`"));
    CHECK_FALSE(equal_ignoring_case("[", "{"));
    CHECK_FALSE(equal_ignoring_case("\xC4", "\xE4"));
    CHECK_FALSE(equal_ignoring_case("\r", "-"));
}

TEST_CASE("fields: find, count, only") {
    const auto f = std::make_unique<fields>();
    CHECK(f->find("a") == nullptr);
    CHECK(f->only("a").empty());
    f->add("A", "1");
    f->add("b", "2");
    CHECK(f->only("a") == "1");
    f->add("a", "3");
    CHECK(f->find("a")->value == "1");
    CHECK(f->count("a") == 2);
    CHECK(f->only("a").empty());
    CHECK(f->only("B") == "2");
    f->clear();
    CHECK(f->size() == 0);
    CHECK(f->find("b") == nullptr);
}

TEST_CASE("fields: no more than there is room for") {
    const auto f = std::make_unique<fields>();
    for (std::size_t i = 0; i < fields::capacity; ++i) CHECK(f->add("a", "b"));
    CHECK_FALSE(f->add("a", "b"));
    CHECK(f->size() == fields::capacity);
}
