#pragma once
// What no setting can be checked for by itself: that they agree with one another. Runs over resolved
// settings, after loading and again over what a reload would put into force.
#include "engine/config/problem.hpp"
#include "engine/config/value.hpp"
#include "handlers/settings/scheme_catalogue.hpp"
#include "handlers/settings/settings.hpp"

#include <string>
#include <string_view>

namespace mira::settings {

// Where checks tell what they found; knows the places where there is a document.
class findings {
  public:
    findings(config::problems& to, std::string file, const config::value* root)
        : to_{to}, file_{std::move(file)}, root_{root} {}

    void error(const std::string& path, std::string what) {
        add(config::severity::error, path, std::move(what));
    }
    void warn(const std::string& path, std::string what) {
        add(config::severity::warning, path, std::move(what));
    }
    // A problem that others found within what stands at path.
    void add_within(const std::string& path, config::problem p);
    // " on line 12", or nothing.
    std::string on_line(const std::string& path) const;
    // Suggestions are not worth their time any more.
    bool full() const { return to_.full(); }

  private:
    void add(config::severity level, const std::string& path, std::string what);

    config::problems& to_;
    std::string file_;
    const config::value* root_;
};

void check(const settings& s, const scheme_catalogue& schemes, findings& f);
// The part of check() that is about sources and their defaults.
void check_sources(const settings& s, const scheme_catalogue& schemes, findings& f);

// Every listener is bound to a loopback address.
bool only_loopback(const settings& s);

} // namespace mira::settings
