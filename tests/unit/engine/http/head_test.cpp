#include "engine/http/head.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace mira::http;

namespace {

// Holds the bytes that the head's views show, exactly as many, so that the sanitizer sees a read behind them.
struct parsed {
    head_result result;
    std::unique_ptr<std::string> bytes;
    std::unique_ptr<request_head> head = std::make_unique<request_head>();
};

parsed parse(std::string_view input, const head_limits& limits = {}) {
    parsed p;
    p.bytes = std::make_unique<std::string>(input);
    p.result = parse_head(*p.bytes, limits, *p.head);
    return p;
}

// What a continuation can never do: turn refused into anything else, or change a complete head. Checked at
// each length, so that bytes which arrive one at a time are judged as bytes which arrive at once.
void check_prefixes(std::string_view input, const head_limits& limits, const parsed& whole) {
    bool refused_before = false;
    for (std::size_t n = 0; n <= input.size(); ++n) {
        const parsed p = parse(input.substr(0, n), limits);
        CAPTURE(n);
        if (p.result.outcome == head_result::refused) {
            CHECK(whole.result.outcome == head_result::refused);
            CHECK(p.result.why != fault::none);
            refused_before = true;
        } else {
            CHECK_FALSE(refused_before);
            if (p.result.outcome == head_result::complete) {
                REQUIRE(whole.result.outcome == head_result::complete);
                CHECK(n >= whole.head->size);
                CHECK(p.head->size == whole.head->size);
                CHECK(p.head->target == whole.head->target);
                CHECK(p.head->headers.size() == whole.head->headers.size());
            } else {
                CHECK((whole.result.outcome != head_result::complete || n < whole.head->size));
            }
        }
    }
}

parsed accept(std::string_view input, const head_limits& limits = {}) {
    CAPTURE(input);
    parsed p = parse(input, limits);
    CHECK(p.result.outcome == head_result::complete);
    CHECK(p.result.why == fault::none);
    check_prefixes(input, limits, p);
    return p;
}

void refuse(std::string_view input, fault why, const head_limits& limits = {}) {
    CAPTURE(input);
    CAPTURE(sentence_of(why));
    const parsed p = parse(input, limits);
    CHECK(p.result.outcome == head_result::refused);
    CHECK(p.result.why == why);
    check_prefixes(input, limits, p);
}

std::string get(std::string_view target) {
    return "GET " + std::string{target} + " HTTP/1.1\r\nHost: h\r\n\r\n";
}
std::string with(std::string_view fields) {
    return "POST /x HTTP/1.1\r\nHost: h\r\n" + std::string{fields} + "\r\n";
}
std::string host(std::string_view value) {
    return "GET / HTTP/1.1\r\nHost: " + std::string{value} + "\r\n\r\n";
}

struct rule {
    std::string_view what;
    std::string input;
    fault why; // none: accepted
};

void check_all(const std::vector<rule>& rules) {
    for (const rule& r : rules) {
        CAPTURE(r.what);
        if (r.why == fault::none)
            accept(r.input);
        else
            refuse(r.input, r.why);
    }
}

} // namespace

TEST_CASE("head: a plain request is read as it was sent") {
    const std::string input = "POST /webhook/github?a=b HTTP/1.1\r\nHost: example.org:8080\r\nX-A:\t 1 \t\r\n"
                              "x-a: 2\r\nEmpty:\r\nContent-Length: 5\r\n\r\nhello";
    const parsed p = accept(input);
    const request_head& h = *p.head;
    CHECK(h.verb == method::post);
    CHECK(h.method_text == "POST");
    CHECK(h.target == "/webhook/github?a=b");
    CHECK(h.path == "/webhook/github");
    CHECK(h.query == "a=b");
    CHECK(h.authority == "example.org:8080");
    CHECK(h.minor_version == 1);
    CHECK(h.size == input.size() - 5);
    CHECK(h.content_length == 5);
    CHECK_FALSE(h.chunked);
    CHECK(h.keep_alive);
    CHECK(h.has_body());
    REQUIRE(h.headers.size() == 5);
    CHECK(h.headers.all()[1].name == "X-A");
    CHECK(h.headers.all()[1].value == "1");
    CHECK(h.headers.count("x-A") == 2);
    CHECK(h.headers.only("X-A").empty());
    CHECK(h.headers.find("EMPTY")->value.empty());
    CHECK(h.headers.find("none") == nullptr);
}

