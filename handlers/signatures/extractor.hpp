#pragma once
// Reads one small value off a request: the delivery id or the event type, from a header, a JSON pointer into
// the body, a query or a form parameter. Made once at configuration time, immutable, shared by all threads.
#include "handlers/signatures/json_search.hpp"
#include "handlers/signatures/request.hpp"
#include "handlers/signatures/scheme.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mira::signatures {

class extractor {
  public:
    // The longest value that is one; longer ones count as absent, so that no peer fills the memory of seen
    // ids.
    static constexpr std::size_t longest = 512;

    extractor() = default; // finds nothing
    // Nothing where the rule's JSON pointer is none, or a name is empty.
    static std::optional<extractor> make(const field_rule& rule);
    // "X-Some-Header", or a JSON pointer when it begins with '/'.
    static std::optional<extractor> parse(std::string_view text);

    explicit operator bool() const { return where_ != field_place::none; }
    // Whether it looks at the body.
    bool reads_body() const { return where_ == field_place::json || where_ == field_place::form; }
    // The value: of a header a view into the request, else into room. Absent, empty, doubled and too long are
    // all nothing.
    std::optional<std::string_view> find(const signed_request& r, std::string& room) const;

  private:
    field_place where_ = field_place::none;
    std::string name_;
    std::optional<json_pointer> pointer_;
};

} // namespace mira::signatures
