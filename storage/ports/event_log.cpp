#include "storage/ports/event_log.hpp"

#include <boost/system/error_category.hpp>

namespace mira::storage {
namespace {

class log_category final : public boost::system::error_category {
  public:
    const char* name() const noexcept override { return "event log"; }
    std::string message(int v) const override {
        switch (static_cast<log_errc>(v)) {
        case log_errc::overloaded: return "more events wait to be written than may";
        case log_errc::no_space: return "the disk is full";
        case log_errc::failed: return "the disk failed";
        case log_errc::too_large: return "the event does not fit into a journal segment";
        case log_errc::stopping: return "the journal is closing";
        }
        return "unknown";
    }
};

} // namespace

error_code make_error_code(log_errc e) {
    static const log_category category;
    return {static_cast<int>(e), category};
}

std::string_view to_string(durability d) {
    switch (d) {
    case durability::memory: return "memory";
    case durability::written: return "written";
    case durability::fsync: break;
    }
    return "fsync";
}

std::optional<durability> parse_durability(std::string_view s) {
    for (const durability d : {durability::memory, durability::written, durability::fsync})
        if (s == to_string(d)) return d;
    return std::nullopt;
}

} // namespace mira::storage
