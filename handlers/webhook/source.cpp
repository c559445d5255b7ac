#include "handlers/webhook/source.hpp"

#include "engine/http/fields.hpp"

#include <algorithm>
#include <utility>

namespace mira::webhook {

namespace {

std::uint64_t length_bit(std::size_t length) { return std::uint64_t{1} << (length % 64); }

} // namespace

field_names::field_names(std::vector<std::string> names) : names_{std::move(names)} {
    for (const std::string& n : names_) lengths_ |= length_bit(n.size());
}

bool field_names::has(std::string_view name) const {
    if ((lengths_ & length_bit(name.size())) == 0) return false;
    return std::ranges::any_of(names_,
                               [&](const std::string& n) { return http::equal_ignoring_case(n, name); });
}

bool source::keeps_field(std::string_view field) const {
    return (keeps_all_fields || kept_fields.has(field)) && !withheld_fields.has(field);
}

const source* snapshot::find(std::string_view tenant, std::string_view name) const {
    const auto it = index_.find({tenant, name});
    return it != index_.end() ? it->second : nullptr;
}

void snapshot::build_index() {
    for (const auto& s : sources) index_.emplace(name_pair{s->tenant, s->name}, s.get());
}

} // namespace mira::webhook
