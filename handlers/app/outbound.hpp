#pragma once
// What Mira fetches from others, put together: names, guard, TLS, the client, and the cache of published keys
// that verifiers ask. The client lives on one reactor; keys() is for any thread.
//
// Made before the verifiers that ask it. Stopping takes two calls: stop() on the client's reactor while that
// runs, and join() once no reactor runs any more, which waits for the name look-ups under way. It must
// outlive the reactors.
#include "engine/http/client.hpp"
#include "engine/net/client_tls.hpp"
#include "engine/net/egress_guard.hpp"
#include "engine/net/resolver.hpp"
#include "handlers/keys/key_cache.hpp"
#include "handlers/keys/web_retriever.hpp"
#include "handlers/settings/settings.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mira::app {

class outbound {
  public:
    // Null, with a sentence in why, where there are no root certificates.
    static std::unique_ptr<outbound> make(const settings::outbound_section& s, reactor& home,
                                          std::string& why);

    keys::key_cache& keys() { return cache_; }
    const http::client& client() const { return client_; }
    // On the asker's thread. done is called there, once and after visit() has returned: whether the answer
    // was a success. Until then the visit is inside the asker's gate.
    void visit(std::string url, reactor& asker, std::function<void(bool)> done);

    void stop() { client_.stop(); }
    void join() { names_.reset(); }

  private:
    outbound(const settings::outbound_section& s, reactor& home, std::unique_ptr<net::client_tls> tls,
             std::shared_ptr<const crypto::trust_store> roots);

    net::egress_guard guard_;
    std::unique_ptr<net::client_tls> tls_;
    std::optional<net::resolver> names_;
    http::client client_;
    keys::web_retriever retriever_;
    keys::key_cache cache_;
};

} // namespace mira::app
