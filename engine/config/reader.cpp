#include "engine/config/reader.hpp"

#include "engine/config/wording.hpp"

#include <algorithm>

namespace mira::config {

bool reader::open(const value& v) {
    if (v.is(value::kind::object)) {
        sections_.push_back({&v, path_before_});
        return true;
    }
    reading_.error(v, "expected an object {...}, not " + std::string{v.type_name()});
    reading_.retrace(path_before_);
    return false;
}

const value* reader::take(const property& p) {
    level& section = sections_.back();
    section.known.push_back(p.name);
    const value* v = section.at->find(p.name);
    if (!v && p.required)
        reading_.error(*section.at, quoted(p.name) + " is missing: " + std::string{p.description});
    return v;
}

void reader::visit(const property& p, const field& f) {
    const value* v = take(p);
    if (!v) return;
    const reading::step step{reading_, p.name};
    f.read(*v, reading_);
}

bool reader::enter(const property& p) {
    const value* v = take(p);
    if (!v) return false;
    path_before_ = reading_.enter(p.name);
    return open(*v);
}

presence reader::enter_optional(const property& p, bool) {
    const value* v = take(p);
    if (!v) return presence::untouched;
    if (v->is_null()) return presence::absent;
    path_before_ = reading_.enter(p.name);
    return open(*v) ? presence::present : presence::untouched;
}

std::optional<list_visit> reader::enter_list(const property& p, std::size_t, std::size_t most) {
    const value* v = take(p);
    if (!v) return std::nullopt;
    const std::size_t before = reading_.enter(p.name);
    if (v->is(value::kind::array) && v->items().size() <= most) {
        lists_.push_back({v, before});
        return list_visit{v->items().size(), true};
    }
    if (v->is(value::kind::array))
        reading_.error(*v, "has " + std::to_string(v->items().size()) + " entries; expected at most " +
                               std::to_string(most));
    else
        reading_.error(*v, "expected a list [...], not " + std::string{v->type_name()});
    reading_.retrace(before);
    return std::nullopt;
}

presence reader::enter_optional_list(const property& p, bool) {
    const value* v = sections_.back().at->find(p.name);
    if (v && !v->is_null()) return presence::present; // enter_list() comes next and takes it
    take(p);
    return v ? presence::absent : presence::untouched;
}

bool reader::enter_item(std::size_t index, const std::string&) {
    path_before_ = reading_.enter(index);
    return open(lists_.back().at->items()[index]);
}

void reader::leave() {
    const level section = std::move(sections_.back());
    sections_.pop_back();
    for (const member& m : section.at->members())
        if (std::ranges::find(section.known, m.name) == section.known.end())
            reading_.unknown(m, section.known);
    reading_.retrace(section.path);
}

void reader::leave_list() {
    reading_.retrace(lists_.back().path);
    lists_.pop_back();
}

} // namespace mira::config
