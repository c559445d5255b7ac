#pragma once
// Which addresses an outbound connection may be made to: those of the public Internet, and what the
// configuration allows beside them. Asked about the very address that is connected to, after the name was
// resolved, so that no name can lead to a place that only this machine can reach (metadata services, the
// neighbours in a private network).
//
// Refused is whatever the IANA special-purpose address registries (RFC 6890; version of 2024) list as not
// globally reachable, everything that carries an IPv4 address inside an IPv6 one (NAT64, 6to4, Teredo, the
// compatible and translated forms: some gateway would unwrap it), multicast and reserved space, and
// the public address at which Azure's machines find their platform. An IPv4-mapped address is the IPv4
// address.
//
// Immutable; any thread.
#include "engine/net/address.hpp"

#include <string_view>
#include <vector>

namespace mira::net {

// What an address is set aside for ("loopback", "private use"); empty for a public one.
std::string_view special_use(const address& a);

class egress_guard {
  public:
    egress_guard() = default;
    // allowed: networks that may be connected to although they are not public.
    explicit egress_guard(std::vector<network> allowed) : allowed_{std::move(allowed)} {}

    bool allows(const address& a) const;

  private:
    std::vector<network> allowed_;
};

} // namespace mira::net
