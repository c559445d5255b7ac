#include "engine/net/proxy_protocol.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace mira::net {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view v1_signature = "PROXY ";
constexpr std::string_view v2_signature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t longest_v1 = 107; // with its CR LF

constexpr proxy_header malformed{proxy_header::malformed, 0, std::nullopt};
constexpr proxy_header need_more{proxy_header::need_more, 0, std::nullopt};

std::optional<std::uint16_t> parse_port(std::string_view s) {
    std::uint16_t port = 0;
    const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), port);
    // No leading zeros: the specification wants the canonical form.
    if (ec != std::errc{} || end != s.data() + s.size() || (s.size() > 1 && s.front() == '0'))
        return std::nullopt;
    return port;
}

std::optional<address> parse_of_family(std::string_view s, bool v6) {
    return (s.find(':') != std::string_view::npos) == v6 ? address::parse(s) : std::nullopt;
}

proxy_header parse_v1(std::string_view input) {
    const auto end = input.substr(0, longest_v1).find("\r\n");
    if (end == std::string_view::npos) return input.size() < longest_v1 ? need_more : malformed;
    std::array<std::string_view, 6> word;
    std::size_t words = 0;
    for (std::string_view rest = input.substr(0, end);;) {
        if (words == word.size()) return malformed;
        const auto space = rest.find(' ');
        word[words++] = rest.substr(0, space);
        if (space == std::string_view::npos) break;
        rest.remove_prefix(space + 1);
        // Behind UNKNOWN anything may stand, and means nothing.
        if (words == 2 && word[1] == "UNKNOWN") return {proxy_header::complete, end + 2, std::nullopt};
    }
    if (words == 2 && word[1] == "UNKNOWN") return {proxy_header::complete, end + 2, std::nullopt};
    if (words != 6 || (word[1] != "TCP4" && word[1] != "TCP6")) return malformed;
    const bool v6 = word[1] == "TCP6";
    const auto source = parse_of_family(word[2], v6);
    const auto destination = parse_of_family(word[3], v6);
    const auto source_port = parse_port(word[4]);
    const auto destination_port = parse_port(word[5]);
    if (!source || !destination || !source_port || !destination_port) return malformed;
    return {proxy_header::complete, end + 2, endpoint{*source, *source_port}};
}

proxy_header parse_v2(std::string_view input) {
    constexpr std::size_t fixed = 16;
    if (input.size() < fixed) return need_more;
    const auto byte = [&](std::size_t i) {
        return static_cast<unsigned>(static_cast<unsigned char>(input[i]));
    };
    const unsigned version = byte(12) >> 4;
    const unsigned command = byte(12) & 15;
    const unsigned family = byte(13) >> 4;
    const unsigned transport = byte(13) & 15;
    const std::size_t length = byte(14) << 8 | byte(15);
    if (version != 2 || command > 1) return malformed;
    if (fixed + length > longest_proxy_header) return malformed;
    // LOCAL (a health check of the balancer): whatever family it names is to be ignored.
    const bool local = command == 0;
    if (!local) {
        // Family and transport are both known or both unspecified.
        if (family > 3 || transport > 2 || (family == 0) != (transport == 0)) return malformed;
        const std::size_t wanted = family == 1 ? 12 : family == 2 ? 36 : family == 3 ? 216 : 0;
        if (length < wanted) return malformed;
    }
    if (input.size() < fixed + length) return need_more;
    proxy_header h{proxy_header::complete, fixed + length, std::nullopt};
    // Datagrams, UNIX sockets and what is not specified: the connection speaks for itself.
    if (local || transport != 1 || (family != 1 && family != 2)) return h;
    endpoint client;
    if (family == 1) {
        client.address.bytes[10] = client.address.bytes[11] = 0xFF;
        std::memcpy(client.address.bytes.data() + 12, input.data() + fixed, 4);
        client.port = static_cast<std::uint16_t>(byte(fixed + 8) << 8 | byte(fixed + 9));
    } else {
        std::memcpy(client.address.bytes.data(), input.data() + fixed, 16);
        client.port = static_cast<std::uint16_t>(byte(fixed + 32) << 8 | byte(fixed + 33));
    }
    h.client = client;
    return h;
}

} // namespace

proxy_header parse_proxy_header(std::string_view input) {
    const auto begins = [&](std::string_view signature) {
        const std::size_t n = std::min(signature.size(), input.size());
        return input.substr(0, n) == signature.substr(0, n);
    };
    if (begins(v2_signature)) return input.size() < v2_signature.size() ? need_more : parse_v2(input);
    if (begins(v1_signature)) return input.size() < v1_signature.size() ? need_more : parse_v1(input);
    return malformed;
}

} // namespace mira::net
