#include "engine/http/fields.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

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

TEST_CASE("fields: every byte at every place of a name compares as it does alone") {
    for (const std::size_t length : {1U, 7U, 8U, 9U, 15U, 16U, 17U, 24U}) {
        const std::string name(length, 'q');
        for (std::size_t at = 0; at < length; ++at) {
            bool good = true;
            for (int a = 0; a < 256; ++a) {
                for (int b = 0; b < 256; ++b) {
                    std::string x = name, y = name;
                    x[at] = static_cast<char>(a);
                    y[at] = static_cast<char>(b);
                    const auto lower = [](int c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
                    good = good && equal_ignoring_case(x, y) == (lower(a) == lower(b));
                }
            }
            CAPTURE(length);
            CAPTURE(at);
            CHECK(good);
        }
    }
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
