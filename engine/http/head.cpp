#include "engine/http/head.hpp"

#include "engine/net/address.hpp"

#include <array>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace mira::http {
namespace {

constexpr std::size_t longest_method = 32;

using char_class = std::array<bool, 256>;

constexpr char_class make_class(std::string_view extra) {
    char_class t{};
    for (int c = '0'; c <= '9'; ++c) t[static_cast<std::size_t>(c)] = true;
    for (int c = 'a'; c <= 'z'; ++c) t[static_cast<std::size_t>(c)] = true;
    for (int c = 'A'; c <= 'Z'; ++c) t[static_cast<std::size_t>(c)] = true;
    for (const char c : extra) t[static_cast<unsigned char>(c)] = true;
    return t;
}
constexpr char_class token_chars = make_class("!#$%&'*+-.^_`|~");
// RFC 3986 pchar and '/'; '%' is checked apart.
constexpr char_class path_chars = make_class("-._~!$&'()*+,;=:@/%");
// A query also carries brackets, bars and braces in practice; none of them means anything to a proxy.
constexpr char_class query_chars = make_class("-._~!$&'()*+,;=:@/%?[]{}|^`");
constexpr char_class host_chars = make_class("-._~");

bool all_in(const char_class& t, std::string_view s) {
    for (const char c : s)
        if (!t[static_cast<unsigned char>(c)]) return false;
    return true;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    const char l = static_cast<char>(c | 0x20);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// The first byte that may not stand in a field value: a control character other than tab (RFC 9110
// section 5.5).
const char* first_control(const char* p, const char* end) {
#if defined(__SSE2__)
    const __m128i space = _mm_set1_epi8(0x20 - 1);
    const __m128i tab = _mm_set1_epi8('\t');
    const __m128i del = _mm_set1_epi8(0x7F);
    for (; end - p >= 16; p += 16) {
        const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, space), v);
        const __m128i bad =
            _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(v, tab), low), _mm_cmpeq_epi8(v, del));
        const int mask = _mm_movemask_epi8(bad);
        if (mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
    }
#endif
    for (; p != end; ++p) {
        const auto c = static_cast<unsigned char>(*p);
        if ((c < 0x20 && c != '\t') || c == 0x7F) return p;
    }
    return end;
}

std::string_view trimmed(std::string_view s) {
    while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
    while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
    return s;
}

method method_of(std::string_view s) {
    switch (s.size()) {
    case 3:
        if (s == "GET") return method::get;
        if (s == "PUT") return method::put;
        break;
    case 4:
        if (s == "POST") return method::post;
        if (s == "HEAD") return method::head;
        break;
    case 5:
        if (s == "PATCH") return method::patch;
        if (s == "TRACE") return method::trace;
        break;
    case 6:
        if (s == "DELETE") return method::delete_;
        break;
    case 7:
        if (s == "OPTIONS") return method::options;
        if (s == "CONNECT") return method::connect;
        break;
    default: break;
    }
    return method::unknown;
}

// "%" must be followed by two hex digits that do not hide a control character.
bool percent_encoding_sound(std::string_view s) {
    for (std::size_t i = s.find('%'); i != std::string_view::npos; i = s.find('%', i + 3)) {
        if (i + 2 >= s.size()) return false;
        const int hi = hex_value(s[i + 1]);
        const int lo = hex_value(s[i + 2]);
        if (hi < 0 || lo < 0) return false;
        const int c = hi * 16 + lo;
        if (c < 0x20 || c == 0x7F) return false;
    }
    return true;
}

// RFC 9112 section 3.2: uri-host [ ":" port ], without the userinfo, comma and empty host that the grammar
// would allow or that only confusion sends.
bool authority_sound(std::string_view s) {
    std::string_view port;
    if (s.starts_with('[')) {
        const auto close = s.find(']');
        if (close == std::string_view::npos) return false;
        const std::string_view inside = s.substr(1, close - 1);
        if (inside.find(':') == std::string_view::npos || !net::address::parse(inside)) return false;
        port = s.substr(close + 1);
        if (!port.empty() && port.front() != ':') return false;
    } else {
        const auto colon = s.find(':');
        const std::string_view host = s.substr(0, colon);
        if (host.empty() || !all_in(host_chars, host)) return false;
        port = colon == std::string_view::npos ? std::string_view{} : s.substr(colon);
    }
    if (port.empty()) return true;
    port.remove_prefix(1);
    if (port.size() > 5) return false;
    unsigned number = 0;
    for (const char c : port) {
        if (!is_digit(c)) return false;
        number = number * 10 + static_cast<unsigned>(c - '0');
    }
    return number <= 65535;
}

