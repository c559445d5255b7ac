#include "engine/http/fields.hpp"

namespace mira::http {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

} // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
    return true;
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
