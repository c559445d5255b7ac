#include "engine/http/chunked.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using mira::http::chunked_decoder;
using mira::http::fault;

namespace {

struct decoded {
    std::string body;
    std::size_t consumed = 0;
    fault why = fault::none;
    bool finished = false;
    bool operator==(const decoded&) const = default;
};

// Feeds one piece, as the connection does: until it is used up, the message ends or an error is found.
void feed(chunked_decoder& d, std::string_view piece, decoded& out) {
    const std::string copy{piece}; // so that the sanitizer sees a read behind the end
    std::string_view rest = copy;
    while (!rest.empty() && out.why == fault::none && !d.finished()) {
        const chunked_decoder::step s = d.next(rest);
        CHECK(s.consumed <= rest.size());
        CHECK((s.consumed > 0 || s.why != fault::none));
        out.body += s.data;
        out.consumed += s.consumed;
        out.why = s.why;
        rest.remove_prefix(s.consumed);
    }
    out.finished = d.finished();
}

decoded decode(const std::vector<std::string_view>& pieces) {
    chunked_decoder d;
    decoded out;
    for (const std::string_view p : pieces) feed(d, p, out);
    return out;
}

// However the bytes are cut, the result is one.
decoded decode_in_all_ways(std::string_view input) {
    const decoded whole = decode({input});
    for (std::size_t i = 0; i <= input.size(); ++i) {
        CAPTURE(i);
        CHECK(decode({input.substr(0, i), input.substr(i)}) == whole);
    }
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < input.size(); ++i) bytes.push_back(input.substr(i, 1));
    CHECK(decode(bytes) == whole);
    return whole;
}

void accept(std::string_view input, std::string_view body, std::string_view behind = "") {
    CAPTURE(input);
    const std::string all = std::string{input} + std::string{behind};
    const decoded d = decode_in_all_ways(all);
    CHECK(d.why == fault::none);
    CHECK(d.finished);
    CHECK(d.body == body);
    CHECK(d.consumed == input.size());
}

void refuse(std::string_view input, fault why) {
    CAPTURE(input);
    const decoded d = decode_in_all_ways(input);
    CHECK(d.why == why);
    CHECK_FALSE(d.finished);
}

} // namespace

TEST_CASE("chunked: what RFC 9112 section 7.1 allows") {
    accept("0\r\n\r\n", "");
    accept("5\r\nhello\r\n0\r\n\r\n", "hello");
    accept("5\r\nhello\r\n0\r\n\r\n", "hello", "GET / HTTP/1.1\r\n"); // what follows is left alone
    accept("1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n", "abcdef");
    accept("A\r\n0123456789\r\n0\r\n\r\n", "0123456789");
    accept("a\r\n0123456789\r\n0\r\n\r\n", "0123456789");
    accept("0000000000000005\r\nhello\r\n000\r\n\r\n", "hello");
    accept("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"); // content that looks like line ends
    accept("3\r\n0\r\n\r\n0\r\n\r\n", "0\r\n");       // and like an end
}

TEST_CASE("chunked: extensions are checked and ignored (RFC 9112 section 7.1.1)") {
    accept("1;a\r\nx\r\n0\r\n\r\n", "x");
    accept("1;a=b;c;d=\"e f\"\r\nx\r\n0;end\r\n\r\n", "x");
    accept("1;a=\"q\\\"\\\\;\"\r\nx\r\n0\r\n\r\n", "x");
    accept("1;a=\"\"\r\nx\r\n0\r\n\r\n", "x");
    for (const std::string_view line :
         {"1;", "1;;a", "1;=b", "1;a=", "1; a", "1 ;a", "1;a =b", "1;a= b", "1;a=b ", "1;a;", "1;a=\"b",
          "1;a=\"b\\\"", "1;a=\"b\"c", "1;a=b\"c\"", "1;a\x01", "1;a=\"\x01\"", "1;a=\"\x7F\"", "1;a=(b)",
          "1;\xC3\xA4"})
        refuse(std::string{line} + "\r\nx\r\n0\r\n\r\n", fault::malformed_chunk);
}

TEST_CASE("chunked: a size is hexadecimal digits and nothing else") {
    for (const std::string_view size :
         {"", " 1", "1 ", "\t1", "1\t", "+1", "-1", "0x1", "1_0", "g", "1g", "1,1", "1h", "\xEF\xBC\x91"})
        refuse(std::string{size} + "\r\nx\r\n0\r\n\r\n", fault::malformed_chunk);
    using namespace std::string_literals;
    refuse("1\0\r\nx\r\n0\r\n\r\n"s, fault::malformed_chunk);
    // 2^60 - 1 is read, 2^60 and what overflows is not.
    CHECK(decode({"fffffffffffffff\r\nx"}).why == fault::none);
    refuse("1000000000000000\r\nx", fault::malformed_chunk);
    refuse("ffffffffffffffff\r\nx", fault::malformed_chunk);
    refuse("10000000000000001\r\nx", fault::malformed_chunk);
    refuse("00000000000000001\r\nx", fault::malformed_chunk); // 17 digits
}