std::string_view without_default_port(std::string_view authority, std::string_view port) {
    return authority.ends_with(port) ? authority.substr(0, authority.size() - port.size()) : authority;
}

fault split_path(std::string_view origin, request_head& out) {
    const auto question = origin.find('?');
    out.path = origin.substr(0, question);
    out.query = question == std::string_view::npos ? std::string_view{} : origin.substr(question + 1);
    if (!all_in(path_chars, out.path) || !all_in(query_chars, out.query)) return fault::malformed_target;
    if (!percent_encoding_sound(out.path) || !percent_encoding_sound(out.query))
        return fault::malformed_target;
    return fault::none;
}

// The four forms of RFC 9112 section 3.2. The authority of an absolute form is compared with Host later.
fault parse_target(std::string_view target, request_head& out) {
    out.target = target;
    out.authority = {};
    if (out.verb == method::connect) {
        out.path = out.query = {};
        return authority_sound(target) && target.find(':') != std::string_view::npos
                   ? fault::none
                   : fault::malformed_target;
    }
    if (target.starts_with('/')) return split_path(target, out);
    if (target == "*") {
        out.path = target;
        out.query = {};
        return out.verb == method::options ? fault::none : fault::malformed_target;
    }
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
        const std::string_view rest = target.substr(scheme.size());
        const auto slash = rest.find_first_of("/?");
        out.authority = rest.substr(0, slash);
        if (!authority_sound(out.authority)) return fault::malformed_target;
        if (slash == std::string_view::npos || rest[slash] == '?') {
            if (slash != std::string_view::npos) return fault::malformed_target;
            out.path = "/";
            out.query = {};
            return fault::none;
        }
        return split_path(rest.substr(slash), out);
    }
    return fault::malformed_target;
}

fault parse_version(std::string_view s, request_head& out) {
    if (s.size() != 8 || !s.starts_with("HTTP/") || !is_digit(s[5]) || s[6] != '.' || !is_digit(s[7]))
        return fault::malformed_request_line;
    if (s[5] != '1') return fault::unsupported_version;
    out.minor_version = s[7] - '0';
    return fault::none;
}

// Of a line that is still incomplete: its first space should have come by now.
bool method_is_endless(std::string_view line) {
    return line.substr(0, longest_method + 1).find(' ') == std::string_view::npos;
}

fault parse_request_line(std::string_view line, const head_limits& limits, request_head& out) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    const std::string_view name = line.substr(0, first);
    if (name.empty() || !is_token(name)) return fault::malformed_request_line;
    if (name.size() > longest_method) return fault::method_too_long;
    if (first == std::string_view::npos || last == first) return fault::malformed_request_line;
    out.method_text = name;
    out.verb = method_of(name);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    if (target.size() > limits.target_bytes) return fault::target_too_long;
    if (target.empty() || target.find(' ') != std::string_view::npos) return fault::malformed_request_line;
    if (const fault f = parse_version(line.substr(last + 1), out); f != fault::none) return f;
    return parse_target(target, out);
}

// Fields that decide how a message is framed, where it goes or whom it comes from. A name that differs from
// one of them by underscores only is refused: programs that pass headers on as environment variables take the
// two for one.
constexpr std::array<std::string_view, 8> guarded_names{
    "content-length",  "transfer-encoding", "host",      "connection",
    "x-forwarded-for", "x-forwarded-proto", "forwarded", "x-real-ip",
};

