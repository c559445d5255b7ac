#include "handlers/keys/web_retriever.hpp"

#include "engine/base/log.hpp"
#include "handlers/signatures/host_rule.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace mira::keys {
namespace {

using form = signatures::key_request::form;
using state = retrieved::state;

constexpr std::size_t most_issuers = 3; // fetched for one certificate

// What a status other than 200 tells: that there is no such key, or nothing of the key at all. A redirect is
// not followed, and a provider who wants a password does not say whether the key exists: an event must not be
// lost for either.
state state_of(int status) {
    constexpr std::array nothing_said{401, 403, 407, 408, 425, 429};
    const bool client_fault = status >= 400 && status < 500;
    return client_fault && std::ranges::find(nothing_said, status) == nothing_said.end() ? state::refused
                                                                                         : state::unavailable;
}

} // namespace

// One query on its way; kept alive by what it waits for.
class web_retriever::job : public std::enable_shared_from_this<job> {
  public:
    job(web_retriever& r, query q, std::function<void(retrieved)> done)
        : all_{r}, asked_{std::move(q)}, done_{std::move(done)} {}

    void run() {
        all_.client_.get(asked_.url, [self = shared_from_this()](http::client::outcome o) {
            self->arrived(std::move(o));
        });
    }

  private:
    void arrived(http::client::outcome o) {
        if (!o) return end(state::unavailable, o.error().message());
        if (o->status != 200) return end(state_of(o->status), "status " + std::to_string(o->status));
        switch (asked_.what) {
        case form::certificate: return read_chain(o->body);
        case form::document: return read_one(o->body);
        case form::key_set: return read_set(o->body);
        }
    }

    void read_one(const std::string& text) {
        auto key = read_document(text);
        if (!key) return end(state::refused, "the answer has no key");
        out_.keys.push_back({{}, std::move(*key)});
        end(state::good, {});
    }

    void read_set(const std::string& text) {
        auto keys = read_key_set(text);
        if (!keys || keys->empty()) return end(state::refused, "the answer is no key set, or has no key");
        out_.keys = std::move(*keys);
        end(state::good, {});
    }

    void read_chain(const std::string& text) {
        auto all = crypto::certificate::read_all(text);
        if (all.empty()) return end(state::refused, "the answer is no certificate");
        leaf_ = all.front();
        others_.assign(all.begin() + 1, all.end());
        const auto names = leaf_->names();
        const auto fits = [this](const std::string& n) { return signatures::host_allowed(n, asked_.names); };
        if (std::ranges::none_of(names, fits))
            return end(state::refused, "the certificate was issued for another name");
        judge_chain();
    }

    void judge_chain() {
        const auto verdict = all_.roots_->verify(*leaf_, others_, all_.clock_.wall());
        if (verdict.state == crypto::chain_state::good) return take_leaf();
        if (verdict.state == crypto::chain_state::issuer_unknown && verdict.without_issuer &&
            issuers_ < most_issuers) {
            if (const auto url = verdict.without_issuer->issuer_url()) return fetch_issuer(*url);
        }
        end(state::refused, std::string{"the certificate's chain: "} + verdict.reason);
    }

    void fetch_issuer(const std::string& url) {
        ++issuers_;
        constexpr bool plain = true;
        all_.client_.get(
            url, [self = shared_from_this()](http::client::outcome o) { self->issuer_arrived(std::move(o)); },
            plain);
    }

    void issuer_arrived(http::client::outcome o) {
        if (!o) return end(state::unavailable, "the issuer's certificate: " + o.error().message());
        if (o->status != 200)
            return end(state_of(o->status), "the issuer's certificate: status " + std::to_string(o->status));
        const auto issuer = crypto::certificate::read_all(o->body);
        if (issuer.empty()) return end(state::refused, "the issuer's certificate cannot be read");
        others_.insert(others_.end(), issuer.begin(), issuer.end());
        judge_chain();
    }

    void take_leaf() {
        auto key = leaf_->key();
        if (!key) return end(state::refused, key.error().what);
        out_.keys.push_back({{}, std::move(*key)});
        out_.not_after = leaf_->not_after();
        end(state::good, {});
    }

    void end(state s, const std::string& why) {
        out_.what = s;
        if (s == state::good)
            log::info("keys.fetched", {{"url", asked_.url}});
        else
            log::warn(s == state::refused ? "keys.refused" : "keys.unavailable",
                      {{"url", asked_.url}, {"reason", why}});
        done_(std::move(out_));
    }

    web_retriever& all_;
    const query asked_;
    const std::function<void(retrieved)> done_;
    retrieved out_;
    std::optional<crypto::certificate> leaf_;
    std::vector<crypto::certificate> others_;
    std::size_t issuers_ = 0;
};

web_retriever::web_retriever(http::client& c, std::shared_ptr<const crypto::trust_store> roots,
                             const clock_source& clock)
    : client_{c}, roots_{std::move(roots)}, clock_{clock} {}

void web_retriever::start(const query& q, std::function<void(retrieved)> done) {
    const auto one = std::make_shared<job>(*this, q, std::move(done));
    client_.home().post([one] { one->run(); });
}

} // namespace mira::keys
