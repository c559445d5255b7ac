#pragma once
// Which hosts a peer may name when its request says where the key is. The peer is not trusted yet when we
// ask, so the rule is strict: https, port 443, no user information, a host of the scheme's list. Pure
// functions.
#include <string_view>

namespace mira::signatures {

// patterns: host names separated by spaces. A leading "*." stands for one or more labels; "<region>" for one
// label in the form of an AWS region ("us-east-1", "us-gov-west-1"). Compared without regard to case; a
// trailing dot is not a host of ours.
bool host_allowed(std::string_view host, std::string_view patterns);

// Whether the URL is https://host[:443]/path with an allowed host and a path of visible ASCII that ends in
// suffix, and has neither user information, fragment nor backslash. At most 1,024 bytes.
bool url_allowed(std::string_view url, std::string_view patterns, std::string_view path_suffix = {});

// A key id that may be put into a URL's path: 1 to 128 of A-Z a-z 0-9 . _ - and not only dots.
bool is_safe_key_id(std::string_view id);

} // namespace mira::signatures
