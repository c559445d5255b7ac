#include "handlers/settings/load.hpp"

#include "engine/config/document.hpp"
#include "engine/config/fields.hpp"
#include "engine/config/reader.hpp"
#include "handlers/settings/checks.hpp"
#include "handlers/settings/resolve.hpp"
#include "handlers/settings/schema.hpp"

#include <utility>

namespace mira::settings {
namespace {

void apply(const overrides& o, settings& s, config::problems& found) {
    if (o.port) s.webhook.port = *o.port;
    if (!o.data_dir) return;
    if (const auto wrong = config::path_rule.check(*o.data_dir))
        found.add({config::severity::error, {}, {}, "--data", "this " + *wrong});
    else
        s.data.dir = *o.data_dir;
}

std::string explain(config::file_fault fault, std::size_t most) {
    switch (fault) {
    case config::file_fault::missing: return "there is no such file";
    case config::file_fault::unreadable: return "cannot be read by this process";
    case config::file_fault::not_a_file: return "is no regular file";
    case config::file_fault::too_large: return "has more than " + std::to_string(most) + " bytes";
    }
    return "cannot be read";
}

} // namespace

loaded load(std::string_view text, std::string_view file, const config::environment& e,
            const scheme_catalogue& schemes, const overrides& o) {
    auto document = config::parse_document(text, file);
    if (!document) return document.error();

    settings s;
    config::reading reading{file, e};
    config::reader{*document, reading}.read(s);
    apply(o, s, reading.found());
    resolve(s, e);

    findings found{reading.found(), std::string{file}, &*document};
    check(s, schemes, found);
    if (reading.found().any_error()) return reading.found().take_errors();
    s.warnings = reading.found().take_warnings();
    return s;
}

loaded load_file(const std::string& path, const config::environment& e, const scheme_catalogue& schemes,
                 const overrides& o) {
    const std::size_t most = config::document_limits{}.bytes;
    const auto file = e.read_file(path, most);
    if (!file) return problems{{config::severity::error, path, {}, {}, explain(file.error(), most)}};
    return load(file->bytes, path, e, schemes, o);
}

} // namespace mira::settings
