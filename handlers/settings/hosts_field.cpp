// Names and the addresses that stand for them: {"keys.example.com": "192.0.2.7:8443"}.
#include "engine/config/wording.hpp"
#include "handlers/settings/fields.hpp"

#include <algorithm>
#include <charconv>

namespace mira::settings {
namespace {

constexpr std::size_t most_hosts = 64;
constexpr std::size_t longest_name = 253; // RFC 1035, in text

bool is_host_name(std::string_view s) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    };
    return !s.empty() && s.size() <= longest_name && std::ranges::all_of(s, allowed) && s.front() != '.' &&
           s.back() != '.' && s.find("..") == s.npos;
}

std::optional<std::uint16_t> port_of(std::string_view s) {
    std::uint16_t port = 0;
    const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), port);
    if (ec != std::errc{} || end != s.data() + s.size() || s.front() == '0') return std::nullopt;
    return port;
}

// "192.0.2.7", "192.0.2.7:8443", "2001:db8::7" or "[2001:db8::7]:8443".
std::optional<host_address> parse(std::string_view s) {
    if (const auto bare = config::parse_address(s)) return host_address{*bare, 0};
    const auto colon = s.rfind(':');
    if (colon == s.npos) return std::nullopt;
    std::string_view host = s.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (bracketed != (host.find(':') != host.npos)) return std::nullopt;
    const auto address = config::parse_address(host);
    const auto port = port_of(s.substr(colon + 1));
    if (!address || !port) return std::nullopt;
    return host_address{*address, *port};
}

std::string format(const host_address& a) {
    const std::string address = config::format_address(a.address);
    if (a.port == 0) return address;
    const bool v6 = address.find(':') != address.npos;
    return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(a.port);
}

} // namespace

std::string hosts_field::bounds() const {
    return "at most " + std::to_string(most_hosts) + R"(, such as {"keys.example.com": "192.0.2.7:8443"})";
}

void hosts_field::read(const config::value& v, config::reading& r) const {
    if (!v.is(config::value::kind::object))
        return r.error(v, R"(expected an object such as {"keys.example.com": "192.0.2.7"}, not )" +
                              std::string{v.type_name()});
    if (v.members().size() > most_hosts)
        return r.error(v, "has " + std::to_string(v.members().size()) + " entries; expected at most " +
                              std::to_string(most_hosts));
    std::map<std::string, host_address> out;
    for (const config::member& m : v.members()) {
        if (!is_host_name(m.name)) {
            r.error(m.at, config::quoted(m.name) +
                              R"( is no host's name in lower case; expected one such as "keys.example.com")");
            continue;
        }
        const config::reading::step step{r, m.name};
        const auto text = m.value.string();
        const auto address = text ? parse(*text) : std::nullopt;
        if (!address) {
            r.error(m.value,
                    (text ? config::quoted(*text) + " is no address" : std::string{"is no string"}) +
                        R"(; expected one such as "192.0.2.7", "192.0.2.7:8443" or "[2001:db8::7]:8443")");
            continue;
        }
        out.insert_or_assign(m.name, *address);
    }
    target() = std::move(out);
}

void hosts_field::write(config::json_writer& w) const {
    w.begin_object();
    for (const auto& [name, address] : target()) {
        w.key(name);
        w.string(format(address));
    }
    w.end_object();
}

} // namespace mira::settings
