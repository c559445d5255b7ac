#pragma once
// HubSpot's "Validating requests", version 3: of the URL exactly these percent-codes are decoded before it is
// signed.
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace mira::signatures {

inline std::string hubspot_decoded(std::string_view url) {
    constexpr std::array<std::pair<std::string_view, char>, 12> codes{{{"%3A", ':'},
                                                                       {"%2F", '/'},
                                                                       {"%3F", '?'},
                                                                       {"%40", '@'},
                                                                       {"%21", '!'},
                                                                       {"%24", '$'},
                                                                       {"%27", '\''},
                                                                       {"%28", '('},
                                                                       {"%29", ')'},
                                                                       {"%2A", '*'},
                                                                       {"%2C", ','},
                                                                       {"%3B", ';'}}};
    std::string out;
    for (std::size_t i = 0; i < url.size(); ++i) {
        char c = url[i];
        if (c == '%' && url.size() - i >= 3) {
            for (const auto& [code, plain] : codes) {
                const bool same =
                    url[i + 1] == code[1] &&
                    (url[i + 2] == code[2] || (code[2] >= 'A' && url[i + 2] == (code[2] | 0x20)));
                if (!same) continue;
                c = plain;
                i += 2;
                break;
            }
        }
        out += c;
    }
    return out;
}

} // namespace mira::signatures
