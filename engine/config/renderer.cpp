#include "engine/config/renderer.hpp"

namespace mira::config {

void renderer::visit(const property& p, const field& f) {
    out_.key(p.name);
    f.write(out_);
}

bool renderer::enter(const property& p) {
    out_.key(p.name);
    out_.begin_object();
    return true;
}

presence renderer::enter_optional(const property& p, bool present) {
    out_.key(p.name);
    if (present)
        out_.begin_object();
    else
        out_.raw("null");
    return present ? presence::present : presence::absent;
}

std::optional<list_visit> renderer::enter_list(const property& p, std::size_t size, std::size_t) {
    out_.key(p.name);
    out_.begin_array();
    return list_visit{size, false};
}

presence renderer::enter_optional_list(const property& p, bool present) {
    if (present) return presence::present;
    out_.key(p.name);
    out_.raw("null");
    return presence::absent;
}

bool renderer::enter_item(std::size_t, const std::string&) {
    out_.begin_object();
    return true;
}

void renderer::leave() { out_.end_object(); }

void renderer::leave_list() { out_.end_array(); }

} // namespace mira::config
