// Signatures and tokens in the body or the query.
#include "handlers/signatures/claims.hpp"
#include "tests/fuzz/signature_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mira::signatures;
    mira::fuzz::judge(data, size, [](const scheme& s) {
        return (s.read != nullptr && s.read != read_twilio) || s.signature.where == place::json ||
               s.signature.where == place::json_each || s.signature.where == place::xml ||
               s.signature.where == place::query;
    });
    return 0;
}
