#pragma once
// From a configuration's text to settings that are whole and checked, or to everything that is wrong with it.
// Nothing is half loaded: a reload that fails leaves the running settings as they are. Reads files and the
// environment, so it is for the control thread, at start and at reload.
#include "engine/config/environment.hpp"
#include "engine/config/problem.hpp"
#include "handlers/settings/scheme_catalogue.hpp"
#include "handlers/settings/settings.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mira::settings {

// What the command line says; it has the last word.
struct overrides {
    std::optional<std::uint16_t> port;   // webhook.port
    std::optional<std::string> data_dir; // data.dir
};

// In the order of their places; never empty where there is no value.
using problems = std::vector<config::problem>;
using loaded = boost::system::result<settings, problems>;

// file: what problems call the document.
loaded load(std::string_view text, std::string_view file, const config::environment& e,
            const scheme_catalogue& schemes, const overrides& o = {});
loaded load_file(const std::string& path, const config::environment& e, const scheme_catalogue& schemes,
                 const overrides& o = {});

} // namespace mira::settings
