#include "handlers/webhook/source.hpp"

#include "engine/http/fields.hpp"

namespace mira::webhook {

namespace {

bool holds(const std::vector<std::string>& names, std::string_view field) {
    for (const std::string& n : names)
        if (n.size() == field.size() && http::equal_ignoring_case(n, field)) return true;
    return false;
}

} // namespace

bool source::keeps_field(std::string_view field) const {
    return (keeps_all_fields || holds(kept_fields, field)) && !holds(withheld_fields, field);
}

const source* snapshot::find(std::string_view tenant, std::string_view name) const {
    const auto it = index_.find({tenant, name});
    return it != index_.end() ? it->second : nullptr;
}

void snapshot::build_index() {
    for (const auto& s : sources) index_.emplace(name_pair{s->tenant, s->name}, s.get());
}

} // namespace mira::webhook
