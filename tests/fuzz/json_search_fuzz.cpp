// The streaming search against the document: where the text is JSON, both find the same.
#include "handlers/signatures/json_raw.hpp"
#include "handlers/signatures/json_search.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <cstdlib>
#include <set>

namespace {

// A name that stands twice means its first to the search and its last to the document.
bool has_twins(std::string_view text) {
    std::set<std::string_view> seen;
    for (std::size_t at = text.find('"'); at != std::string_view::npos; at = text.find('"', at + 1)) {
        const auto end = text.find('"', at + 1);
        if (end == std::string_view::npos) return false;
        if (!seen.insert(text.substr(at, end - at)).second ||
            text.substr(at, end - at).find('\\') != std::string_view::npos)
            return true;
        at = end;
    }
    return false;
}

} // namespace

// The pointer in the first line, the text behind it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mira::signatures;
    const std::string_view all{reinterpret_cast<const char*>(data), size};
    const auto end = all.find('\n');
    if (end == std::string_view::npos) return 0;
    const std::string_view where = all.substr(0, end), text = all.substr(end + 1);
    php_encoded(text);
    raw_member(text, where);
    const auto pointer = json_pointer::parse(where);
    if (!pointer) return 0;
    std::string room;
    const bool found = find_scalar(text, *pointer, room);
    if (room.size() > 512) std::abort();
    boost::system::error_code ec, missing;
    const auto document = boost::json::parse(text, ec);
    if (ec || has_twins(text)) return 0;
    const auto* v = document.find_pointer(where, missing);
    if (v != nullptr && v->is_string() && v->get_string().size() <= 512 &&
        (!found || room != std::string_view{v->get_string()}))
        std::abort();
    if (found && v == nullptr) std::abort();
    return 0;
}
