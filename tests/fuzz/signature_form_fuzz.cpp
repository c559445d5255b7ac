// Twilio: the URL and the sorted form.
#include "handlers/signatures/claims.hpp"
#include "tests/fuzz/signature_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mira::signatures;
    mira::fuzz::judge(data, size, [](const scheme& s) { return s.read == read_twilio; });
    return 0;
}
