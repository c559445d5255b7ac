#include "handlers/signatures/handshake.hpp"

#include "engine/base/encoding.hpp"
#include "engine/crypto/digest.hpp"
#include "engine/crypto/secure.hpp"
#include "handlers/signatures/host_rule.hpp"
#include "handlers/signatures/query.hpp"
#include "handlers/signatures/verifier.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>

namespace mira::signatures {

bool is_plain_challenge(std::string_view s) {
    return !s.empty() && s.size() <= longest_challenge && std::all_of(s.begin(), s.end(), [](char c) {
        return c >= ' ' && c <= '~' && c != '<' && c != '>';
    });
}

bool is_signable_challenge(std::string_view s) {
    constexpr std::string_view allowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_.-";
    return !s.empty() && s.size() <= 256 && s.find_first_not_of(allowed) == std::string_view::npos;
}

std::string json_string(std::string_view s) {
    return boost::json::serialize(boost::json::string_view{s.data(), s.size()});
}

namespace {

constexpr std::size_t longest_handshake_body = 64 * 1024;

reply plain(std::string_view body) {
    reply a;
    a.body = body;
    a.headers.emplace_back("X-Content-Type-Options", "nosniff");
    return a;
}
reply json_reply(std::string body) {
    reply a;
    a.content_type = "application/json";
    a.body = std::move(body);
    a.headers.emplace_back("X-Content-Type-Options", "nosniff");
    return a;
}
reply bare(int status) {
    reply a;
    a.status = status;
    a.content_type.clear();
    return a;
}

std::optional<std::string_view> header_of(const signed_request& r, std::string_view name) {
    std::string_view v;
    if (name.empty() || find_header(*r.headers, name, v) != lookup::one || !is_plain_challenge(v))
        return std::nullopt;
    return v;
}
// A doubled header counts as there.
bool has_header(const signed_request& r, std::string_view name) {
    std::string_view v;
    return !name.empty() && find_header(*r.headers, name, v) != lookup::absent;
}

std::optional<std::string> challenge_of(const signed_request& r, std::string_view parameter) {
    auto c = parameter_text(r.query, parameter);
    if (!c || !is_plain_challenge(*c)) return std::nullopt;
    return c;
}

// The body as an object, if it has the word at all: most events end here, after one search.
std::optional<boost::json::object> object_with(const signed_request& r, std::string_view word) {
    if (r.body.size() > longest_handshake_body || r.body.find(word) == std::string_view::npos)
        return std::nullopt;
    boost::system::error_code ec;
    auto v = boost::json::parse(r.body, ec);
    if (ec || !v.is_object()) return std::nullopt;
    return std::move(v.get_object());
}

std::optional<std::string> text_of(const boost::json::object& o, std::string_view name) {
    const auto* v = o.if_contains(name);
    if (v == nullptr || !v->is_string()) return std::nullopt;
    return std::string{std::string_view{v->get_string()}};
}

std::string_view without_query(std::string_view url) { return url.substr(0, url.find('?')); }

} // namespace

// The handshakes themselves, as a friend of the verifier: they need its keys and options.
struct handshakes {
    const verifier& v;
    const signed_request& r;

    bool option_is(std::string_view name, const std::optional<std::string>& sent) const {
        const std::string_view wanted = v.option(name);
        return !wanted.empty() && sent && crypto::equal_constant_time(*sent, wanted);
    }

    std::optional<std::string> mac_of(std::string_view text) const {
        const credential* c = v.newest(r.now);
        if (c == nullptr || !c->mac) return std::nullopt;
        std::array<unsigned char, crypto::max_digest_size> code;
        const std::size_t n = crypto::hmac(*c->mac, as_bytes(text), code);
        return std::string{as_text({code.data(), n})};
    }

    std::optional<reply> subscribe(bool as_json) const {
        const auto mode = parameter_text(r.query, "hub.mode");
        const auto challenge = challenge_of(r, "hub.challenge");
        if (mode != "subscribe" || !challenge) return std::nullopt;
        if (!option_is("verify_token", parameter_text(r.query, "hub.verify_token"))) return bare(403);
        return as_json ? json_reply("{\"hub.challenge\":" + json_string(*challenge) + "}")
                       : plain(*challenge);
    }

    std::optional<reply> oura() const {
        const auto challenge = challenge_of(r, "challenge");
        if (!challenge) return std::nullopt;
        if (!option_is("verify_token", parameter_text(r.query, "verification_token"))) return bare(403);
        return json_reply("{\"challenge\":" + json_string(*challenge) + "}");
    }

    std::optional<reply> crc_token() const {
        const auto token = challenge_of(r, "crc_token");
        if (!token || !is_signable_challenge(*token)) return std::nullopt;
        const auto mac = mac_of(*token);
        if (!mac) return std::nullopt;
        return json_reply("{\"response_token\":\"sha256=" + to_base64(as_bytes(*mac)) + "\"}");
    }

