#pragma once
// The head of an HTTP/1.1 request: a strict parser and the framing rules, in one pass and without I/O.
//
// Mira stands behind other people's load balancers, so whatever two programs could read in two ways is
// refused (RFC 9112; RFC 9110 section 5). The parser is a pure function over the bytes received so far: call
// it again with more when it says need_more. After any error the connection must be closed, since where the
// next request begins is unknown.
#include "engine/http/fields.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mira::http {

enum class method : std::uint8_t { get, head, post, put, patch, delete_, options, trace, connect, unknown };
std::string_view to_string(method m);

// What is wrong with a request. Each value's status and sentence: status_of(), sentence_of().
enum class fault : std::uint8_t {
    none,
    bare_line_feed,         // a line that does not end in CR LF
    bare_carriage_return,   // CR without LF, or inside a value
    malformed_request_line, // not "method SP target SP version"
    method_too_long,
    target_too_long,
    malformed_target, // characters, percent-encoding or form that RFC 9112 section 3.2 does not allow
    host_mismatch,    // absolute-form target and Host disagree
    unsupported_version,
    malformed_field, // a field line that is no "token: value", or folded
    ambiguous_field, // a field that may stand once stands twice, or an underscore twin of a framing field
    head_too_large,
    too_many_fields,
    missing_host,
    malformed_host,
    malformed_content_length,
    length_and_encoding,      // both Content-Length and Transfer-Encoding
    malformed_encoding,       // Transfer-Encoding that does not end in chunked, or on HTTP/1.0
    unsupported_encoding,     // a coding before chunked
    unsupported_expectation,  // an Expect other than 100-continue
    malformed_chunk,          // chunk size, extension or the line end behind the data
    chunk_extension_too_long, // in one line or in all
    trailer_too_large,
    forbidden_trailer, // framing, routing or identity in a trailer
    body_not_allowed,  // content on a method for which it has no meaning (GET, HEAD, OPTIONS, TRACE)
};

int status_of(fault f);
// What was wrong and what would be right, for the client's eyes.
std::string_view sentence_of(fault f);

struct head_limits {
    std::size_t head_bytes = 16 * 1024;  // request line and fields together
    std::size_t target_bytes = 8 * 1024; // RFC 9112 section 3 asks for 8,000 at least
    std::size_t fields = 100;            // at most fields::capacity
};

struct request_head {
    method verb = method::unknown;
    std::string_view method_text;
    std::string_view target;    // as sent
    std::string_view path;      // begins with '/', or is "*"; still percent-encoded
    std::string_view query;     // behind '?', without it
    std::string_view authority; // of an absolute-form target, else Host; empty on HTTP/1.0 without Host
    int minor_version = 1;
    fields headers;

    // Framing, valid once the head is complete.
    bool chunked = false;
    std::uint64_t content_length = 0; // 0 with chunked
    bool keep_alive = true;
    bool expects_continue = false;
    std::size_t size = 0; // bytes of the input that the head takes, its empty line included

    bool has_body() const { return chunked || content_length > 0; }
    // Forgets what the views show: for when the bytes behind them have gone.
    void forget();
};

struct head_result {
    enum kind : std::uint8_t { complete, need_more, refused };
    kind outcome = need_more;
    fault why = fault::none;
};

// Reads a head from the front of input into out. need_more is never returned for input that no continuation
// could make valid, as far as the lines received so far show it.
head_result parse_head(std::string_view input, const head_limits& limits, request_head& out);

// Character classes of RFC 9110 section 5.6.2 and what may stand in a field value (section 5.5), for other
// parsers.
bool is_token(std::string_view s);
bool is_field_value(std::string_view s);

} // namespace mira::http
