#include "engine/config/reference.hpp"

namespace mira::config {

void reference::down(std::string_view name) {
    sizes_.push_back(path_.size());
    if (!path_.empty() && name != "[]") path_ += '.';
    path_ += name;
}

void reference::add(const property& p, std::string type, std::string bounds, std::string fallback,
                    bool is_secret) {
    if (p.required) fallback = "required";
    if (!p.unset.empty() && (fallback == "null" || fallback == "\"\"")) fallback = p.unset;
    rows_.push_back({path_.empty() ? std::string{p.name} : path_ + "." + std::string{p.name}, std::move(type),
                     std::move(bounds), std::move(fallback), p.when, is_secret, std::string{p.description}});
}

void reference::visit(const property& p, const field& f) {
    json_writer fallback{json_writer::layout::compact};
    f.write(fallback);
    add(p, f.type(), f.bounds(), fallback.text(), f.is_secret());
}

bool reference::enter(const property& p) {
    down(p.name);
    return true;
}

presence reference::enter_optional(const property& p, bool present) {
    add(p, "section", "", present ? "as below" : "null", false);
    down(p.name);
    return presence::present;
}

std::optional<list_visit> reference::enter_list(const property& p, std::size_t size, std::size_t most) {
    const bool unset = std::exchange(unset_list_, false);
    add(p, "list", "at most " + std::to_string(most), unset ? "null" : size == 0 ? "[]" : "as below", false);
    down(p.name);
    return list_visit{1, false};
}

presence reference::enter_optional_list(const property&, bool present) {
    unset_list_ = !present;
    return presence::present;
}

bool reference::enter_item(std::size_t, const std::string&) {
    down("[]");
    return true;
}

void reference::leave() {
    path_.resize(sizes_.back());
    sizes_.pop_back();
}

void reference::leave_list() { leave(); }

std::string as_text(std::span<const setting_description> rows) {
    std::string out;
    for (const setting_description& row : rows) {
        out += row.name + "\n    " + row.type;
        if (!row.bounds.empty()) out += " (" + row.bounds + ")";
        out += row.fallback == "required" ? ", required" : ", default " + row.fallback;
        out += row.when == applies::at_once ? ", reloads" : ", needs a restart";
        out += "\n    " + row.description + "\n";
    }
    return out;
}

} // namespace mira::config
