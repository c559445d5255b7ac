// X-Forwarded-For and Forwarded: whatever a client wrote, what a proxy appends is what is read; and appending
// moves everything before it by one.
#include "engine/net/forwarded.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace mira::net;

void must(bool holds) {
    if (!holds) std::abort();
}

template <class Read>
void check(const std::string& written, const std::string& appended, std::size_t hop, Read read) {
    const address proxy_saw = *address::parse("192.0.2.1");
    const std::string all = written + appended;
    must(read(all, 1).client == proxy_saw);
    const forwarded_hop before = read(written, hop);
    const forwarded_hop after = read(all, hop + 1);
    must(after.elements == before.elements + 1);
    must(after.client == before.client);
    must(before.elements >= 1 && before.elements <= written.size() + 1);
    must(!read(written, before.elements + 1).client);
    must(!read(written, 0).client);
    if (before.client) must(address::parse(before.client->text()) == before.client);
}

} // namespace

// The first byte is the hop.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size < 1 || size > 10'000) return 0;
    const std::string written{reinterpret_cast<const char*>(data) + 1, size - 1};
    const std::size_t hop = data[0] % 8U + 1U;
    check(written, ", 192.0.2.1", hop, nth_from_right);
    check(written, ",192.0.2.1:4711", hop, nth_from_right);
    check(written, ", for=192.0.2.1", hop, nth_for_from_right);
    check(written, ", for=\"[::ffff:192.0.2.1]:4711\";host=\"a,b;c\";proto=https", hop, nth_for_from_right);
    return 0;
}
