#include "engine/http/fields.hpp"

#include <cstdint>
#include <cstring>

namespace mira::http {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// Eight characters at once. A byte's top bit tells, after the additions, whether the byte was beyond 'Z' or
// at least 'A'; bytes beyond ASCII are left alone.
std::uint64_t lower_eight(const char* p) {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
    std::uint64_t v = 0;
    std::memcpy(&v, p, sizeof v);
    const std::uint64_t low = v & (ones * 0x7f);
    const std::uint64_t beyond = low + ones * (0x7f - 'Z');
    const std::uint64_t at_least = low + ones * (0x80 - 'A');
    return v | ((~v & (at_least ^ beyond) & (ones * 0x80)) >> 2U);
}

} // namespace

bool same_letters(const char* a, const char* b, std::size_t n) {
    if (n < 8) {
        for (std::size_t i = 0; i < n; ++i)
            if (lower(a[i]) != lower(b[i])) return false;
        return true;
    }
    for (std::size_t i = 0; i + 8 < n; i += 8)
        if (lower_eight(a + i) != lower_eight(b + i)) return false;
    return lower_eight(a + n - 8) == lower_eight(b + n - 8); // may look at some a second time
}

const field* fields::find(std::string_view name) const {
    for (const field& f : all())
        if (equal_ignoring_case(f.name, name)) return &f;
    return nullptr;
}

std::size_t fields::count(std::string_view name) const {
    std::size_t n = 0;
    for (const field& f : all()) n += equal_ignoring_case(f.name, name) ? 1 : 0;
    return n;
}

std::string_view fields::only(std::string_view name) const {
    const field* found = nullptr;
    for (const field& f : all()) {
        if (!equal_ignoring_case(f.name, name)) continue;
        if (found != nullptr) return {};
        found = &f;
    }
    return found != nullptr ? found->value : std::string_view{};
}

} // namespace mira::http