    std::optional<reply> linkedin() const {
        const auto code = challenge_of(r, "challengeCode");
        // Events are signed over "hmacsha256=" and the body; no code has a '='.
        if (!code || !is_signable_challenge(*code) || code->find('=') != std::string::npos)
            return std::nullopt;
        const auto mac = mac_of(*code);
        if (!mac) return std::nullopt;
        return json_reply("{\"challengeCode\":" + json_string(*code) + ",\"challengeResponse\":\"" +
                          to_hex(as_bytes(*mac)) + "\"}");
    }

    std::optional<reply> ebay() const {
        const auto code = challenge_of(r, "challenge_code");
        const std::string_view token = v.option("verification_token");
        const std::string url = v.effective_url(r);
        if (!code || token.empty() || url.empty()) return std::nullopt;
        crypto::digester d{crypto::hash::sha256};
        d.update(as_bytes(*code));
        d.update(as_bytes(token));
        d.update(as_bytes(without_query(url)));
        std::array<unsigned char, 32> digest;
        d.finish(digest);
        return json_reply("{\"challengeResponse\":\"" + to_hex(digest) + "\"}");
    }

    std::optional<reply> echo_header(std::string_view name, bool learn) const {
        const auto value = header_of(r, name);
        if (!value) return std::nullopt;
        reply a = bare(200);
        a.headers.emplace_back(name, *value);
        if (learn) a.learned_secret = *value;
        return a;
    }

    // Vercel's first request to a log drain: unsigned; it wants its code in the header of the same name.
    std::optional<reply> verify_code(std::string_view name) const {
        if (has_header(r, v.row().signature.name)) return std::nullopt;
        if (auto a = echo_header(name, false)) return a;
        const std::string_view code = v.option("verify_code");
        if (code.empty() || !is_plain_challenge(code)) return std::nullopt;
        reply a = bare(200);
        a.headers.emplace_back(name, code);
        return a;
    }

    // A body that is nothing but {"name": text}.
    std::optional<std::string> lone_text(std::string_view name) const {
        if (r.body.size() > 2 * longest_challenge) return std::nullopt;
        const auto o = object_with(r, name);
        if (!o || o->size() != 1) return std::nullopt;
        auto t = text_of(*o, name);
        if (!t || !is_plain_challenge(*t)) return std::nullopt;
        return t;
    }

    std::optional<reply> get(const handshake_rule& h) const {
        switch (h.kind) {
        case handshake::get_ok: return bare(200);
        case handshake::get_echo:
            if (const auto c = challenge_of(r, h.name)) return plain(*c);
            return std::nullopt;
        case handshake::get_subscribe: return subscribe(false);
        case handshake::get_subscribe_json: return subscribe(true);
        case handshake::get_oura: return oura();
        case handshake::get_okta:
            if (const auto c = header_of(r, h.name))
                return json_reply("{\"verification\":" + json_string(*c) + "}");
            return std::nullopt;
        case handshake::get_crc_token: return crc_token();
        case handshake::get_linkedin: return linkedin();
        case handshake::get_ebay: return ebay();
        case handshake::get_head_header_echo: return verify_code(h.name);
        default: return std::nullopt;
        }
    }

    std::optional<reply> post(const handshake_rule& h) const {
        switch (h.kind) {
        case handshake::post_query_echo:
            if (const auto c = challenge_of(r, h.name)) return plain(*c);
            return std::nullopt;
        case handshake::post_header_echo: return echo_header(h.name, false);
        case handshake::post_learn:
            if (has_header(r, v.row().signature.name)) return std::nullopt;
            return echo_header(h.name, true);
        case handshake::get_head_header_echo: return verify_code(h.name);
        case handshake::post_json_echo:
            if (const auto c = lone_text(h.name))
                return json_reply("{" + json_string(h.name) + ":" + json_string(*c) + "}");
            return std::nullopt;
        case handshake::post_empty_ok:
            if (!r.body.empty()) return std::nullopt;
            return bare(200);
        case handshake::post_json_learn:
            if (has_header(r, v.row().signature.name)) return std::nullopt;
            if (const auto c = lone_text(h.name)) {
                reply a = bare(200);
                a.learned_secret = *c;
                return a;
            }
            return std::nullopt;
        default: return std::nullopt;
        }
    }

    std::optional<reply> slack() const {
        const auto o = object_with(r, "url_verification");
        if (!o || text_of(*o, "type") != "url_verification") return std::nullopt;
        const auto c = text_of(*o, "challenge");
        if (!c || !is_plain_challenge(*c)) return std::nullopt;
        return plain(*c);
    }

