// Challenges of every provider, signed and unsigned.
#include "tests/fuzz/signature_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    mira::fuzz::answer(data, size);
    return 0;
}