bool is_underscore_twin(std::string_view name) {
    if (name.find('_') == std::string_view::npos) return false;
    for (const std::string_view guarded : guarded_names) {
        if (guarded.size() != name.size()) continue;
        bool same = true;
        for (std::size_t i = 0; same && i < name.size(); ++i) {
            const char c = name[i] == '_' ? '-' : name[i];
            same = (c | 0x20) == (guarded[i] | 0x20);
        }
        if (same) return true;
    }
    return false;
}

fault parse_field_line(std::string_view line, request_head& out) {
    const char* p = line.data();
    const char* const end = p + line.size();
    while (p != end && token_chars[static_cast<unsigned char>(*p)]) ++p;
    // An empty name, a folded line, white space before the colon and a missing colon all end here.
    if (p == line.data() || p == end || *p != ':') return fault::malformed_field;
    const std::string_view name{line.data(), static_cast<std::size_t>(p - line.data())};
    const std::string_view value = trimmed({p + 1, static_cast<std::size_t>(end - p - 1)});
    if (is_underscore_twin(name)) return fault::ambiguous_field;
    return out.headers.add(name, value) ? fault::none : fault::too_many_fields;
}

fault parse_content_length(std::string_view s, std::uint64_t& out) {
    // A leading zero is legal but read as octal by some: refused, like all that is not plain digits.
    if (s.empty() || s.size() > 18 || (s.size() > 1 && s.front() == '0'))
        return fault::malformed_content_length;
    std::uint64_t n = 0;
    for (const char c : s) {
        if (!is_digit(c)) return fault::malformed_content_length;
        n = n * 10 + static_cast<std::uint64_t>(c - '0');
    }
    out = n;
    return fault::none;
}

// RFC 9112 sections 6.1 and 6.3. Only chunked is implemented; a list that ends in chunked is understood and
// unsupported, anything else has no length that both sides agree on.
fault parse_transfer_encoding(std::string_view s) {
    if (equal_ignoring_case(s, "chunked")) return fault::none;
    const auto comma = s.rfind(',');
    if (comma == std::string_view::npos || !equal_ignoring_case(trimmed(s.substr(comma + 1)), "chunked"))
        return fault::malformed_encoding;
    for (std::string_view rest = s.substr(0, comma);;) {
        const auto next = rest.find(',');
        const std::string_view coding = trimmed(rest.substr(0, next));
        if (!is_token(coding) || equal_ignoring_case(coding, "chunked")) return fault::malformed_encoding;
        if (next == std::string_view::npos) return fault::unsupported_encoding;
        rest.remove_prefix(next + 1);
    }
}

// Whether a comma-separated list of tokens holds one of them.
bool list_has(std::string_view list, std::string_view token) {
    for (;;) {
        const auto comma = list.find(',');
        if (equal_ignoring_case(trimmed(list.substr(0, comma)), token)) return true;
        if (comma == std::string_view::npos) return false;
        list.remove_prefix(comma + 1);
    }
}

// The fields that the framing depends on, each of which may stand once.
struct framing_fields {
    const field* host = nullptr;
    const field* content_length = nullptr;
    const field* transfer_encoding = nullptr;
    const field* expect = nullptr;
    const field* content_type = nullptr;
    const field* authorization = nullptr;
    bool close = false;
    bool keep_alive = false;
};

fault collect(const request_head& head, framing_fields& out) {
    const auto once = [](const field*& slot, const field& f) {
        if (slot != nullptr) return fault::ambiguous_field;
        slot = &f;
        return fault::none;
    };
    for (const field& f : head.headers.all()) {
        fault why = fault::none;
        switch (f.name.size()) {
        case 4:
            if (equal_ignoring_case(f.name, "host")) why = once(out.host, f);
            break;
        case 6:
            if (equal_ignoring_case(f.name, "expect")) why = once(out.expect, f);
            break;
        case 10:
            if (equal_ignoring_case(f.name, "connection")) {
                out.close = out.close || list_has(f.value, "close");
                out.keep_alive = out.keep_alive || list_has(f.value, "keep-alive");
            }
            break;
        case 12:
            if (equal_ignoring_case(f.name, "content-type")) why = once(out.content_type, f);
            break;
        case 13:
            if (equal_ignoring_case(f.name, "authorization")) why = once(out.authorization, f);
            break;
        case 14:
            if (equal_ignoring_case(f.name, "content-length")) why = once(out.content_length, f);
            break;
        case 17:
            if (equal_ignoring_case(f.name, "transfer-encoding")) why = once(out.transfer_encoding, f);
            break;
        default: break;
        }
        if (why != fault::none) return why;
    }
    return fault::none;
}

