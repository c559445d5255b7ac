#include "engine/http/response.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace mira;
using namespace mira::http;

namespace {

constexpr std::string_view date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

std::string rendered(const response_parts& p) {
    response_bytes b;
    CHECK(b.empty());
    b.render(p);
    CHECK_FALSE(b.empty());
    return std::string{b.view()};
}

} // namespace

TEST_CASE("response: status line, fields, an empty line, content") {
    CHECK(rendered({.status = 200,
                    .content_type = "text/plain",
                    .body = "hi",
                    .fields = "A: b\r\n",
                    .date = date,
                    .request_id = "r1"}) ==
          "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\n"
          "Content-Length: 2\r\nX-Request-Id: r1\r\nA: b\r\n\r\nhi");
    CHECK(rendered({.status = 202, .date = date}) ==
          "HTTP/1.1 202 Accepted\r\n" + std::string{date} + "Content-Length: 0\r\n\r\n");
}

TEST_CASE("response: a status without a phrase keeps its space (RFC 9112 section 4)") {
    CHECK(rendered({.status = 299, .date = date}).starts_with("HTTP/1.1 299 \r\n"));
}

TEST_CASE("response: what concerns the connection") {
    CHECK(rendered({.date = date, .close = true}).find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(rendered({.date = date, .keep_alive_10 = true}).find("\r\nConnection: keep-alive\r\n") !=
          std::string::npos);
    const std::string both = rendered({.date = date, .close = true, .keep_alive_10 = true});
    CHECK(both.find("keep-alive") == std::string::npos);
    CHECK(rendered({.date = date}).find("Connection") == std::string::npos);
    CHECK(rendered({.date = date, .secure = true}).find("Strict-Transport-Security: max-age=63072000\r\n") !=
          std::string::npos);
}

TEST_CASE("response: HEAD has the fields of the answer and none of its content") {
    const std::string r =
        rendered({.content_type = "text/plain", .body = "hello", .date = date, .head_only = true});
    CHECK(r.find("Content-Length: 5\r\n") != std::string::npos);
    CHECK(r.ends_with("\r\n\r\n"));
}

TEST_CASE("response: 1xx, 204 and 304 have no content, whatever was given (RFC 9112 section 6.3)") {
    for (const int status : {100, 103, 204, 304}) {
        CAPTURE(status);
        const std::string r = rendered({.status = status, .body = "smuggled", .date = date});
        CHECK(r.find("Content-Length") == std::string::npos);
        CHECK(r.ends_with("\r\n\r\n"));
    }
}

TEST_CASE("response: what does not fit inside is as whole as what does") {
    for (const std::size_t size : {0U, 1U, 600U, 700U, 704U, 705U, 1024U, 5000U, 1'000'000U}) {
        CAPTURE(size);
        const std::string body(size, 'b');
        const std::string fields = "A: " + std::string(size / 2, 'f') + "\r\n";
        const std::string r = rendered({.body = body, .fields = fields, .date = date});
        CHECK(r.find("Content-Length: " + std::to_string(size) + "\r\n") != std::string::npos);
        CHECK(r.ends_with(fields + "\r\n" + body));
    }
    // The longest of everything that has a bound.
    const std::string id(64, 'i');
    const std::string type(100, 't');
    const std::string body(300, 'b');
    const std::string r = rendered({.status = 431,
                                    .content_type = type,
                                    .body = body,
                                    .date = date,
                                    .request_id = id,
                                    .keep_alive_10 = true,
                                    .secure = true});
    CHECK(r.ends_with(body));
    CHECK(r.size() < response_bytes::inside);
}

TEST_CASE("date_line: RFC 9110 section 5.6.7") {
    date_line d;
    CHECK(d.at(wall_time{seconds{784111777}}) == date);
    CHECK(d.at(wall_time{seconds{784111777} + nanoseconds{999'999'999}}) == date);
    CHECK(d.at(wall_time{seconds{784111778}}) == "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
    CHECK(d.at(wall_time{seconds{0}}) == "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
    CHECK(d.at(wall_time{seconds{951782400}}) == "Date: Tue, 29 Feb 2000 00:00:00 GMT\r\n");
    CHECK(d.at(wall_time{seconds{1767225599}}) == "Date: Wed, 31 Dec 2025 23:59:59 GMT\r\n");
}