TEST_CASE("head: one empty line before the request line is forgiven, two are not (RFC 9112 section 2.2)") {
    CHECK(accept("\r\n" + get("/")).head->size == 2 + get("/").size());
    refuse("\r\n\r\n" + get("/"), fault::malformed_request_line);
    refuse("\n" + get("/"), fault::bare_line_feed);
    refuse("\r\r\n" + get("/"), fault::bare_carriage_return);
    CHECK(parse("").result.outcome == head_result::need_more);
    CHECK(parse("\r").result.outcome == head_result::need_more);
    CHECK(parse("\r\n").result.outcome == head_result::need_more);
}

TEST_CASE("head: lines end in CR LF and nothing else (RFC 9112 section 2.2)") {
    check_all({
        {"LF ends the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n", fault::bare_line_feed},
        {"LF ends a field", "GET / HTTP/1.1\r\nHost: h\n\r\n", fault::bare_line_feed},
        {"LF ends the head", "GET / HTTP/1.1\r\nHost: h\r\n\n", fault::bare_line_feed},
        {"LF alone throughout", "GET / HTTP/1.1\nHost: h\n\n", fault::bare_line_feed},
        {"CR ends the request line", "GET / HTTP/1.1\rHost: h\r\n\r\n", fault::bare_carriage_return},
        {"CR in the target", get("/a\rb"), fault::bare_carriage_return},
        {"CR in a value", with("A: b\rc\r\n"), fault::bare_carriage_return},
        {"CR ends a field", with("A: b\rC: d\r\n"), fault::bare_carriage_return},
        {"CR CR LF", with("A: b\r\r\n"), fault::bare_carriage_return},
        {"CR before the last line", "GET / HTTP/1.1\r\nHost: h\r\n\r\r\n", fault::bare_carriage_return},
    });
}

