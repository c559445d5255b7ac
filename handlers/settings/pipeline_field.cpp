// The steps of a source's pipeline, as far as this version runs them.
#include "engine/config/wording.hpp"
#include "handlers/settings/fields.hpp"

#include <algorithm>
#include <array>

namespace mira::settings {
namespace {

using config::quoted;
using config::reading;
using config::value;

constexpr std::size_t most_steps = 32;

struct handler {
    std::string_view name;
    bool available;
};
constexpr std::array handlers{handler{"log", true},       handler{"n8n.trigger", false},
                              handler{"n8n.sync", false}, handler{"projects.normalize", false},
                              handler{"forward", false},  handler{"stream", false}};

std::vector<std::string_view> handler_names() {
    std::vector<std::string_view> out;
    out.reserve(handlers.size());
    for (const handler& h : handlers) out.push_back(h.name);
    return out;
}

// True where the handler exists and runs.
bool check_handler(const value& v, reading& r) {
    const reading::step step{r, "do"};
    const auto name = v.string();
    if (!name) {
        r.error(v, "expected a handler's name such as \"log\", not " + std::string{v.type_name()});
        return false;
    }
    const auto it = std::ranges::find(handlers, *name, &handler::name);
    if (it == handlers.end())
        r.error(v, "no handler is called " + quoted(*name) + "; " + config::hint(*name, handler_names()));
    else if (!it->available)
        r.error(v, "the handler " + quoted(*name) + " is not available in this version; \"log\" is");
    return it != handlers.end() && it->available;
}

std::optional<step> read_step(const value& v, reading& r) {
    constexpr std::array<std::string_view, 2> names{"do", "when"};
    if (!v.is(value::kind::object)) {
        r.error(v, R"(expected a step such as {"do": "log"}, not )" + std::string{v.type_name()});
        return std::nullopt;
    }
    const value* name = v.find("do");
    if (!name) {
        r.error(v, R"("do" is missing: the handler that this step runs, as in {"do": "log"})");
        return std::nullopt;
    }
    // Of a handler that does not run here, the rest of the step cannot be judged.
    if (!check_handler(*name, r)) return std::nullopt;
    for (const config::member& m : v.members()) {
        if (m.name == "when")
            r.error(m.at,
                    "\"when\" is not available in this version; without it the step runs for every event");
        else if (m.name != "do")
            r.unknown(m, names);
    }
    return step{std::string{*name->string()}};
}

} // namespace

std::string pipeline_field::bounds() const {
    return "at most " + std::to_string(most_steps) + R"(, each {"do": "log"})";
}

void pipeline_field::read(const value& v, reading& r) const {
    if (!v.is(value::kind::array))
        return r.error(v, R"(expected a list of steps such as [{"do": "log"}], not )" +
                              std::string{v.type_name()});
    if (v.items().size() > most_steps)
        return r.error(v, "has " + std::to_string(v.items().size()) + " steps; expected at most " +
                              std::to_string(most_steps));
    std::vector<step> out;
    for (std::size_t i = 0; i < v.items().size(); ++i) {
        const reading::step step{r, i};
        if (auto one = read_step(v.items()[i], r)) out.push_back(std::move(*one));
    }
    target() = std::move(out);
}

void pipeline_field::write(config::json_writer& w) const {
    w.begin_array(true);
    for (const step& s : target()) {
        w.begin_object();
        w.key("do");
        w.string(s.handler);
        w.end_object();
    }
    w.end_array();
}

} // namespace mira::settings
