#pragma once
// Outbound GET requests over HTTPS, for what a provider publishes: its keys, a link to be visited. Small on
// purpose: one connection a request, no redirects, no cookies, no compression.
//
// The name is resolved off the reactor; every address that it has must pass the egress guard, and the
// connection is made to the very address that passed, with the name kept for SNI and for the certificate's
// check. Bounded in everything: requests at once, time (one deadline from the name to the last byte), bytes
// of the answer's head and body, ports (443 and 8443; 80 for plain).
//
// All members on the home reactor's thread; figures may be read by any. Each request is inside the reactor's
// gate. stop() ends what is under way, before the reactor stops.
#include "engine/base/clock.hpp"
#include "engine/base/result.hpp"
#include "engine/http/client_target.hpp"
#include "engine/net/client_tls.hpp"
#include "engine/net/egress_guard.hpp"
#include "engine/net/resolver.hpp"
#include "engine/reactor/reactor.hpp"
#include "engine/telemetry/counter.hpp"
#include "engine/telemetry/gauge.hpp"

#include <boost/system/is_error_code_enum.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>

namespace mira::http {

enum class client_errc {
    bad_url = 1,
    plain_refused,   // http where https is wanted
    port_refused,    // not one of those that are let through
    address_refused, // the egress guard
    too_many,        // at once
    timed_out,
    stopped,
    malformed_answer, // not HTTP/1.1, or an interim answer, or an encoding that was not asked for
    answer_too_large,
};
const boost::system::error_category& client_category();
error_code make_error_code(client_errc e);

struct client_settings {
    milliseconds timeout = seconds{5};
    std::size_t most_bytes = 256 * 1024; // of an answer's body
    std::size_t most_at_once = 16;
    // Names that are not looked up: the address, and the port where it is not 0. The guard is asked all the
    // same.
    std::map<std::string, net::endpoint> hosts;
};

struct client_answer {
    int status = 0;
    std::string body;
};

struct client_probe {
    telemetry::counter requests;
    telemetry::counter answers; // whatever their status
    telemetry::counter failures;
    telemetry::counter guarded; // of the failures: addresses refused
    telemetry::gauge under_way;
};

class client {
  public:
    using outcome = result<client_answer>;
    using done = std::function<void(outcome)>;

    // All must outlive it.
    client(reactor& home, net::resolver& names, const net::egress_guard& guard, net::client_tls& tls,
           client_settings s);
    ~client();
    client(const client&) = delete;
    client& operator=(const client&) = delete;

    // Calls back once, never before get() has returned. plain: http:// is let through as well.
    void get(std::string_view url, done d, bool plain = false);
    // Ends what is under way with client_errc::stopped, and refuses what comes after.
    void stop();

    reactor& home() { return home_; }
    const client_probe& probe() const { return probe_; }

  private:
    class attempt;
    friend class attempt;

    reactor& home_;
    net::resolver& names_;
    const net::egress_guard& guard_;
    net::client_tls& tls_;
    const client_settings settings_;
    std::unordered_set<attempt*> under_way_;
    client_probe probe_;
    bool stopped_ = false;
};

} // namespace mira::http

template <>
struct boost::system::is_error_code_enum<mira::http::client_errc> : std::true_type {};