TEST_CASE("head: the request line is method, space, target, space, version (RFC 9112 section 3)") {
    using namespace std::string_literals;
    const std::string rest = "\r\nHost: h\r\n\r\n";
    check_all({
        {"two spaces before the target", "GET  / HTTP/1.1" + rest, fault::malformed_request_line},
        {"two spaces behind the target", "GET /  HTTP/1.1" + rest, fault::malformed_request_line},
        {"a space in the target", "GET /a b HTTP/1.1" + rest, fault::malformed_request_line},
        {"a space at the end", "GET / HTTP/1.1 " + rest, fault::malformed_request_line},
        {"a space in front", " GET / HTTP/1.1" + rest, fault::malformed_request_line},
        {"a tab for a space", "GET\t/ HTTP/1.1" + rest, fault::malformed_request_line},
        {"a tab behind the target", "GET /\tHTTP/1.1" + rest, fault::malformed_request_line},
        {"no target", "GET HTTP/1.1" + rest, fault::malformed_request_line},
        {"an empty target", "GET  HTTP/1.1" + rest, fault::malformed_request_line},
        {"no version (HTTP/0.9)", "GET /" + rest, fault::malformed_request_line},
        {"nothing but a method", "GET" + rest, fault::malformed_request_line},
        {"a NUL in the method", "G\0T / HTTP/1.1"s + rest, fault::malformed_request_line},
        {"a NUL in the target", "GET /\0 HTTP/1.1"s + rest, fault::malformed_request_line},
        {"a colon in the method", "GE:T / HTTP/1.1" + rest, fault::malformed_request_line},
        {"a method that is no ASCII", "G\xC3\x8BT / HTTP/1.1" + rest, fault::malformed_request_line},
        {"a TLS hello", "\x16\x03\x01\x02"s + rest, fault::malformed_request_line},
        {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", fault::unsupported_version},
        {"lower case version", "GET / http/1.1" + rest, fault::malformed_request_line},
        {"version with two digits", "GET / HTTP/1.10" + rest, fault::malformed_request_line},
        {"version with a zero in front", "GET / HTTP/01.1" + rest, fault::malformed_request_line},
        {"version without a dot", "GET / HTTP/11" + rest, fault::malformed_request_line},
        {"version with a comma", "GET / HTTP/1,1" + rest, fault::malformed_request_line},
        {"version without a minor", "GET / HTTP/1." + rest, fault::malformed_request_line},
        {"version with a space", "GET / HTTP/ 1.1" + rest, fault::malformed_request_line},
        {"another protocol", "GET / HTTQ/1.1" + rest, fault::malformed_request_line},
        {"HTTP/2.0", "GET / HTTP/2.0" + rest, fault::unsupported_version},
        {"HTTP/0.9", "GET / HTTP/0.9" + rest, fault::unsupported_version},
        {"HTTP/9.9", "GET / HTTP/9.9" + rest, fault::unsupported_version},
        {"a later minor version is read as 1.1", "GET / HTTP/1.2" + rest, fault::none},
        {"HTTP/1.0", "GET / HTTP/1.0" + rest, fault::none},
    });
    CHECK(accept("GET / HTTP/1.0" + rest).head->minor_version == 0);
}

TEST_CASE("head: methods are tokens, told apart by case (RFC 9110 section 9.1)") {
    const std::string rest = " / HTTP/1.1\r\nHost: h\r\n\r\n";
    const std::vector<std::pair<std::string, method>> known{
        {"GET", method::get},         {"HEAD", method::head},        {"POST", method::post},
        {"PUT", method::put},         {"PATCH", method::patch},      {"DELETE", method::delete_},
        {"OPTIONS", method::options}, {"TRACE", method::trace},      {"get", method::unknown},
        {"Get", method::unknown},     {"PROPFIND", method::unknown}, {"!#$%&'*+-.^_`|~09", method::unknown}};
    for (const auto& [text, verb] : known) {
        const parsed p = accept(text + rest);
        CHECK(p.head->verb == verb);
        CHECK(p.head->method_text == text);
        if (verb != method::unknown) CHECK(to_string(verb) == text);
    }
    // The limit, at, below and above.
    accept(std::string(31, 'M') + rest);
    accept(std::string(32, 'M') + rest);
    refuse(std::string(33, 'M') + rest, fault::method_too_long);
    // Before the line ends, too.
    CHECK(parse(std::string(32, 'M')).result.outcome == head_result::need_more);
    CHECK(parse(std::string(33, 'M')).result.why == fault::method_too_long);
    CHECK(parse(std::string(100'000, 'M')).result.why == fault::method_too_long);
}

TEST_CASE("head: the target's four forms (RFC 9112 section 3.2)") {
    check_all({
        {"origin form", get("/a/b.c-d_e~f!g$h&i'j(k)l*m+n,o;p=q:r@s"), fault::none},
        {"percent-encoding", get("/%41%c3%A4%2F%20"), fault::none},
        {"what queries carry in practice", get("/?a[]=b&c={d}|e^f`"), fault::none},
        {"a question mark in the query", get("/??"), fault::none},
        {"two slashes", get("//evil/x"), fault::none},
        {"dot segments stay as they are", get("/a/../b"), fault::none},
        {"no slash in front", get("a/b"), fault::malformed_target},
        {"a fragment", get("/a#b"), fault::malformed_target},
        {"a backslash", get("/a\\b"), fault::malformed_target},
        {"a double quote", get("/\"a\""), fault::malformed_target},
        {"angle brackets", get("/<a>"), fault::malformed_target},
        {"brackets in the path", get("/[a]"), fault::malformed_target},
        {"braces in the path", get("/{a}"), fault::malformed_target},
        {"a tab", get("/a\tb"), fault::malformed_target},
        {"a letter that is no ASCII", get("/\xC3\xA4"), fault::malformed_target},
        {"overlong UTF-8", get("/\xC0\xAF"), fault::malformed_target},
        {"DEL", get("/\x7F"), fault::malformed_request_line},
        {"percent at the end", get("/%"), fault::malformed_target},
        {"percent and one digit", get("/%4"), fault::malformed_target},
        {"percent and no hex", get("/%zz"), fault::malformed_target},
        {"a hidden NUL", get("/%00"), fault::malformed_target},
        {"a hidden CR", get("/%0d"), fault::malformed_target},
        {"a hidden LF in the query", get("/?%0A"), fault::malformed_target},
        {"a hidden DEL", get("/%7f"), fault::malformed_target},
        {"asterisk with GET", get("*"), fault::malformed_target},
        {"asterisk with OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", fault::none},
        {"asterisk and more with OPTIONS", "OPTIONS *a HTTP/1.1\r\nHost: h\r\n\r\n", fault::malformed_target},
        {"authority form with CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", fault::none},
        {"CONNECT without a port", "CONNECT h HTTP/1.1\r\nHost: h\r\n\r\n", fault::malformed_target},
        {"CONNECT with a path", "CONNECT /x HTTP/1.1\r\nHost: h\r\n\r\n", fault::malformed_target},
        {"authority form with GET", get("h:443"), fault::malformed_target},
        {"absolute form", get("http://h/a?b"), fault::none},
        {"absolute form without a path", get("http://h"), fault::none},
        {"absolute form, scheme in capitals", get("HTTP://h/"), fault::none},
        {"absolute form, https", get("https://h/"), fault::none},
        {"absolute form with userinfo", get("http://u@h/"), fault::malformed_target},
        {"absolute form without a host", get("http:///a"), fault::malformed_target},
        {"absolute form with a query and no path", get("http://h?a"), fault::malformed_target},
        {"absolute form of another scheme", get("ftp://h/"), fault::malformed_target},
    });
    const parsed star = accept("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(star.head->path == "*");
    const parsed absolute = accept(get("http://h/a?b"));
    CHECK(absolute.head->path == "/a");
    CHECK(absolute.head->query == "b");
    CHECK(absolute.head->authority == "h");
    CHECK(accept(get("http://h")).head->path == "/");
}

TEST_CASE("head: an absolute target and Host name the same host (RFC 9112 section 3.2.2)") {
    const auto absolute = [](std::string_view target, std::string_view host_value) {
        return "GET " + std::string{target} + " HTTP/1.1\r\nHost: " + std::string{host_value} + "\r\n\r\n";
    };
    check_all({
        {"same", absolute("http://a.example/", "a.example"), fault::none},
        {"same but for case", absolute("http://A.example/", "a.EXAMPLE"), fault::none},
        {"same but for the default port", absolute("http://a:80/", "a"), fault::none},
        {"same but for the default port of https", absolute("https://a/", "a:443"), fault::none},
        {"another host", absolute("http://a/", "b"), fault::host_mismatch},
        {"another port", absolute("http://a:81/", "a"), fault::host_mismatch},
        {"the other scheme's default port", absolute("http://a/", "a:443"), fault::host_mismatch},
        {"no Host", "GET http://a/ HTTP/1.1\r\n\r\n", fault::missing_host},
        {"no Host, HTTP/1.0", "GET http://a/ HTTP/1.0\r\n\r\n", fault::none},
    });
}

TEST_CASE("head: exactly one sound Host (RFC 9112 section 3.2, RFC 3986 section 3.2.2)") {
    check_all({
        {"a name", host("example.org"), fault::none},
        {"a name and a port", host("example.org:80"), fault::none},
        {"a name and an empty port", host("example.org:"), fault::none},
        {"the greatest port", host("h:65535"), fault::none},
        {"a greater port", host("h:65536"), fault::malformed_host},
        {"six digits", host("h:000080"), fault::malformed_host},
        {"an address", host("192.0.2.1:8080"), fault::none},
        {"an IPv6 address", host("[2001:db8::1]:8080"), fault::none},
        {"the shortest IPv6 address", host("[::]"), fault::none},
        {"IPv6 without brackets", host("2001:db8::1"), fault::malformed_host},
        {"brackets around IPv4", host("[192.0.2.1]"), fault::malformed_host},
        {"brackets around nonsense", host("[::::]"), fault::malformed_host},
        {"brackets around nothing", host("[]"), fault::malformed_host},
        {"bracket not closed", host("[::1"), fault::malformed_host},
        {"something behind the bracket", host("[::1]x"), fault::malformed_host},
        {"a zone", host("[fe80::1%25eth0]"), fault::malformed_host},
        {"empty", host(""), fault::malformed_host},
        {"only a port", host(":80"), fault::malformed_host},
        {"port with a sign", host("h:+80"), fault::malformed_host},
        {"port of letters", host("h:http"), fault::malformed_host},
        {"two ports", host("h:1:2"), fault::malformed_host},
        {"userinfo", host("u@h"), fault::malformed_host},
        {"a path", host("h/a"), fault::malformed_host},
        {"a query", host("h?a"), fault::malformed_host},
        {"a fragment", host("h#a"), fault::malformed_host},
        {"a scheme", host("http://h"), fault::malformed_host},
        {"a list", host("a, b"), fault::malformed_host},
        {"a list without a space", host("a,b"), fault::malformed_host},
        {"a space", host("a b"), fault::malformed_host},
        {"percent-encoding", host("%61"), fault::malformed_host},
        {"a backslash", host("a\\b"), fault::malformed_host},
        {"no ASCII", host("\xC3\xA4"), fault::malformed_host},
        {"none", "GET / HTTP/1.1\r\n\r\n", fault::missing_host},
        {"none with HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", fault::none},
        {"an unsound one with HTTP/1.0", "GET / HTTP/1.0\r\nHost: a@b\r\n\r\n", fault::malformed_host},
        {"two of the same", "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", fault::ambiguous_field},
        {"two that differ", "GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", fault::ambiguous_field},
    });
}

TEST_CASE("head: a field line is token, colon, value (RFC 9112 section 5)") {
    using namespace std::string_literals;
    check_all({
        {"any token", with("!#$%&'*+-.^_`|~9aZ: v\r\n"), fault::none},
        {"an empty value", with("A:\r\n"), fault::none},
        {"white space alone", with("A: \t \r\n"), fault::none},
        {"tab and space around the value", with("A:\t b \t\r\n"), fault::none},
        {"a tab within", with("A: b\tc\r\n"), fault::none},
        {"obs-text", with("A: \xC3\xA4\xFF\r\n"), fault::none},
        {"no colon", with("A\r\n"), fault::malformed_field},
        {"no name", with(": b\r\n"), fault::malformed_field},
        {"a space before the colon", with("A : b\r\n"), fault::malformed_field},
        {"a tab before the colon", with("A\t: b\r\n"), fault::malformed_field},
        {"a space in the name", with("A B: c\r\n"), fault::malformed_field},
        {"a space before the name", with(" A: b\r\n"), fault::malformed_field},
        {"folded by a space", with("A: b\r\n c\r\n"), fault::malformed_field},
        {"folded by a tab", with("A: b\r\n\tc\r\n"), fault::malformed_field},
        {"a first field that begins with a space", "GET / HTTP/1.1\r\n Host: h\r\n\r\n",
         fault::malformed_field},
        {"brackets in the name", with("A[]: b\r\n"), fault::malformed_field},
        {"a name that is no ASCII", with("\xC3\xA4: b\r\n"), fault::malformed_field},
        {"NUL in the name", with("A\0: b\r\n"s), fault::malformed_field},
        {"NUL in the value", with("A: b\0c\r\n"s), fault::malformed_field},
        {"a control character in the value", with("A: b\x01\r\n"), fault::malformed_field},
        {"ESC in the value", with("A: \x1B[31m\r\n"), fault::malformed_field},
        {"DEL in the value", with("A: b\x7F\r\n"), fault::malformed_field},
        {"vertical tab before a value", with("Transfer-Encoding:\vchunked\r\n"), fault::malformed_field},
        {"form feed behind a value", with("Transfer-Encoding: chunked\f\r\n"), fault::malformed_field},
    });
    // Each byte of a value is looked at, wherever it stands in a run of sixteen.
    for (std::size_t at = 0; at < 40; ++at) {
        std::string value(40, 'v');
        value[at] = '\x02';
        refuse(with("A: " + value + "\r\n"), fault::malformed_field);
        value[at] = '\t';
        accept(with("A: " + value + "\r\n"));
    }
}

TEST_CASE("head: Content-Length is one plain decimal number (RFC 9112 section 6.3)") {
    const auto length = [](std::string_view v) { return with("Content-Length: " + std::string{v} + "\r\n"); };
    check_all({
        {"zero", length("0"), fault::none},
        {"a number", length("17"), fault::none},
        {"white space around it", length("\t17 "), fault::none},
        {"the greatest that is read", length("999999999999999999"), fault::none},
        {"a digit more", length("1000000000000000000"), fault::malformed_content_length},
        {"beyond 64 bits", length("18446744073709551617"), fault::malformed_content_length},
        {"empty", length(""), fault::malformed_content_length},
        {"plus", length("+5"), fault::malformed_content_length},
        {"minus", length("-5"), fault::malformed_content_length},
        {"minus zero", length("-0"), fault::malformed_content_length},
        {"leading zero", length("05"), fault::malformed_content_length},
        {"zeros", length("00"), fault::malformed_content_length},
        {"hexadecimal", length("0x5"), fault::malformed_content_length},
        {"a space within", length("1 2"), fault::malformed_content_length},
        {"a list of the same", length("5, 5"), fault::malformed_content_length},
        {"a list", length("5,6"), fault::malformed_content_length},
        {"a comma at the end", length("5,"), fault::malformed_content_length},
        {"an exponent", length("1e1"), fault::malformed_content_length},
        {"a fraction", length("5.0"), fault::malformed_content_length},
        {"quotes", length("\"5\""), fault::malformed_content_length},
        {"an underscore", length("1_0"), fault::malformed_content_length},
        {"other digits", length("\xD9\xA5"), fault::malformed_content_length},
        {"two of the same", with("Content-Length: 5\r\nContent-Length: 5\r\n"), fault::ambiguous_field},
        {"two that differ", with("Content-Length: 5\r\ncontent-length: 6\r\n"), fault::ambiguous_field},
        {"one sound, one empty", with("Content-Length: 5\r\nContent-Length:\r\n"), fault::ambiguous_field},
    });
    CHECK(accept(length("999999999999999999")).head->content_length == 999'999'999'999'999'999U);
    CHECK_FALSE(accept(length("0")).head->has_body());
    CHECK_FALSE(accept(with("")).head->has_body());
}

TEST_CASE("head: Transfer-Encoding is chunked alone (RFC 9112 sections 6.1 and 6.3)") {
    const auto te = [](std::string_view v) { return with("Transfer-Encoding: " + std::string{v} + "\r\n"); };
    check_all({
        {"chunked", te("chunked"), fault::none},
        {"in capitals", te("CHUNKED"), fault::none},
        {"white space around it", te(" \tchunked\t "), fault::none},
        {"a coding before it", te("gzip, chunked"), fault::unsupported_encoding},
        {"two codings before it", te("a, b, chunked"), fault::unsupported_encoding},
        {"no space behind the comma", te("gzip,chunked"), fault::unsupported_encoding},
        {"not last", te("chunked, gzip"), fault::malformed_encoding},
        {"twice", te("chunked, chunked"), fault::malformed_encoding},
        {"identity", te("identity"), fault::malformed_encoding},
        {"chunked, identity", te("chunked, identity"), fault::malformed_encoding},
        {"another", te("gzip"), fault::malformed_encoding},
        {"something in front", te("xchunked"), fault::malformed_encoding},
        {"something behind", te("chunkedx"), fault::malformed_encoding},
        {"a parameter", te("chunked;a=b"), fault::malformed_encoding},
        {"a parameter before", te("gzip;q=1, chunked"), fault::malformed_encoding},
        {"quoted", te("\"chunked\""), fault::malformed_encoding},
        {"empty", te(""), fault::malformed_encoding},
        {"only a comma", te(","), fault::malformed_encoding},
        {"comma behind", te("chunked,"), fault::malformed_encoding},
        {"comma in front", te(",chunked"), fault::malformed_encoding},
        {"an empty element", te("gzip,,chunked"), fault::malformed_encoding},
        {"a space within", te("chu nked"), fault::malformed_encoding},
        {"no ASCII that looks alike", te("\xC4\xB8hunked"), fault::malformed_encoding},
        {"two fields", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
         fault::ambiguous_field},
        {"two fields that make a list", with("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
         fault::ambiguous_field},
        {"with Content-Length behind", with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
         fault::length_and_encoding},
        {"with Content-Length in front", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
         fault::length_and_encoding},
        {"with Content-Length zero", with("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
         fault::length_and_encoding},
        {"unknown with Content-Length", with("Content-Length: 5\r\nTransfer-Encoding: identity\r\n"),
         fault::length_and_encoding},
        {"on HTTP/1.0", "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
         fault::malformed_encoding},
    });
    const parsed p = accept(te("chunked"));
    CHECK(p.head->chunked);
    CHECK(p.head->has_body());
}

TEST_CASE("head: an underscore twin of a field that frames, routes or identifies is refused") {
    for (const std::string_view name :
         {"Content_Length", "content_LENGTH", "Transfer_Encoding", "X_Forwarded_For", "X-Forwarded_For",
          "X_Forwarded_Proto", "X_Real_IP"})
        refuse(with(std::string{name} + ": 1\r\n"), fault::ambiguous_field);
    for (const std::string_view name : {"X_Hub_Signature", "Content_Lengths", "Content", "_"})
        accept(with(std::string{name} + ": 1\r\n"));
}

TEST_CASE("head: what may stand once stands once") {
    for (const std::string_view name : {"Content-Type", "Authorization", "Expect"})
        refuse(with(std::string{name} + ": 100-continue\r\n" + std::string{name} + ": 100-continue\r\n"),
               fault::ambiguous_field);
    accept(with("Cookie: a\r\nCookie: b\r\n"));
}

TEST_CASE("head: Connection decides whether the connection stays (RFC 9112 section 9.3)") {
    const auto keeps = [](std::string_view version, std::string_view fields) {
        return accept("GET / " + std::string{version} + "\r\nHost: h\r\n" + std::string{fields} + "\r\n")
            .head->keep_alive;
    };
    CHECK(keeps("HTTP/1.1", ""));
    CHECK(keeps("HTTP/1.1", "Connection: upgrade\r\n"));
    CHECK(keeps("HTTP/1.1", "Connection: closed\r\n"));
    CHECK_FALSE(keeps("HTTP/1.1", "Connection: close\r\n"));
    CHECK_FALSE(keeps("HTTP/1.1", "Connection: a,\tCLOSE ,b\r\n"));
    CHECK_FALSE(keeps("HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n"));
    CHECK_FALSE(keeps("HTTP/1.0", ""));
    CHECK(keeps("HTTP/1.0", "Connection: Keep-Alive\r\n"));
    CHECK_FALSE(keeps("HTTP/1.0", "Connection: keep-alive, close\r\n"));
}

TEST_CASE("head: Expect is 100-continue or refused (RFC 9110 section 10.1.1)") {
    const auto expects = [](std::string_view fields) { return accept(with(fields)).head->expects_continue; };
    CHECK(expects("Content-Length: 1\r\nExpect: 100-continue\r\n"));
    CHECK(expects("Transfer-Encoding: chunked\r\nExpect: 100-CONTINUE\r\n"));
    CHECK_FALSE(expects("Content-Length: 0\r\nExpect: 100-continue\r\n"));
    CHECK_FALSE(expects("Expect: 100-continue\r\n"));
    refuse(with("Content-Length: 1\r\nExpect: 200-ok\r\n"), fault::unsupported_expectation);
    refuse(with("Content-Length: 1\r\nExpect: 100-continue, x\r\n"), fault::unsupported_expectation);
    refuse(with("Content-Length: 1\r\nExpect: y 100-continue\r\n"), fault::unsupported_expectation);
    refuse(with("Content-Length: 1\r\nExpect:\r\n"), fault::unsupported_expectation);
    // HTTP/1.0 knows none: ignored.
    const parsed old =
        accept("POST / HTTP/1.0\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
    CHECK_FALSE(old.head->expects_continue);
}

TEST_CASE("head: content on a method that gives it no meaning is refused") {
    for (const std::string_view name : {"GET", "HEAD", "OPTIONS", "TRACE"}) {
        const std::string line = std::string{name} + " / HTTP/1.1\r\nHost: h\r\n";
        refuse(line + "Content-Length: 1\r\n\r\n", fault::body_not_allowed);
        refuse(line + "Transfer-Encoding: chunked\r\n\r\n", fault::body_not_allowed);
        accept(line + "Content-Length: 0\r\n\r\n");
    }
    refuse("CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nContent-Length: 1\r\n\r\n", fault::body_not_allowed);
    for (const std::string_view name : {"POST", "PUT", "PATCH", "DELETE", "PROPFIND"})
        accept(std::string{name} + " / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n");
}

TEST_CASE("head: limits hold at, below and above") {
    const head_limits limits{.head_bytes = 300, .target_bytes = 100, .fields = 5};
    SUBCASE("target") {
        accept(get("/" + std::string(98, 'a')), limits);
        accept(get("/" + std::string(99, 'a')), limits);
        refuse(get("/" + std::string(100, 'a')), fault::target_too_long, limits);
        // With the longest method and before the line has ended.
        accept(std::string(32, 'M') + " /" + std::string(99, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", limits);
        CHECK(parse("GET /" + std::string(200, 'a'), limits).result.why == fault::target_too_long);
        CHECK(parse("GET /" + std::string(90, 'a'), limits).result.outcome == head_result::need_more);
    }
    SUBCASE("head") {
        const auto head_of = [](std::size_t size) {
            const std::string frame = "GET / HTTP/1.1\r\nHost: h\r\nA: \r\n\r\n";
            return "GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(size - frame.size(), 'v') + "\r\n\r\n";
        };
        REQUIRE(head_of(300).size() == 300);
        accept(head_of(299), limits);
        accept(head_of(300), limits);
        refuse(head_of(301), fault::head_too_large, limits);
        accept(head_of(300) + std::string(1000, 'x'), limits); // the body does not count
        CHECK(parse(std::string_view{head_of(301)}.substr(0, 300), limits).result.outcome ==
              head_result::need_more);
    }
    SUBCASE("fields") {
        const auto fields_of = [](std::size_t n) {
            std::string s = "GET / HTTP/1.1\r\nHost: h\r\n";
            for (std::size_t i = 1; i < n; ++i) s += "A: b\r\n";
            return s + "\r\n";
        };
        accept(fields_of(4), limits);
        accept(fields_of(5), limits);
        refuse(fields_of(6), fault::too_many_fields, limits);
        // No limit goes beyond what there is room for.
        const head_limits none{.head_bytes = 1 << 20, .target_bytes = 100, .fields = 100'000};
        CHECK(parse(fields_of(fields::capacity), none).result.outcome == head_result::complete);
        CHECK(parse(fields_of(fields::capacity + 1), none).result.why == fault::too_many_fields);
    }
}

TEST_CASE("head: each fault has a status and a sentence") {
    for (int i = 1; i <= static_cast<int>(fault::body_not_allowed); ++i) {
        const auto f = static_cast<fault>(i);
        CAPTURE(i);
        CHECK(status_of(f) >= 400);
        CHECK(sentence_of(f).ends_with('.'));
    }
    CHECK(status_of(fault::target_too_long) == 414);
    CHECK(status_of(fault::head_too_large) == 431);
    CHECK(status_of(fault::too_many_fields) == 431);
    CHECK(status_of(fault::unsupported_version) == 505);
    CHECK(status_of(fault::unsupported_encoding) == 501);
    CHECK(status_of(fault::unsupported_expectation) == 417);
    CHECK(status_of(fault::malformed_request_line) == 400);
}

TEST_CASE("head: forget leaves nothing to be read through") {
    parsed p = accept(with("Content-Length: 5\r\n"));
    p.head->forget();
    CHECK(p.head->target.empty());
    CHECK(p.head->path.empty());
    CHECK(p.head->authority.empty());
    CHECK(p.head->method_text.empty());
    CHECK(p.head->verb == method::unknown);
    CHECK(p.head->headers.size() == 0);
    CHECK_FALSE(p.head->has_body());
}
