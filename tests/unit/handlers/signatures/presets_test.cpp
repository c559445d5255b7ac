// Every preset against a sender written apart from it: what is right is accepted, whatever is changed is
// refused.
#include "engine/base/encoding.hpp"
#include "tests/unit/handlers/signatures/sender.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace mira;
using namespace mira::signatures;
using mira::test::message;
using mira::test::provider;
using mira::test::sender;
using mira::test::viewed;

namespace {

std::shared_ptr<const verifier> made(const provider& p, std::vector<configured_secret> secrets,
                                     std::optional<seconds> tolerance = {}) {
    auto options = test::options_of(p);
    options.tolerance = tolerance;
    auto v = test::make_verifier(p.name, secrets, std::move(options));
    REQUIRE_MESSAGE(v.has_value(), p.name);
    return *v;
}
std::shared_ptr<const verifier> made(const provider& p) {
    return made(p, {test::secret(sender{p}.secret_text())});
}

// The verdict on the whole request, which must be the one on the body in pieces.
verdict judge(const verifier& v, const message& m) {
    const viewed r{m};
    const verdict whole = v.check(r.get());
    if (v.needs_whole_body()) return whole;
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
        body_check b;
        std::optional<verdict> early;
        {
            // The headers are gone by the time the body comes.
            const message copy = m;
            const viewed head{copy};
            signed_request without_body = head.get();
            without_body.body = {};
            early = b.begin(v, without_body);
        }
        if (!early) {
            for (std::size_t at = 0; at < m.body.size(); at += piece)
                b.update(as_bytes(std::string_view{m.body}.substr(at, piece)));
            early = b.finish();
        }
        CHECK(early->result == whole.result);
        CHECK(early->secret == whole.secret);
        CHECK(std::string{early->reason} == whole.reason);
    }
    return whole;
}
bool accepted(const verifier& v, const message& m) { return judge(v, m).accepted(); }

bool is_signing_header(const provider& p, std::string_view name) {
    const std::string line = std::string{name} + ": ";
    const auto at = p.headers.find(line);
    const auto value = p.headers.substr(at + line.size(), p.headers.find('\n', at) - at - line.size());
    return value.find("{sig}") != std::string_view::npos;
}
// A header without a part in the signature (Content-Type of some, Wechatpay-Serial).
bool is_bystander(const std::string& name) { return name == "Content-Type" || name == "Wechatpay-Serial"; }

} // namespace

TEST_CASE("presets: a genuine request is accepted, whole and in pieces") {
    for (const provider& p : test::providers()) {
        CAPTURE(p.name);
        const auto v = made(p);
        const verdict d = judge(*v, sender{p}.send());
        CHECK_MESSAGE(d.accepted(), d.describe());
        CHECK(d.secret == 0);
        CHECK(d.has_time == (!p.unit.empty() && p.name != "usps"));
        if (d.has_time) CHECK(d.signed_at == wall_time{seconds{test::base_time}});
    }
}

TEST_CASE("presets: a changed body is refused") {
    for (const provider& p : test::providers()) {
        CAPTURE(p.name);
        const auto v = made(p);
        message m = sender{p}.send();
        if (p.covered.empty()) {
            for (std::size_t i = 0; i < m.body.size(); ++i) {
                m.body[i] = static_cast<char>(m.body[i] ^ 1);
                CHECK_FALSE(accepted(*v, m));
                m.body[i] = static_cast<char>(m.body[i] ^ 1);
            }
            m.body += " ";
            CHECK_FALSE(accepted(*v, m));
            m.body.clear();
            CHECK_FALSE(accepted(*v, m));
        } else {
            const auto at = m.body.find(p.covered);
            REQUIRE(at != std::string::npos);
            m.body.replace(at, p.covered.size(), p.changed);
            CHECK_FALSE(accepted(*v, m));
            for (const std::string junk : {"", "{", "[]", "null", "{}", "\xff"}) {
                m.body = junk;
                CHECK_FALSE(accepted(*v, m));
            }
        }
    }
}

TEST_CASE("presets: a signature with any byte changed is refused") {
    for (const provider& p : test::providers()) {
        CAPTURE(p.name);
        const auto v = made(p);
        sender s{p};
        const std::size_t size = s.raw_signature().size();
        const std::size_t step = size > 100 ? 17 : 1; // of RSA's 256 bytes not each
        for (std::size_t i = 0; i < size; i += step) {
            s.signature_mask = std::string(i, '\0') + '\x10';
            CHECK_FALSE(accepted(*v, s.send()));
        }
    }
}

