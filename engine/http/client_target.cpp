#include "engine/http/client_target.hpp"

#include "engine/net/address.hpp"

#include <algorithm>
#include <charconv>

namespace mira::http {
namespace {

constexpr std::size_t longest_url = 2048;
constexpr std::size_t longest_host = 253; // RFC 1035, in text

bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

bool is_host_name(std::string_view s) {
    return !s.empty() && s.size() <= longest_host && std::ranges::all_of(s, is_host_character) &&
           s.front() != '.' && s.front() != '-' && s.back() != '.' && s.find("..") == std::string_view::npos;
}

// Cuts the host off the front of the authority; what is left is empty or begins with ':'.
bool take_host(std::string_view& authority, std::string& host) {
    if (authority.starts_with('[')) {
        const auto close = authority.find(']');
        if (close == std::string_view::npos) return false;
        host = authority.substr(1, close - 1);
        authority.remove_prefix(close + 1);
        return host.find(':') != std::string::npos && net::address::parse(host).has_value();
    }
    const auto colon = std::min(authority.find(':'), authority.size());
    host = authority.substr(0, colon);
    authority.remove_prefix(colon);
    return is_host_name(host);
}

bool take_port(std::string_view text, std::uint16_t& port) {
    if (text.empty()) return true;
    if (text.front() != ':') return false;
    text.remove_prefix(1);
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
    return ec == std::errc{} && end == text.data() + text.size() && text.front() != '0';
}

} // namespace

std::optional<client_target> parse_client_target(std::string_view url) {
    if (url.size() > longest_url) return std::nullopt;
    client_target t;
    t.secure = url.starts_with("https://");
    if (!t.secure && !url.starts_with("http://")) return std::nullopt;
    url.remove_prefix(t.secure ? 8 : 7);
    const auto visible = [](char c) { return c > ' ' && c <= '~' && c != '\\' && c != '#'; };
    if (!std::ranges::all_of(url, visible)) return std::nullopt;
    const auto slash = std::min(url.find_first_of("/?"), url.size());
    std::string authority{url.substr(0, slash)};
    std::ranges::transform(authority, authority.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    std::string_view rest = authority;
    const std::uint16_t usual = t.secure ? 443 : 80;
    t.port = usual;
    if (!take_host(rest, t.host) || !take_port(rest, t.port)) return std::nullopt;
    t.authority = authority.substr(0, authority.size() - rest.size());
    if (t.port != usual) t.authority += ":" + std::to_string(t.port);
    t.target = url.substr(slash);
    if (!t.target.starts_with('/')) t.target.insert(t.target.begin(), '/');
    return t;
}

} // namespace mira::http
