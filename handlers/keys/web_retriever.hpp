#pragma once
// Gets published keys by the outbound client: fetches, reads, and for certificates checks the names and the
// chain up to a trusted root. Where the text has a certificate without its issuer's (Amazon's have), the
// issuer is fetched from where the certificate says, by plain http if need be: what comes is worth nothing
// unless the chain then ends in a root.
//
// start() from any thread; the work is done on the client's reactor. All that it is given must outlive it.
#include "engine/base/clock.hpp"
#include "engine/crypto/certificate.hpp"
#include "engine/http/client.hpp"
#include "handlers/keys/retriever.hpp"

#include <memory>

namespace mira::keys {

class web_retriever final : public retriever {
  public:
    web_retriever(http::client& c, std::shared_ptr<const crypto::trust_store> roots,
                  const clock_source& clock = system_clocks());

    void start(const query& q, std::function<void(retrieved)> done) override;

  private:
    class job;

    http::client& client_;
    std::shared_ptr<const crypto::trust_store> roots_;
    const clock_source& clock_;
};

} // namespace mira::keys
