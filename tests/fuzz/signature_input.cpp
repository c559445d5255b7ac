#include "tests/fuzz/signature_input.hpp"

#include "engine/base/encoding.hpp"
#include "engine/http/head.hpp"
#include "handlers/signatures/registry.hpp"
#include "handlers/signatures/verifier.hpp"
#include "tests/support/signing.hpp"

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace mira::fuzz {
namespace {

using namespace signatures;

constexpr std::string_view shared_key = "first-shared-key-of-24-by"; // corpus.py signs with it

void must(bool holds) {
    if (!holds) std::abort();
}

std::string secret_for(const scheme& s) {
    switch (s.algo) {
    case algorithm::ed25519: return test::key_pair::of(test::key_type::ed25519).public_pem();
    case algorithm::ecdsa: return test::key_pair::of(test::key_type::p256).public_pem();
    case algorithm::rsa:
    case algorithm::rsa_pss: return test::key_pair::of(test::key_type::rsa).public_pem();
    case algorithm::basic: return "user:password";
    default: break;
    }
    if (s.algo == algorithm::jwt && s.key == key_decoding::public_key)
        return test::key_pair::of(test::key_type::rsa).public_pem();
    if (s.key == key_decoding::base64 || s.key == key_decoding::whsec) return test::base64(shared_key);
    if (s.key == key_decoding::hex) return test::hex(shared_key);
    return std::string{shared_key};
}

const std::map<std::string_view, std::shared_ptr<const verifier>>& verifiers() {
    static const auto all = [] {
        std::map<std::string_view, std::shared_ptr<const verifier>> out;
        for (const scheme* s : all_schemes()) {
            verifier_options o;
            for (const auto& rule : s->options)
                if (rule.required || rule.name == "verify_token" || rule.name == "verification_token")
                    o.named.emplace(rule.name, "option");
            const std::vector<configured_secret> secrets{
                {crypto::secret_bytes{secret_for(*s)}, std::nullopt}};
            auto v = verifier::make(shared_scheme(s->name), secrets, o);
            must(v.has_value());
            out.emplace(s->name, *v);
        }
        return out;
    }();
    return all;
}

struct input {
    http::fields headers;
    signed_request request;
};

// False where the text is no request that the head's parser would let through.
bool read(std::string_view text, input& out) {
    const auto line = [&text] {
        const auto end = text.find('\n');
        const std::string_view l = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        return l;
    };
    out.request.query = line();
    for (std::string_view l = line(); !l.empty(); l = line()) {
        const auto colon = l.find(": ");
        if (colon == std::string_view::npos) return false;
        const std::string_view name = l.substr(0, colon);
        std::string_view value = l.substr(colon + 2);
        if (!http::is_token(name) || !http::is_field_value(value) || !out.headers.add(name, value))
            return false;
    }
    out.request.headers = &out.headers;
    out.request.path = "/webhook/acme/in";
    out.request.target = "/webhook/acme/in";
    out.request.public_url = "https://hooks.example.com/webhook/acme/in";
    out.request.body = text;
    out.request.now = wall_time{seconds{1'700'000'000}};
    return true;
}

void same_in_pieces(const verifier& v, const signed_request& r, const verdict& whole) {
    body_check b;
    auto d = b.begin(v, r);
    if (!d) {
        const std::size_t cut = r.body.size() / 3;
        b.update(as_bytes(r.body.substr(0, cut)));
        b.update(as_bytes(r.body.substr(cut)));
        d = b.finish();
    }
    must(d->result == whole.result && d->secret == whole.secret);
}

bool covers_body(const scheme& s) {
    if (s.read != nullptr || s.algo == algorithm::token || s.algo == algorithm::basic ||
        s.algo == algorithm::none)
        return false;
    return s.algo != algorithm::jwt || s.detached || !s.body_hash_claim.empty();
}

} // namespace

void judge(const std::uint8_t* data, std::size_t size, family member) {
    input in;
    if (!read({reinterpret_cast<const char*>(data), size}, in)) return;
    for (const auto& [name, v] : verifiers()) {
        if (!member(v->row())) continue;
        const verdict whole = v->check(in.request);
        must(!whole.describe().empty());
        if (!v->needs_whole_body()) same_in_pieces(*v, in.request, whole);
        std::string room;
        for (const auto& found : {v->delivery_id(in.request, room), v->event_type(in.request, room)})
            must(!found || (!found->empty() && found->size() <= extractor::longest));
        if (!whole.accepted() || !covers_body(v->row())) continue;
        std::string changed{in.request.body};
        changed += ' ';
        signed_request other = in.request;
        other.body = changed;
        must(!v->check(other).accepted());
    }
}

void answer(const std::uint8_t* data, std::size_t size) {
    input in;
    if (!read({reinterpret_cast<const char*>(data), size}, in)) return;
    for (const auto verb : {http::method::get, http::method::head, http::method::post}) {
        in.request.verb = verb;
        for (const auto& [name, v] : verifiers()) {
            std::vector<std::optional<reply>> replies{v->answer_unsigned(in.request)};
            must(v->wants(verb) || !replies[0]);
            if (verb == http::method::post) replies.push_back(v->answer_signed(in.request));
            for (const auto& a : replies) {
                if (!a) continue;
                must(a->status >= 200 && a->status < 500);
                must(a->content_type.empty() || a->content_type.starts_with("text/plain") ||
                     a->content_type == "application/json");
                must(a->body.size() <= 3 * longest_challenge);
                for (const char c : a->body) must(c >= ' ' && c <= '~' && c != '<' && c != '>');
                for (const auto& [n, value] : a->headers)
                    must(http::is_token(n) && http::is_field_value(value));
            }
        }
    }
}

} // namespace mira::fuzz