TEST_CASE("presets: a changed timestamp or id is refused even within the tolerance") {
    for (const provider& p : test::providers()) {
        CAPTURE(p.name);
        const auto v = made(p);
        const message good = sender{p}.send();
        if (!p.unit.empty() && p.signs.find("{ts}") != std::string_view::npos) {
            sender later{p};
            later.signed_at += seconds{1};
            message m = good;
            const message other = later.send();
            // The later time, with the earlier's signature.
            for (auto& [name, value] : m.headers) {
                const std::string now_text = p.unit == "ms"    ? "1700000000000"
                                             : p.unit == "iso" ? "2023-11-14T22:13:20Z"
                                                               : "1700000000";
                const std::string next = p.unit == "ms"    ? "1700000001000"
                                         : p.unit == "iso" ? "2023-11-14T22:13:21Z"
                                                           : "1700000001";
                if (const auto at = value.find(now_text); at != std::string::npos)
                    value.replace(at, now_text.size(), next);
            }
            if (m.headers == good.headers)
                m.body = other.body; // the time stands in the body
            else
                m.body = good.body;
            if (m.headers != good.headers) CHECK(judge(*v, m).result == outcome::invalid);
        }
        if (p.signs.find("{id}") != std::string_view::npos) {
            message m = good;
            for (auto& [name, value] : m.headers)
                if (value == "msg_1") value = "msg_2";
            REQUIRE(m.headers != good.headers);
            CHECK(judge(*v, m).result == outcome::invalid);
        }
    }
}

TEST_CASE("presets: the tolerance counts both ways, its ends included") {
    for (const provider& p : test::providers()) {
        CAPTURE(p.name);
        if (p.unit.empty()) continue;
        const auto v = made(p);
        message m = sender{p}.send();
        const wall_time signed_at = m.now;
        const auto at = [&](nanoseconds d) {
            m.now = signed_at + d;
            return judge(*v, m).result;
        };
        if (p.tolerance == 0) {
            CHECK(at(std::chrono::hours{24 * 365}) == outcome::accepted);
            continue;
        }
        const nanoseconds t = seconds{p.tolerance};
        CHECK(at(t) == outcome::accepted);
        CHECK(at(t + nanoseconds{1}) == outcome::stale);
        CHECK(at(-t) == outcome::accepted);
        CHECK(at(-t - nanoseconds{1}) == outcome::stale);
        const auto own = made(p, {test::secret(sender{p}.secret_text())}, seconds{1});
        m.now = signed_at + seconds{1};
        CHECK(judge(*own, m).accepted());
        m.now = signed_at + seconds{2};
        const verdict d = judge(*own, m);
        CHECK(d.result == outcome::stale);
        CHECK(d.describe() == "timestamp 2 s old, tolerance 1 s");
        m.now = signed_at - seconds{3};
        CHECK(judge(*own, m).describe() == "timestamp 3 s in the future, tolerance 1 s");
    }
}

TEST_CASE("presets: a header that is missing, doubled, empty or spoilt is refused") {
    for (const provider& p : test::providers()) {
        CAPTURE(p.name);
        const auto v = made(p);
        const message good = sender{p}.send();
        for (std::size_t i = 0; i < good.headers.size(); ++i) {
            const std::string name = good.headers[i].first;
            if (is_bystander(name)) continue;
            CAPTURE(name);
            message m = good;
            m.erase(name);
            // hook0 names further headers within the signature's: one of those missing is a wrong signature.
            CHECK(judge(*v, m).result == (name.starts_with("X-Event") ? outcome::invalid : outcome::missing));
            m = good;
            m.headers.push_back(m.headers[i]);
            CHECK(judge(*v, m).result == outcome::invalid);
            m = good;
            m.headers[i].second.clear();
            CHECK(judge(*v, m).result == outcome::invalid);
            for (const std::string& junk :
                 {std::string{"x"}, std::string{"=,=;."}, good.headers[i].second + "0",
                  "0" + good.headers[i].second, std::string(5000, 'a'), std::string{"v1,"},
                  std::string{"sha256="}}) {
                // A key that the scheme does not know ("0algorithm") is none of its business.
                if (p.name == "alipay" && junk.starts_with("0algorithm")) continue;
                m = good;
                m.headers[i].second = junk;
                CHECK(judge(*v, m).result == outcome::invalid);
            }
            if (is_signing_header(p, name)) {
                m = good;
                m.headers[i].second = good.headers[i].second.substr(0, good.headers[i].second.size() - 4);
                CHECK_FALSE(accepted(*v, m));
            }
        }
    }
}

