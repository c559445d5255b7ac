// Any bytes as a configuration: parsed, read, checked. Whatever they are, the answer is settings or problems
// that can be shown on a terminal; and settings render to a configuration that loads to the same rendering.
#include "handlers/settings/load.hpp"
#include "handlers/settings/views.hpp"
#include "tests/support/fake_environment.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>

namespace {

using namespace mira;

struct catalogue final : settings::scheme_catalogue {
    bool knows(std::string_view preset) const override { return preset == "github" || preset == "none"; }
    std::vector<std::string> names() const override { return {"github", "none"}; }
    std::vector<config::problem> check(const config::value& own) const override {
        if (own.find("algorithm")) return {};
        return {{config::severity::error, {}, own.at(), "algorithm", "is missing"}};
    }
};

void require(bool condition) {
    if (!condition) std::abort();
}

void check_texts(const settings::problems& problems) {
    for (const config::problem& p : problems) {
        require(!p.what.empty());
        require(std::ranges::all_of(p.text(), [](char c) { return c >= 0x20 && c < 0x7F; }));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    test::fake_environment e;
    e.variables["SECRET"] = "c4nary";
    e.files["/secret"] = {"c4nary\n", true};
    const catalogue schemes;

    const auto first = settings::load({reinterpret_cast<const char*>(data), size}, "fuzz", e, schemes);
    if (!first) {
        require(!first.error().empty());
        check_texts(first.error());
        return 0;
    }
    check_texts(first->warnings);
    const std::string text = settings::render_resolved(*first);
    require(text.find("c4nary") == std::string::npos ||
            std::string_view{reinterpret_cast<const char*>(data), size}.find("c4nary") !=
                std::string_view::npos);
    if (text.find("***") != std::string::npos) return 0; // masked, so not to be loaded again
    const auto second = settings::load(text, "rendered", e, schemes);
    require(second.has_value());
    require(settings::render_resolved(*second) == text);
    return 0;
}
