// What the texts among the settings must look like. The only file here that knows Boost.URL.
#include "engine/config/network.hpp"
#include "handlers/settings/fields.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>

namespace mira::settings {
namespace {

using verdict = std::optional<std::string>;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_visible(char c) { return c > 0x20 && c < 0x7F; }
// RFC 9110, 5.6.2.
bool is_token(char c) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || marks.find(c) != marks.npos;
}

verdict check_name(std::string_view s) {
    const auto allowed = [](char c) { return is_lower_or_digit(c) || c == '.' || c == '_' || c == '-'; };
    if (!s.empty() && s.size() <= 63 && is_lower_or_digit(s.front()) && std::ranges::all_of(s, allowed))
        return {};
    return "is no name; expected 1 to 63 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit";
}

verdict check_title(std::string_view s) {
    if (s.empty()) return "is empty; leave it out instead";
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
    if (std::ranges::any_of(s, control)) return "holds a control character";
    return {};
}

verdict check_instance(std::string_view s) {
    const auto allowed = [](char c) { return is_token(c) || c == ':'; };
    if (!s.empty() && std::ranges::all_of(s, allowed)) return {};
    return "is no instance name; expected letters, digits and marks without spaces, such as \"mira-1\"";
}

verdict check_address(std::string_view s) {
    if (s == "localhost" || config::parse_address(s)) return {};
    return R"(is no address; expected one such as "127.0.0.1", "0.0.0.0" or "::")";
}

verdict check_header_name(std::string_view s) {
    if (!s.empty() && std::ranges::all_of(s, is_token)) return {};
    return "is no header's name; expected one such as \"X-Client-Id\"";
}

verdict check_media_type(std::string_view s) {
    const std::string_view essence = s.substr(0, s.find(';'));
    const auto slash = essence.find('/');
    const auto part = [](std::string_view p) {
        while (p.ends_with(' ')) p.remove_suffix(1);
        return !p.empty() && std::ranges::all_of(p, is_token);
    };
    const auto harmless = [](char c) { return is_visible(c) || c == ' '; };
    if (slash != essence.npos && part(essence.substr(0, slash)) && part(essence.substr(slash + 1)) &&
        std::ranges::all_of(s, harmless))
        return {};
    return "is no media type; expected one such as \"text/plain; charset=utf-8\"";
}

verdict check_url(std::string_view s) {
    constexpr std::string_view wanted =
        "; expected one such as \"https://hooks.example.com/webhook/acme/github\"";
    const auto wrong = [&](std::string_view what) { return std::string{what} + std::string{wanted}; };
    const auto parsed = boost::urls::parse_uri({s.data(), s.size()});
    if (!parsed) return wrong("is no absolute URL");
    const boost::urls::url_view& url = *parsed;
    if (url.scheme_id() != boost::urls::scheme::http && url.scheme_id() != boost::urls::scheme::https)
        return wrong("is neither http nor https");
    if (url.encoded_host().empty()) return wrong("has no host");
    if (url.has_userinfo()) return wrong("holds a user or password, which does not belong there");
    if (url.has_fragment()) return wrong("holds a fragment (#...), which is never sent");
    if (url.has_port() && (url.port_number() == 0)) return wrong("has an impossible port");
    return {};
}

// One of the prefixes, and something visible behind it.
bool has_prefix(std::string_view s, std::span<const std::string_view> prefixes) {
    return std::ranges::any_of(prefixes,
                               [&](std::string_view p) { return s.starts_with(p) && s.size() > p.size(); }) &&
           std::ranges::all_of(s, is_visible);
}

verdict check_redis_url(std::string_view s) {
    constexpr std::array<std::string_view, 6> schemes{"redis://",          "rediss://",
                                                      "redis+sentinel://", "rediss+sentinel://",
                                                      "redis+cluster://",  "rediss+cluster://"};
    if (has_prefix(s, schemes)) return {};
    return "is not one of Redis; expected redis://HOST:PORT/DB, redis+sentinel://HOST:PORT,.../NAME or "
           "redis+cluster://HOST:PORT,...";
}

verdict check_accounts_url(std::string_view s) {
    constexpr std::array<std::string_view, 2> servers{"postgresql://", "postgres://"};
    const bool file = s.starts_with("sqlite:") && s.size() > 7 && s.find('\0') == s.npos;
    if (file || has_prefix(s, servers)) return {};
    return "is no store of accounts; expected sqlite:PATH or postgresql://USER:PASSWORD@HOST/DATABASE";
}

} // namespace

constinit const config::text_rule name_rule{"name", "[a-z0-9][a-z0-9._-]{0,62}", check_name};
constinit const config::text_rule title_rule{"string", "1 to 200 bytes", check_title, 200};
constinit const config::text_rule instance_rule{"string", "1 to 253 letters, digits and marks",
                                                check_instance, 253};
constinit const config::text_rule address_rule{"address", "an IP address, or localhost", check_address};
constinit const config::text_rule header_name_rule{"header name", "at most 64 characters", check_header_name,
                                                   64};
constinit const config::text_rule media_type_rule{"media type", "at most 128 characters", check_media_type,
                                                  128};
constinit const config::text_rule body_rule{"string", "at most 4096 bytes", nullptr, 4096};
constinit const config::text_rule url_rule{"url", "http or https", check_url, 2048};
constinit const config::text_rule redis_url_rule{"url", "redis://, redis+sentinel:// or redis+cluster://",
                                                 check_redis_url, 8192};
constinit const config::text_rule accounts_url_rule{"url", "sqlite:PATH or postgresql://...",
                                                    check_accounts_url, 8192};

} // namespace mira::settings
