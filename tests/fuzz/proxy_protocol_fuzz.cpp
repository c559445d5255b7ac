// The PROXY protocol: a header that is complete was incomplete at every shorter length, ends where it says
// and does not depend on what follows; once malformed, always malformed.
#include "engine/net/proxy_protocol.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace {

using mira::net::parse_proxy_header;
using mira::net::proxy_header;

void must(bool holds) {
    if (!holds) std::abort();
}

proxy_header parse(std::string_view bytes) {
    const auto copy = std::make_unique<char[]>(bytes.size());
    bytes.copy(copy.get(), bytes.size());
    return parse_proxy_header({copy.get(), bytes.size()});
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size > 2 * mira::net::longest_proxy_header) return 0;
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    const proxy_header whole = parse(input);
    if (whole.outcome == proxy_header::complete) {
        must(whole.size >= 15 && whole.size <= size && whole.size <= mira::net::longest_proxy_header);
        const proxy_header alone = parse(input.substr(0, whole.size));
        must(alone.outcome == proxy_header::complete && alone.size == whole.size);
        must(alone.client.has_value() == whole.client.has_value());
        if (alone.client)
            must(alone.client->address == whole.client->address && alone.client->port == whole.client->port);
    } else {
        must(!whole.client);
        must(whole.outcome == proxy_header::malformed || size < mira::net::longest_proxy_header);
    }
    const std::size_t step = size > 600 ? size / 300 : 1;
    bool malformed = false;
    for (std::size_t n = 0; n < size; n += step) {
        const proxy_header p = parse(input.substr(0, n));
        must(!malformed || p.outcome == proxy_header::malformed);
        malformed = p.outcome == proxy_header::malformed;
        must((p.outcome == proxy_header::complete) ==
             (whole.outcome == proxy_header::complete && n >= whole.size));
    }
    must(!malformed || whole.outcome == proxy_header::malformed);
    return 0;
}
