#pragma once
// Taking signature headers apart: lists and key=value pairs. Views only, no allocation, no state; every
// function may be fed with anything a peer can send.
#include <optional>
#include <string_view>

namespace mira::signatures {

// Entries of a value between separators, with spaces and tabs around each taken off; empty entries are
// skipped.
class entries {
  public:
    entries(std::string_view value, char separator, char also = '\0')
        : rest_{value}, separator_{separator}, also_{also} {}
    // False at the end.
    bool next(std::string_view& entry);

  private:
    std::string_view rest_;
    char separator_;
    char also_; // a second separator, or '\0'
};

struct pair_view {
    std::string_view key;
    std::string_view value; // everything behind the first '=': base64 ends in '=' too
};
// Nothing where there is no '=' or no key.
std::optional<pair_view> split_pair(std::string_view entry);

enum class pair_lookup : unsigned char { absent, one, conflict };
// The value of a key that stands once, or, with repeats allowed, several times with the same value.
pair_lookup find_pair(std::string_view value, char separator, bool sets, std::string_view key,
                      std::string_view& out);

// The value behind the prefix; nothing where it does not begin so. Case matters, except where ignoring_case
// (a scheme name of Authorization, RFC 9110 section 11.1).
std::optional<std::string_view> behind_prefix(std::string_view value, std::string_view prefix,
                                              bool ignoring_case = false);

} // namespace mira::signatures