TEST_CASE("chunked: lines end in CR LF and nothing else") {
    refuse("1\nx\r\n0\r\n\r\n", fault::bare_line_feed);
    refuse("1\rx\r\n0\r\n\r\n", fault::bare_carriage_return);
    refuse("1\r\r\nx\r\n0\r\n\r\n", fault::bare_carriage_return);
    refuse("1;a\nx\r\n0\r\n\r\n", fault::bare_line_feed);
    refuse("1;a=\"\n\"\r\nx\r\n0\r\n\r\n", fault::bare_line_feed);
    refuse("1\r\nx\n0\r\n\r\n", fault::malformed_chunk);
    refuse("1\r\nx\r0\r\n\r\n", fault::malformed_chunk);
    refuse("1\r\nxy\r\n0\r\n\r\n", fault::malformed_chunk); // more data than announced
    refuse("2\r\nx\r\n0\r\n\r\n", fault::malformed_chunk);  // less
    refuse("0\n\r\n", fault::bare_line_feed);
    refuse("0\r\n\n", fault::bare_line_feed);
    refuse("0\r\nA: b\n\r\n", fault::bare_line_feed);
    refuse("0\r\nA: b\rc\r\n\r\n", fault::bare_carriage_return);
}

TEST_CASE("chunked: trailers are checked and dropped (RFC 9110 section 6.5)") {
    accept("1\r\nx\r\n0\r\nA: b\r\nDigest: c\r\n\r\n", "x");
    accept("0\r\nA:\r\n\r\n", "");
    for (const std::string_view name :
         {"Content-Length", "TRANSFER-ENCODING", "host", "Authorization", "Content-Type", "Content-Encoding",
          "Content-Range", "Connection", "Expect", "TE", "Trailer", "Set-Cookie", "Cache-Control",
          "X-Forwarded-For"})
        refuse("0\r\n" + std::string{name} + ": 1\r\n\r\n", fault::forbidden_trailer);
    for (const std::string_view line : {"A", ": b", "A : b", " A: b", "A: b\r\n c", "A: \x01", "A: \x7F"})
        refuse("0\r\n" + std::string{line} + "\r\n\r\n", fault::malformed_field);
}

TEST_CASE("chunked: a chunk-size line has its limit") {
    // The longest that fits: the line, its CR included, is kept whole.
    const auto message = [](std::size_t line) {
        return "1;" + std::string(line - 2, 'a') + "\r\nx\r\n0\r\n\r\n";
    };
    accept(message(chunked_decoder::longest_line - 2), "x");
    accept(message(chunked_decoder::longest_line - 1), "x");
    refuse(message(chunked_decoder::longest_line), fault::chunk_extension_too_long);
    refuse(std::string(100'000, '0'), fault::chunk_extension_too_long);
}

TEST_CASE("chunked: extensions have their limit over the whole message") {
    const auto message = [](std::size_t bytes) {
        std::string s;
        for (; bytes >= 256; bytes -= 256) s += "1;" + std::string(255, 'a') + "\r\nx\r\n";
        if (bytes > 0) s += "1;" + std::string(bytes - 1, 'a') + "\r\nx\r\n";
        return s + "0\r\n\r\n";
    };
    const std::size_t most = chunked_decoder::extension_bytes_in_all;
    CHECK(decode({message(most - 2)}).finished);
    CHECK(decode({message(most)}).finished);
    CHECK(decode({message(most + 2)}).why == fault::chunk_extension_too_long);
}

TEST_CASE("chunked: trailers have their limit, a field of 70 KB included") {
    const auto message = [](std::size_t bytes) {
        std::string s = "0\r\n";
        for (; bytes >= 256; bytes -= 256) s += "A: " + std::string(251, 'v') + "\r\n";
        if (bytes > 0) s += "A: " + std::string(bytes - 5, 'v') + "\r\n";
        return s + "\r\n";
    };
    const std::size_t most = chunked_decoder::trailer_bytes;
    CHECK(decode({message(most - 10)}).finished);
    CHECK(decode({message(most)}).finished);
    CHECK(decode({message(most + 10)}).why == fault::trailer_too_large);
    refuse("0\r\nA: " + std::string(70'000, 'v').substr(0, 600) + "\r\n\r\n", fault::trailer_too_large);
    CHECK(decode({"0\r\nA: " + std::string(70'000, 'v') + "\r\n\r\n"}).why == fault::trailer_too_large);
}