fault check_host(const field* host, request_head& out) {
    if (host == nullptr) return out.minor_version >= 1 ? fault::missing_host : fault::none;
    if (!authority_sound(host->value)) return fault::malformed_host;
    if (out.authority.empty()) {
        out.authority = host->value;
        return fault::none;
    }
    const bool secure = (out.target[4] | 0x20) == 's';
    const std::string_view port = secure ? ":443" : ":80";
    return equal_ignoring_case(without_default_port(out.authority, port),
                               without_default_port(host->value, port))
               ? fault::none
               : fault::host_mismatch;
}

fault apply_framing_rules(request_head& out) {
    framing_fields f;
    if (const fault why = collect(out, f); why != fault::none) return why;
    if (const fault why = check_host(f.host, out); why != fault::none) return why;

    out.chunked = false;
    out.content_length = 0;
    if (f.transfer_encoding != nullptr) {
        if (f.content_length != nullptr) return fault::length_and_encoding;
        if (out.minor_version == 0) return fault::malformed_encoding;
        if (const fault why = parse_transfer_encoding(f.transfer_encoding->value); why != fault::none)
            return why;
        out.chunked = true;
    } else if (f.content_length != nullptr) {
        if (const fault why = parse_content_length(f.content_length->value, out.content_length);
            why != fault::none)
            return why;
    }

    out.keep_alive = !f.close && (out.minor_version >= 1 || f.keep_alive);
    out.expects_continue = false;
    if (f.expect != nullptr && out.minor_version >= 1) {
        if (!equal_ignoring_case(f.expect->value, "100-continue")) return fault::unsupported_expectation;
        out.expects_continue = out.has_body();
    }
    if (out.has_body() &&
        (out.verb == method::get || out.verb == method::head || out.verb == method::options ||
         out.verb == method::trace || out.verb == method::connect))
        return fault::body_not_allowed;
    return fault::none;
}

// The end of the line that begins at from: the index of its CR, npos where it is not there yet.
struct line_end {
    std::size_t at = std::string_view::npos;
    fault why = fault::none;
};
line_end find_line_end(std::string_view input, std::size_t from) {
    const char* const begin = input.data();
    const char* const end = begin + input.size();
    const char* const p = first_control(begin + from, end);
    if (p == end) return {};
    if (*p == '\r') {
        if (p + 1 == end) return {};
        if (p[1] == '\n') return {static_cast<std::size_t>(p - begin), fault::none};
        return {0, fault::bare_carriage_return};
    }
    return {0, *p == '\n' ? fault::bare_line_feed : fault::malformed_field};
}

} // namespace

void request_head::forget() {
    verb = method::unknown;
    method_text = target = path = query = authority = {};
    headers.clear();
    chunked = expects_continue = false;
    content_length = 0;
    size = 0;
}

bool is_token(std::string_view s) { return !s.empty() && all_in(token_chars, s); }

bool is_field_value(std::string_view s) {
    return first_control(s.data(), s.data() + s.size()) == s.data() + s.size();
}

