// Signatures in key=value headers.
#include "tests/fuzz/signature_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mira::signatures;
    mira::fuzz::judge(data, size, [](const scheme& s) { return s.signature.where == place::header_pairs; });
    return 0;
}