    std::optional<reply> zoom() const {
        const auto o = object_with(r, "endpoint.url_validation");
        if (!o || text_of(*o, "event") != "endpoint.url_validation") return std::nullopt;
        const auto* payload = o->if_contains("payload");
        if (payload == nullptr || !payload->is_object()) return std::nullopt;
        const auto token = text_of(payload->get_object(), "plainToken");
        if (!token || !is_signable_challenge(*token)) return std::nullopt;
        const auto mac = mac_of(*token);
        if (!mac) return std::nullopt;
        return json_reply("{\"plainToken\":" + json_string(*token) + ",\"encryptedToken\":\"" +
                          to_hex(as_bytes(*mac)) + "\"}");
    }

    // Interactions ping with type 1, webhook events with type 0; type 1 of the latter is an event and carries
    // one.
    std::optional<reply> discord() const {
        if (r.body.size() > longest_handshake_body) return std::nullopt;
        std::string type;
        static const json_pointer pointer = *json_pointer::parse("/type");
        if (!find_scalar(r.body, pointer, type) || (type != "0" && type != "1")) return std::nullopt;
        if (type == "0") return bare(204);
        const auto o = object_with(r, "type");
        if (!o || o->contains("event")) return std::nullopt;
        return json_reply("{\"type\":1}");
    }

    std::optional<reply> twitch() const {
        if (header_of(r, "Twitch-Eventsub-Message-Type") != "webhook_callback_verification")
            return std::nullopt;
        const auto o = object_with(r, "challenge");
        const auto c = o ? text_of(*o, "challenge") : std::nullopt;
        if (!c || !is_plain_challenge(*c)) return std::nullopt;
        return plain(*c);
    }

    std::optional<reply> sns() const {
        const auto o = object_with(r, "SubscriptionConfirmation");
        if (!o || text_of(*o, "Type") != "SubscriptionConfirmation") return std::nullopt;
        const auto url = text_of(*o, "SubscribeURL");
        if (!url || !url_allowed(*url, v.row().keys.hosts)) return std::nullopt;
        reply a = bare(200);
        a.visit = *url;
        return a;
    }

    std::optional<reply> genuine(const handshake_rule& h) const {
        switch (h.kind) {
        case handshake::slack_challenge: return slack();
        case handshake::zoom_validation: return zoom();
        case handshake::discord_ping: return discord();
        case handshake::twitch_challenge: return twitch();
        case handshake::sns_confirmation: return sns();
        case handshake::front_challenge:
            if (const auto c = header_of(r, h.name)) return plain(*c);
            return std::nullopt;
        default: return std::nullopt;
        }
    }

    // Praxis reads a signature on the answer too.
    reply praxis() const {
        const credential* c = v.newest(r.now);
        const std::string stamp = std::to_string(unix_seconds(r.now));
        crypto::digester d{crypto::hash::sha384};
        d.update(as_bytes("0" + stamp));
        if (c != nullptr) d.update(c->bytes.bytes());
        std::array<unsigned char, 48> digest;
        d.finish(digest);
        reply a = json_reply(R"({"status":0,"description":"Ok","version":"1.3","timestamp":)" + stamp + "}");
        a.headers.emplace_back("Gt-Authentication", to_hex(digest));
        return a;
    }
};

std::optional<reply> verifier::answer_unsigned(const signed_request& r) const {
    const bool post = r.verb == http::method::post, get = r.verb == http::method::get,
               head = r.verb == http::method::head;
    if (!((post && post_handshake_) || (get && get_handshake_) || (head && head_handshake_)))
        return std::nullopt;
    for (const handshake_rule& h : scheme_->handshakes) {
        const handshakes of{*this, r};
        std::optional<reply> a;
        if (head && h.kind == handshake::head_ok)
            a = bare(200);
        else if (head && h.kind == handshake::get_head_header_echo)
            a = of.verify_code(h.name);
        else if (get)
            a = of.get(h);
        else if (post)
            a = of.post(h);
        if (a) return a;
    }
    return std::nullopt;
}

std::optional<reply> verifier::answer_signed(const signed_request& r) const {
    if (!signed_handshake_) return std::nullopt;
    for (const handshake_rule& h : scheme_->handshakes)
        if (auto a = handshakes{*this, r}.genuine(h)) return a;
    return std::nullopt;
}

bool verifier::wants(http::method m) const {
    return m == http::method::post || (m == http::method::get && get_handshake_) ||
           (m == http::method::head && head_handshake_);
}

std::optional<reply> verifier::acknowledge(const signed_request& r) const {
    if (scheme_->read == read_praxis) return handshakes{*this, r}.praxis();
    std::string_view value;
    const std::string_view name = scheme_->ack.echo_header;
    if (name.empty() || find_header(*r.headers, name, value) != lookup::one || !is_plain_challenge(value))
        return std::nullopt;
    reply a = bare(scheme_->ack.status == 0 ? 200 : scheme_->ack.status);
    a.content_type = scheme_->ack.content_type;
    a.body = scheme_->ack.body;
    a.headers.emplace_back(name, value);
    return a;
}

} // namespace mira::signatures