TEST_CASE("presets: secrets: wrong, second, expired, none") {
    for (const provider& p : test::providers()) {
        CAPTURE(p.name);
        const message m = sender{p}.send();
        const auto right = test::secret(sender{p}.secret_text());
        const auto wrong = test::secret(sender{.p = p, .key = 1}.secret_text());
        CHECK(judge(*made(p, {wrong}), m).result == outcome::invalid);
        const verdict second = judge(*made(p, {wrong, right}), m);
        CHECK(second.accepted());
        CHECK(second.secret == 1);

        auto expiring = right;
        expiring.not_after = m.now;
        CHECK(accepted(*made(p, {wrong, expiring}), m));
        expiring.not_after = m.now - nanoseconds{1};
        CHECK(judge(*made(p, {wrong, expiring}), m).result == outcome::invalid);
        CHECK(judge(*made(p, {expiring}), m).result == outcome::invalid);

        const auto none = made(p, {});
        CHECK(judge(*none, m).result == outcome::invalid);
        CHECK_FALSE(none->has_secret(m.now));
    }
}

TEST_CASE("presets: no provider's request passes for another's unless both sign alike") {
    // Alike by the senders' table, which knows nothing of the engine's rows.
    const auto alike = [](const provider& a, const provider& b) {
        return a.algo == b.algo && a.signs == b.signs && a.headers == b.headers && a.key == b.key &&
               a.unit == b.unit;
    };
    // One accepts the other by design: Svix under either set of names; the lower-case twin header of
    // Scrapfly; and Polar's secret here is the text whose base64 is the others' secret, so the keys are the
    // same bytes.
    const std::set<std::pair<std::string_view, std::string_view>> by_design{
        {"svix", "standard-webhooks"},
        {"svix", "gitlab-signed"},
        {"svix-ed25519", "standard-webhooks-ed25519"},
        {"scrapfly", "scrapfly-lowercase"},
        {"standard-webhooks", "polar"},
        {"svix", "polar"},
        {"polar", "standard-webhooks"},
        {"polar", "gitlab-signed"},
        {"gitlab-signed", "polar"}};
    for (const provider& a : test::providers()) {
        const auto v = made(a);
        for (const provider& b : test::providers()) {
            if (a.name == b.name) continue;
            CAPTURE(a.name);
            CAPTURE(b.name);
            const message m = sender{b}.send();
            const bool expected =
                (alike(a, b) && a.encoding == b.encoding) || by_design.contains({a.name, b.name});
            const viewed r{m};
            // Of two that sign alike one may still be stricter about time.
            if (!expected) CHECK_FALSE(v->check(r.get()).accepted());
        }
    }
}

TEST_CASE("presets: every row has its test and a name of its own") {
    const std::set<std::string_view> elsewhere{
        // tokens_test.cpp
        "none", "token", "basic", "bearer", "gitlab", "auth0", "okta", "chargebee", "pipedrive", "recurly",
        "ethoca", "postmark", "deepgram", "hugging-face", "ringcentral", "openclaw", "meraki", "cloudsignal",
        "microsoft-graph", "sharepoint", "mailchimp", "mollie", "strava", "salesforce", "green-dot",
        // jwt_test.cpp
        "jwt", "fireblocks", "fusionauth", "gemini-dynamic", "wix", "monday",
        // keys_test.cpp
        "ebay"};
    std::set<std::string_view> tested = elsewhere;
    for (const provider& p : test::providers()) CHECK(tested.insert(p.name).second);
    std::set<std::string_view> known;
    for (const scheme* s : all_schemes()) {
        CAPTURE(s->name);
        CHECK(known.insert(s->name).second);
        CHECK(tested.contains(s->name));
        CHECK(find_scheme(s->name) == s);
        CHECK(s->name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos);
        CHECK(extractor::make(s->id).has_value());
        CHECK(extractor::make(s->type).has_value());
    }
    for (const auto name : tested) CHECK_MESSAGE(known.contains(name), name);
    for (const auto name : scheme_names()) CHECK_MESSAGE(find_scheme(name) != nullptr, name);
    CHECK(find_scheme("clerk")->name == "svix");
    CHECK(find_scheme("GitHub") == nullptr);
    CHECK(find_scheme("") == nullptr);
    CHECK(shared_scheme("nobody") == nullptr);
    CHECK(known.size() >= 120);
}
