#pragma once
// Finding one value of a JSON text by its pointer (RFC 6901) without building a document: a streaming parser
// that stops as soon as the value is known. For delivery ids and event types on the hot path; the text must
// be JSON up to the value only.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mira::signatures {

// A pointer, taken apart once. "*" as a token is no wildcard here.
class json_pointer {
  public:
    // Nothing where the text is no pointer: it must begin with '/', and '~' must be followed by 0 or 1; at
    // most 16 tokens.
    static std::optional<json_pointer> parse(std::string_view text);
    const std::vector<std::string>& tokens() const { return tokens_; }

  private:
    std::vector<std::string> tokens_;
};

// The value there, as text in room: a string without its quotes, a number or true/false as written. False
// where it is absent, null, an object or array, longer than at_most bytes, nested deeper than 32, or where
// the text is not JSON before it is reached. Where a name stands twice the first counts.
bool find_scalar(std::string_view text, const json_pointer& where, std::string& room,
                 std::size_t at_most = 512);

} // namespace mira::signatures
