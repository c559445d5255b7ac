#include "handlers/signatures/registry.hpp"

#include "handlers/signatures/presets/presets.hpp"

#include <algorithm>

namespace mira::signatures {
namespace {

std::vector<const scheme*> collect() {
    std::vector<const scheme*> all;
    for (const auto family :
         {presets::generic(), presets::platforms(), presets::body_hmac(), presets::templated(),
          presets::fields(), presets::asymmetric(), presets::tokens()})
        for (const scheme& s : family) all.push_back(&s);
    std::sort(all.begin(), all.end(), [](const scheme* a, const scheme* b) { return a->name < b->name; });
    return all;
}

std::vector<std::string_view> collect_names() {
    std::vector<std::string_view> all;
    for (const scheme* s : all_schemes()) all.push_back(s->name);
    for (const auto& a : presets::aliases()) all.push_back(a.name);
    std::sort(all.begin(), all.end());
    return all;
}

const scheme* find_row(std::string_view name) {
    const auto& all = all_schemes();
    const auto it = std::lower_bound(all.begin(), all.end(), name,
                                     [](const scheme* s, std::string_view n) { return s->name < n; });
    return it != all.end() && (*it)->name == name ? *it : nullptr;
}

} // namespace

const std::vector<const scheme*>& all_schemes() {
    static const auto all = collect();
    return all;
}

const std::vector<std::string_view>& scheme_names() {
    static const auto all = collect_names();
    return all;
}

const scheme* find_scheme(std::string_view name) {
    if (const scheme* s = find_row(name)) return s;
    for (const auto& a : presets::aliases())
        if (a.name == name) return find_row(a.of);
    return nullptr;
}

std::shared_ptr<const scheme> shared_scheme(std::string_view name) {
    const scheme* s = find_scheme(name);
    return s == nullptr ? nullptr : std::shared_ptr<const scheme>{std::shared_ptr<const scheme>{}, s};
}

} // namespace mira::signatures
