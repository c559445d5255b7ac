// Signatures that stand alone in a header, with or without a prefix, and tokens.
#include "tests/fuzz/signature_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mira::signatures;
    mira::fuzz::judge(data, size, [](const scheme& s) {
        return s.read == nullptr && s.algo != algorithm::jwt && s.signature.where == place::header;
    });
    return 0;
}
