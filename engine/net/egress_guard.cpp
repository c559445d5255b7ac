#include "engine/net/egress_guard.hpp"

#include <algorithm>
#include <array>

namespace mira::net {
namespace {

struct row {
    std::string_view cidr;
    std::string_view use;
};
// RFC numbers are those of the registries' rows.
constexpr std::array rows{
    row{"0.0.0.0/8", "this network"},                 // RFC 791
    row{"10.0.0.0/8", "private use"},                 // RFC 1918
    row{"100.64.0.0/10", "shared address space"},     // RFC 6598
    row{"127.0.0.0/8", "loopback"},                   // RFC 1122
    row{"168.63.129.16/32", "a cloud's own service"}, // Azure's platform endpoint
    row{"169.254.0.0/16", "link local"},              // RFC 3927; 169.254.169.254 is the metadata service
    row{"172.16.0.0/12", "private use"},              // RFC 1918
    row{"192.0.0.0/24", "protocol assignments"},      // RFC 6890
    row{"192.0.2.0/24", "documentation"},             // RFC 5737
    row{"192.88.99.0/24", "6to4 relay"},              // RFC 7526
    row{"192.168.0.0/16", "private use"},             // RFC 1918
    row{"198.18.0.0/15", "benchmarking"},             // RFC 2544
    row{"198.51.100.0/24", "documentation"},          // RFC 5737
    row{"203.0.113.0/24", "documentation"},           // RFC 5737
    row{"224.0.0.0/4", "multicast"},                  // RFC 1112
    row{"240.0.0.0/4", "reserved"},                   // RFC 1112, with the limited broadcast address
    row{"::/128", "unspecified"},                     // RFC 4291
    row{"::1/128", "loopback"},                       // RFC 4291
    row{"::/96", "IPv4 inside IPv6"},                 // RFC 4291, the deprecated compatible form
    row{"::ffff:0:0:0/96", "IPv4 inside IPv6"},       // RFC 2765, translated
    row{"64:ff9b::/96", "IPv4 inside IPv6"},          // RFC 6052, NAT64
    row{"64:ff9b:1::/48", "IPv4 inside IPv6"},        // RFC 8215, NAT64 of a network's own
    row{"100::/64", "discard only"},                  // RFC 6666
    row{"2001::/32", "IPv4 inside IPv6"},             // RFC 4380, Teredo
    row{"2001::/23", "protocol assignments"},         // RFC 2928
    row{"2001:db8::/32", "documentation"},            // RFC 3849
    row{"2002::/16", "IPv4 inside IPv6"},             // RFC 3056, 6to4
    row{"3fff::/20", "documentation"},                // RFC 9637
    row{"fc00::/7", "private use"},                   // RFC 4193
    row{"fe80::/10", "link local"},                   // RFC 4291
    row{"fec0::/10", "private use"},                  // RFC 3879
    row{"ff00::/8", "multicast"},                     // RFC 4291
};

struct entry {
    network range;
    std::string_view use;
};

std::vector<entry> parsed_rows() {
    std::vector<entry> all;
    for (const row& r : rows) all.push_back({network::parse(r.cidr).value(), r.use});
    return all;
}

} // namespace

std::string_view special_use(const address& a) {
    static const std::vector<entry> table = parsed_rows();
    // ISATAP (RFC 5214) puts the IPv4 address behind 0000:5efe or 0200:5efe in any network.
    if (!a.is_v4() && (a.bytes[8] & 0xFDU) == 0 && a.bytes[9] == 0 && a.bytes[10] == 0x5E &&
        a.bytes[11] == 0xFE)
        return "IPv4 inside IPv6";
    for (const entry& e : table)
        if (e.range.contains(a)) return e.use;
    // Of IPv6 only 2000::/3 has been handed out as public (RFC 4291 section 2.4).
    if (!a.is_v4() && (a.bytes[0] & 0xE0U) != 0x20) return "reserved";
    return {};
}

bool egress_guard::allows(const address& a) const {
    if (std::ranges::any_of(allowed_, [&](const network& n) { return n.contains(a); })) return true;
    return special_use(a).empty();
}

} // namespace mira::net
