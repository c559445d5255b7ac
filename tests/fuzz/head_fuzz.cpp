// The head parser against itself, fed byte by byte, and against Boost.Beast's: whatever we accept Beast
// accepts, with the same method, target, fields and framing. (The reverse is not so: Beast accepts what RFC
// 9112 forbids.)
#include "engine/http/head.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <memory>
#include <string>

namespace {

using namespace mira::http;
namespace beast = boost::beast;

void must(bool holds) {
    if (!holds) std::abort();
}

head_result parse(std::string_view bytes, const head_limits& limits, request_head& out) {
    // Of exactly this size, so that the sanitizer sees a read behind the end.
    static std::unique_ptr<char[]> copy;
    copy = std::make_unique<char[]>(bytes.size());
    bytes.copy(copy.get(), bytes.size());
    return parse_head({copy.get(), bytes.size()}, limits, out);
}

bool inside(std::string_view part, std::string_view all) {
    return part.empty() ||
           (part.data() >= all.data() && part.data() + part.size() <= all.data() + all.size());
}

// Once refused, always refused; complete at one length and from there on.
void check_prefixes(std::string_view input, const head_limits& limits) {
    static request_head whole, part;
    const head_result r = parse(input, limits, whole);
    const std::size_t complete_at = whole.size;
    const std::size_t step = input.size() > 600 ? input.size() / 300 : 1;
    bool refused = false;
    for (std::size_t n = 0; n <= input.size(); n += step) {
        const head_result p = parse(input.substr(0, n), limits, part);
        must(!refused || p.outcome == head_result::refused);
        refused = p.outcome == head_result::refused;
        if (r.outcome == head_result::complete)
            must(p.outcome == (n < complete_at ? head_result::need_more : head_result::complete));
        else
            must(p.outcome != head_result::complete);
        if (p.outcome == head_result::complete) must(part.size == complete_at);
    }
}

void check_against_beast(std::string_view input, const request_head& h) {
    beast::http::request_parser<beast::http::empty_body> p;
    p.header_limit(std::numeric_limits<std::uint32_t>::max());
    p.body_limit(boost::none);
    std::string_view bytes = input.substr(0, h.size);
    if (bytes.starts_with("\r\n")) bytes.remove_prefix(2); // Beast leaves RFC 9112 section 2.2 to its caller
    beast::error_code ec;
    p.put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
    if (h.minor_version > 1) return; // Beast knows 1.0 and 1.1 only
    // It wants these to be sound lists, which say nothing of framing.
    if (ec == beast::http::error::bad_value &&
        h.headers.count("Connection") + h.headers.count("Proxy-Connection") + h.headers.count("Upgrade") > 0)
        return;
    must(!ec || ec == beast::http::error::need_more);
    must(p.is_header_done());
    const auto& m = p.get();
    must(m.method_string() == h.method_text);
    must(m.target() == h.target);
    must(m.version() == 10 + static_cast<unsigned>(h.minor_version));
    must(p.chunked() == h.chunked);
    const auto length = p.content_length();
    must(h.chunked ? !length : length.value_or(0) == h.content_length);
    must(p.keep_alive() == h.keep_alive);
    // Beast keeps fields of one name together: the same ones of each name, in the same order.
    must(static_cast<std::size_t>(std::distance(m.begin(), m.end())) == h.headers.size());
    for (const field& f : h.headers.all()) {
        auto [theirs, end] = m.equal_range({f.name.data(), f.name.size()});
        for (const field& ours : h.headers.all()) {
            if (!equal_ignoring_case(ours.name, f.name)) continue;
            must(theirs != end);
            must(ours.value == std::string_view{theirs->value().data(), theirs->value().size()});
            ++theirs;
        }
        must(theirs == end);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size > 20'000) return 0;
    const std::string input{reinterpret_cast<const char*>(data), size};
    static request_head h;
    const head_limits limits;
    const head_result r = parse_head(input, limits, h);
    must((r.outcome == head_result::refused) == (r.why != fault::none));
    if (r.outcome == head_result::refused) must(status_of(r.why) >= 400 && !sentence_of(r.why).empty());
    if (r.outcome == head_result::complete) {
        must(h.size <= input.size() && h.size <= limits.head_bytes);
        must(h.headers.size() <= limits.fields && h.target.size() <= limits.target_bytes);
        must(inside(h.method_text, input) && inside(h.target, input) && inside(h.query, input));
        must(is_token(h.method_text) && !h.target.empty());
        must(!(h.chunked && h.content_length != 0));
        for (const field& f : h.headers.all()) {
            must(inside(f.name, input) && inside(f.value, input));
            must(is_token(f.name) && is_field_value(f.value));
        }
        check_against_beast(input, h);
    }
    check_prefixes(input, limits);
    check_prefixes(input, {.head_bytes = 64, .target_bytes = 12, .fields = 2});
    return 0;
}
