#pragma once
// Loading for tests: a catalogue of a few schemes, and the settings or the texts of what is wrong.
#include "handlers/settings/load.hpp"
#include "tests/support/fake_environment.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace mira::test {

// Knows three presets; wants an own scheme to have a number as "algorithm", and a paypal source to have an
// option.
struct few_schemes final : settings::scheme_catalogue {
    bool knows(std::string_view preset) const override {
        const auto all = names();
        return std::ranges::find(all, preset) != all.end();
    }
    std::vector<std::string> names() const override { return {"github", "none", "paypal", "stripe"}; }
    std::vector<config::problem> check(const config::value& own) const override {
        const config::value* algorithm = own.find("algorithm");
        if (!algorithm) return {{config::severity::error, {}, own.at(), {}, "\"algorithm\" is missing"}};
        if (algorithm->string()) return {};
        return {{config::severity::error, {}, algorithm->at(), "algorithm", "expected a name"}};
    }
    std::vector<config::problem> check_source(const settings::source& s) const override {
        if (s.scheme.preset != "paypal" || s.options.contains("webhook_id")) return {};
        return {{config::severity::error, {}, {}, "options", "\"webhook_id\" is missing"}};
    }
};

struct attempt {
    std::optional<settings::settings> value;
    std::vector<std::string> errors;
    std::vector<std::string> warnings;
};

inline attempt load(std::string_view text, const fake_environment& e = {},
                    const settings::overrides& o = {}) {
    attempt out;
    auto result = settings::load(text, "f", e, few_schemes{}, o);
    if (result) {
        out.value = std::move(*result);
        for (const config::problem& p : out.value->warnings) out.warnings.push_back(p.text());
    } else {
        for (const config::problem& p : result.error()) out.errors.push_back(p.text());
    }
    return out;
}

inline settings::settings good(std::string_view text, const fake_environment& e = {}) {
    attempt a = load(text, e);
    if (!a.value) FAIL(a.errors.front());
    return std::move(*a.value);
}

// The text of the only problem there must be.
inline std::string problem_of(std::string_view text, const fake_environment& e = {}) {
    const attempt a = load(text, e);
    for (std::size_t i = 1; i < a.errors.size(); ++i) FAIL_CHECK(a.errors[i]);
    return a.errors.empty() ? "accepted" : a.errors.front();
}

// One source, as its members' text, in a configuration.
inline std::string with_source(std::string_view members, std::string_view rest = "") {
    return "{" + std::string{rest} + "\"sources\": [{" + std::string{members} + "}]}";
}

inline const settings::source& source_of(const settings::settings& s, std::string_view name) {
    const auto it = std::ranges::find(s.sources, name, &settings::source::name);
    if (it == s.sources.end()) FAIL(std::string{name});
    return *it;
}

inline bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

} // namespace mira::test
