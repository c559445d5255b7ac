#pragma once
// What providers ask before or beside their events: challenges to echo, codes to sign, keys to take over.
//
// Unsigned ones are answered before verification (handshakes of the first group in scheme.hpp), signed ones
// only once the request was found genuine. verifier::answer_unsigned and answer_signed are the entrances. An
// echoed challenge is text/plain or a JSON string, at most 1 KiB of visible ASCII, so that nothing is
// reflected that a browser could run.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mira::signatures {

inline constexpr std::size_t longest_challenge = 1024;

struct reply {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8"; // empty: no Content-Type
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    // A key that the provider handed over with this unsigned request (Asana, Clio, Notion). Anyone can send
    // one: store it only where the source is configured to learn its key and has none yet, else answer as for
    // a missing signature.
    std::string learned_secret;
    // A URL that must be fetched to complete the handshake (SNS). Its host was checked against the scheme's
    // list; the fetch goes through the egress guard all the same.
    std::string visit;
};

// 1 to 1,024 bytes of ' ' to '~' without '<' and '>' (Microsoft Graph's has spaces).
bool is_plain_challenge(std::string_view s);
// 1 to 256 of A-Z a-z 0-9 + / = _ . -, for what we sign on request: a challenge that could be an event's body
// would make us sign a forged event for whoever asks, since Twitter and LinkedIn use one key for both.
bool is_signable_challenge(std::string_view s);
// The text as a JSON string, with quotes.
std::string json_string(std::string_view s);

} // namespace mira::signatures
