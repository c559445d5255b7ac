// The chunked decoder: however the bytes are cut, the result is one; and where Boost.Beast's decoder accepts
// the same bytes, both found the same content and the same end.
#include "engine/http/chunked.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>

namespace {

using namespace mira::http;
namespace beast = boost::beast;

void must(bool holds) {
    if (!holds) std::abort();
}

struct decoded {
    std::string body;
    std::size_t consumed = 0;
    fault why = fault::none;
    bool finished = false;
    bool operator==(const decoded&) const = default;
};

void feed(chunked_decoder& d, std::string_view piece, decoded& out) {
    const auto copy = std::make_unique<char[]>(piece.size());
    piece.copy(copy.get(), piece.size());
    std::string_view rest{copy.get(), piece.size()};
    while (!rest.empty() && out.why == fault::none && !d.finished()) {
        const chunked_decoder::step s = d.next(rest);
        must(s.consumed <= rest.size());
        must(s.consumed > 0 || s.why != fault::none);
        out.body += s.data;
        out.consumed += s.consumed;
        out.why = s.why;
        rest.remove_prefix(s.consumed);
    }
    out.finished = d.finished();
}

decoded in_pieces_of(std::string_view input, std::size_t first, std::size_t each) {
    chunked_decoder d;
    decoded out;
    feed(d, input.substr(0, first), out);
    for (std::size_t at = first; at < input.size(); at += each) feed(d, input.substr(at, each), out);
    return out;
}

void check_against_beast(std::string_view input, const decoded& ours) {
    const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string all = head + std::string{input};
    beast::http::request_parser<beast::http::string_body> p;
    p.body_limit(boost::none);
    p.eager(true);
    beast::error_code ec;
    std::size_t used = 0;
    try {
        while (used < all.size() && !p.is_done() && !ec) {
            const std::size_t n = p.put(boost::asio::buffer(all.data() + used, all.size() - used), ec);
            if (n == 0 && !ec) break;
            used += n;
        }
    } catch (const std::exception&) {
        return; // it throws for a trailer field above 64 KiB
    }
    if (ec || !p.is_done()) return;
    must(p.get().body() == ours.body);
    must(used - head.size() == ours.consumed);
}

} // namespace

// The first two bytes say where to cut.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size < 2 || size > 100'000) return 0;
    const std::string_view input{reinterpret_cast<const char*>(data) + 2, size - 2};
    const decoded whole = in_pieces_of(input, input.size(), 1);
    must(whole.consumed <= input.size() && whole.body.size() <= whole.consumed);
    must(!(whole.finished && whole.why != fault::none));
    if (whole.finished) must(whole.consumed > 0 && input[whole.consumed - 1] == '\n');
    must(in_pieces_of(input, 0, 1) == whole);
    must(in_pieces_of(input, std::min<std::size_t>(data[0], input.size()), data[1] + 1U) == whole);
    if (whole.finished) check_against_beast(input, whole);
    return 0;
}
