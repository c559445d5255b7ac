#include "engine/config/changes.hpp"

#include <algorithm>

namespace mira::config {

std::string to_text(const change& c) {
    switch (c.what) {
    case change::kind::changed: return c.path + " changed";
    case change::kind::added: return c.path + " added";
    case change::kind::removed: return c.path + " removed";
    }
    return c.path;
}

std::string path_visitor::path_of(const property& p) const {
    return path_.empty() ? std::string{p.name} : path_ + "." + std::string{p.name};
}

void path_visitor::down(std::string path) { above_.push_back(std::exchange(path_, std::move(path))); }

bool path_visitor::enter(const property& p) {
    down(path_of(p));
    return true;
}

presence path_visitor::enter_optional_list(const property&, bool present) {
    return present ? presence::present : presence::absent;
}

std::optional<list_visit> path_visitor::enter_list(const property& p, std::size_t size, std::size_t) {
    down(path_of(p));
    lists_.push_back(p.when);
    return list_visit{size, false};
}

void path_visitor::leave() {
    path_ = std::move(above_.back());
    above_.pop_back();
}

void path_visitor::leave_list() {
    lists_.pop_back();
    path_visitor::leave();
}

void rememberer::visit(const property& p, const field& f) {
    all_.values.insert_or_assign(path_of(p), remembered::entry{f.get(), p.when});
}

presence rememberer::enter_optional(const property& p, bool present) {
    if (!present) return presence::absent;
    down(path_of(p));
    all_.sections.insert_or_assign(path(), p.when);
    return presence::present;
}

bool rememberer::enter_item(std::size_t, const std::string& label) {
    down(path() + "[" + label + "]");
    all_.sections.insert_or_assign(path(), list_applies());
    return true;
}

void comparison::visit(const property& p, const field& f) {
    const std::string here = path_of(p);
    seen_.insert(here);
    const auto it = before_.values.find(here);
    if (it == before_.values.end()) {
        changes_.push_back({here, change::kind::added, p.when});
    } else if (!restoring_.empty()) {
        f.set(it->second.value);
    } else if (!f.same(it->second.value)) {
        changes_.push_back({here, change::kind::changed, p.when});
        if (keeps(p.when)) f.set(it->second.value);
    }
}

presence comparison::enter_optional(const property& p, bool present) {
    const std::string here = path_of(p);
    const bool was = before_.sections.contains(here);
    if (!present && !was) return presence::absent;
    if (present && was) {
        seen_.insert(here);
        down(here);
        return presence::present;
    }
    seen_.insert(here);
    changes_.push_back({here, present ? change::kind::added : change::kind::removed, p.when});
    if (!keeps(p.when)) return presence::untouched;
    if (!was) return presence::absent;
    down(here);
    restoring_ = here;
    return presence::present;
}

bool comparison::enter_item(std::size_t, const std::string& label) {
    const std::string here = path() + "[" + label + "]";
    seen_.insert(here);
    if (!before_.sections.contains(here)) {
        changes_.push_back({here, change::kind::added, list_applies()});
        return false;
    }
    down(here);
    return true;
}

void comparison::leave() {
    if (path() == restoring_) restoring_.clear();
    path_visitor::leave();
}

std::vector<change> comparison::finish() {
    // Gone: what was remembered and not met, told once for a whole section or item.
    std::set<std::string> gone;
    const auto inside_gone = [&](const std::string& path) {
        for (std::size_t at = path.find_first_of(".["); at != path.npos;
             at = path.find_first_of(".[", at + 1))
            if (gone.contains(path.substr(0, at))) return true;
        return false;
    };
    for (const change& c : changes_)
        if (c.what == change::kind::removed) gone.insert(c.path);
    for (const auto& [path, when] : before_.sections) {
        if (seen_.contains(path) || inside_gone(path)) continue;
        gone.insert(path);
        changes_.push_back({path, change::kind::removed, when});
    }
    for (const auto& [path, entry] : before_.values)
        if (!seen_.contains(path) && !inside_gone(path))
            changes_.push_back({path, change::kind::removed, entry.when});
    std::ranges::sort(changes_, {}, &change::path);
    return std::move(changes_);
}

} // namespace mira::config