head_result parse_head(std::string_view input, const head_limits& limits, request_head& out) {
    const auto refused = [](fault f) { return head_result{head_result::refused, f}; };
    // One empty line before the request line is forgiven (RFC 9112 section 2.2).
    std::size_t at = input.starts_with("\r\n") ? 2 : 0;
    const std::string_view seen = input.substr(0, limits.head_bytes);
    const bool full = input.size() > limits.head_bytes;

    bool first = true;
    out.headers.clear();
    for (;;) {
        const line_end line = find_line_end(seen, at);
        if (line.why != fault::none)
            return refused(first && line.why == fault::malformed_field ? fault::malformed_request_line
                                                                       : line.why);
        if (line.at == std::string_view::npos) {
            if (first && seen.size() - at > longest_method && method_is_endless(seen.substr(at)))
                return refused(fault::method_too_long);
            if (first && seen.size() - at > limits.target_bytes + longest_method + 16)
                return refused(fault::target_too_long);
            return full ? refused(fault::head_too_large) : head_result{head_result::need_more, fault::none};
        }
        const std::string_view text = seen.substr(at, line.at - at);
        at = line.at + 2;
        if (first) {
            if (const fault why = parse_request_line(text, limits, out); why != fault::none)
                return refused(why);
            first = false;
        } else if (text.empty()) {
            break;
        } else {
            if (out.headers.size() == limits.fields) return refused(fault::too_many_fields);
            if (const fault why = parse_field_line(text, out); why != fault::none) return refused(why);
        }
    }
    out.size = at;
    if (const fault why = apply_framing_rules(out); why != fault::none) return refused(why);
    return {head_result::complete, fault::none};
}

std::string_view to_string(method m) {
    switch (m) {
    case method::get: return "GET";
    case method::head: return "HEAD";
    case method::post: return "POST";
    case method::put: return "PUT";
    case method::patch: return "PATCH";
    case method::delete_: return "DELETE";
    case method::options: return "OPTIONS";
    case method::trace: return "TRACE";
    case method::connect: return "CONNECT";
    case method::unknown: break;
    }
    return "unknown";
}

int status_of(fault f) {
    switch (f) {
    case fault::target_too_long: return 414;
    case fault::unsupported_version: return 505;
    case fault::head_too_large:
    case fault::too_many_fields:
    case fault::trailer_too_large: return 431;
    case fault::unsupported_encoding: return 501;
    case fault::unsupported_expectation: return 417;
    default: return 400;
    }
}

std::string_view sentence_of(fault f) {
    switch (f) {
    case fault::none: break;
    case fault::bare_line_feed: return "A line ended in LF alone; lines end in CR LF.";
    case fault::bare_carriage_return: return "A CR stood without its LF.";
    case fault::malformed_request_line:
        return "The request line must be: method, one space, target, one space, HTTP/1.1.";
    case fault::method_too_long: return "The method has more than 32 characters.";
    case fault::target_too_long: return "The request target is longer than this server reads.";
    case fault::malformed_target:
        return "The request target has a character, a percent-encoding or a form that is not allowed.";
    case fault::host_mismatch: return "The request target names another host than the Host field.";
    case fault::unsupported_version: return "This server speaks HTTP/1.1 and HTTP/1.0.";
    case fault::malformed_field:
        return "A header line must be: name, colon, value; without folding, control characters or a space "
               "before the colon.";
    case fault::ambiguous_field:
        return "A header field that may stand once stands twice, or under a second spelling.";
    case fault::head_too_large: return "The header section is larger than this server reads.";
    case fault::too_many_fields: return "The request has more header fields than this server reads.";
    case fault::missing_host: return "An HTTP/1.1 request needs a Host field.";
    case fault::malformed_host: return "The Host field must be a host name or address and an optional port.";
    case fault::malformed_content_length:
        return "Content-Length must be a decimal number without sign or leading zeros.";
    case fault::length_and_encoding: return "Content-Length and Transfer-Encoding exclude each other.";
    case fault::malformed_encoding: return "Transfer-Encoding must be chunked, on HTTP/1.1.";
    case fault::unsupported_encoding: return "The only transfer coding that this server reads is chunked.";
    case fault::unsupported_expectation:
        return "The only expectation that this server knows is 100-continue.";
    case fault::malformed_chunk: return "The chunked body has a malformed chunk size, extension or line end.";
    case fault::chunk_extension_too_long: return "The chunk extensions are longer than this server reads.";
    case fault::trailer_too_large: return "The trailer section is larger than this server reads.";
    case fault::forbidden_trailer: return "A trailer must not carry framing, routing or identity.";
    case fault::body_not_allowed: return "Content has no meaning with this method.";
    }
    return "";
}

} // namespace mira::http
