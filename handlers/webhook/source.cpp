#include "handlers/webhook/source.hpp"

#include "engine/http/fields.hpp"

namespace mira::webhook {

bool source::keeps_field(std::string_view field) const {
    for (const std::string& k : kept_fields)
        if (k.size() == field.size() && http::equal_ignoring_case(k, field)) return true;
    return false;
}

const source* snapshot::find(std::string_view tenant, std::string_view name) const {
    const auto it = index_.find({tenant, name});
    return it != index_.end() ? it->second : nullptr;
}

void snapshot::build_index() {
    for (const auto& s : sources) index_.emplace(name_pair{s->tenant, s->name}, s.get());
}

} // namespace mira::webhook
