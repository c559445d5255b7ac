#include "handlers/app/outbound.hpp"

#include "engine/base/log.hpp"

#include <utility>

namespace mira::app {
namespace {

std::vector<net::network> networks_of(const std::vector<config::network>& from) {
    std::vector<net::network> out;
    for (const config::network& n : from) out.push_back({{n.address}, n.prefix});
    return out;
}

http::client_settings client_settings_of(const settings::outbound_section& s) {
    http::client_settings c;
    c.timeout = s.timeout;
    for (const auto& [name, a] : s.hosts) c.hosts.emplace(name, net::endpoint{{a.address}, a.port});
    return c;
}

} // namespace

outbound::outbound(const settings::outbound_section& s, reactor& home, std::unique_ptr<net::client_tls> tls,
                   std::shared_ptr<const crypto::trust_store> roots)
    : guard_{networks_of(s.allow)}, tls_{std::move(tls)}, names_{std::in_place},
      client_{home, *names_, guard_, *tls_, client_settings_of(s)},
      retriever_{client_, std::move(roots)}, cache_{retriever_} {}

std::unique_ptr<outbound> outbound::make(const settings::outbound_section& s, reactor& home,
                                         std::string& why) {
    const std::string file = s.ca_file.value_or(net::client_tls::system_roots());
    auto tls = net::client_tls::make(file, why);
    if (!tls) return nullptr;
    auto roots = crypto::trust_store::read(file, why);
    if (!roots) return nullptr;
    return std::unique_ptr<outbound>{new outbound{s, home, std::move(tls), std::move(roots)}};
}

void outbound::visit(std::string url, reactor& asker, std::function<void(bool)> done) {
    auto inside = asker.background().enter();
    if (!inside) {
        asker.post([done = std::move(done)] { done(false); });
        return;
    }
    // The pass goes round with the visit and ends on the asker's thread. Shared only since std::function
    // wants what it holds to be copyable.
    auto pass = std::make_shared<gate::pass>(std::move(*inside));
    client_.home().post(
        [this, url = std::move(url), &asker, done = std::move(done), pass = std::move(pass)]() mutable {
            client_.get(url, [&asker, done, pass = std::move(pass)](const http::client::outcome& o) mutable {
                const bool good = o && o->status >= 200 && o->status < 300;
                if (!good)
                    log::warn("outbound.visit_failed",
                              {{"reason", o ? "status " + std::to_string(o->status) : o.error().message()}});
                asker.post([done, good, pass = std::move(pass)] { done(good); });
            });
        });
}

} // namespace mira::app
