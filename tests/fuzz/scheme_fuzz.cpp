// Schemes from a tenant's configuration: whatever the JSON, there is a scheme or there are errors, and a
// scheme makes a verifier.
#include "handlers/signatures/custom.hpp"
#include "handlers/signatures/verifier.hpp"

#include <boost/json/parse.hpp>

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mira::signatures;
    boost::system::error_code ec;
    const auto v = boost::json::parse({reinterpret_cast<const char*>(data), size}, ec);
    if (ec || !v.is_object()) return 0;
    const auto s = scheme_from_json(v.get_object(), "scheme");
    if (!s) {
        if (s.error().empty()) std::abort();
        return 0;
    }
    const auto made = verifier::make(*s, {}, {});
    if (!made) std::abort();
    const mira::http::fields none;
    signed_request r;
    r.headers = &none;
    if ((*made)->check(r).accepted()) std::abort();
    return 0;
}
