#include "tests/unit/handlers/signatures/sender.hpp"

#include "tests/support/signing.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace mira::test {

std::string* message::header(std::string_view name) {
    for (auto& [n, v] : headers)
        if (n == name) return &v;
    return nullptr;
}
void message::erase(std::string_view name) {
    std::erase_if(headers, [&](const auto& h) { return h.first == name; });
}

viewed::viewed(const message& m) {
    fields_.add("Host", "hooks.example.com");
    for (const auto& [n, v] : m.headers) fields_.add(n, v);
    target_ = m.path + (m.query.empty() ? "" : "?" + m.query);
    url_ = m.public_url.empty() ? "" : m.public_url + (m.query.empty() ? "" : "?" + m.query);
    request_.verb = m.verb;
    request_.method = m.method;
    request_.target = target_;
    request_.path = m.path;
    request_.query = m.query;
    request_.headers = &fields_;
    request_.body = m.body;
    request_.public_url = url_;
    request_.now = m.now;
}

namespace {

constexpr std::string_view shared_keys[2] = {"first-shared-key-of-24-by", "other-shared-key-of-24-by"};

key_type type_of(std::string_view algo) {
    if (algo == "ed25519") return key_type::ed25519;
    return algo.starts_with("ecdsa") ? key_type::p256 : key_type::rsa;
}
bool is_shared(std::string_view algo) { return algo.starts_with("hmac") || algo.starts_with("sha"); }
const char* digest_name(std::string_view algo) {
    if (algo.ends_with("sha1")) return "SHA1";
    if (algo.ends_with("sha384")) return "SHA384";
    if (algo.ends_with("sha512")) return "SHA512";
    return "SHA256";
}

std::uint32_t crc_of(std::string_view s) { // bit by bit, as in the definition
    std::uint32_t c = 0xFFFFFFFF;
    for (const char b : s) {
        c ^= static_cast<unsigned char>(b);
        for (int k = 0; k < 8; ++k) c = c >> 1 ^ (c & 1 ? 0xEDB88320 : 0);
    }
    return ~c;
}

void replace_all(std::string& s, std::string_view what, std::string_view with) {
    for (std::size_t at = 0; (at = s.find(what, at)) != std::string::npos; at += with.size())
        s.replace(at, what.size(), with);
}

} // namespace

std::string sender::secret_text() const {
    if (!is_shared(p.algo)) {
        const auto& pair = key == 0 ? key_pair::of(type_of(p.algo)) : key_pair::another(type_of(p.algo));
        return pair.public_pem();
    }
    const std::string k{shared_keys[key]};
    if (p.key == "base64") return base64(k);
    if (p.key == "whsec") return "whsec_" + base64(k);
    if (p.key == "hex") return hex(k);
    return k;
}

std::string sender::timestamp() const {
    const auto nanos = signed_at.time_since_epoch().count();
    if (p.unit == "ms") return std::to_string(nanos / 1'000'000);
    if (p.unit != "iso") return std::to_string(nanos / 1'000'000'000);
    const std::time_t t = static_cast<std::time_t>(nanos / 1'000'000'000);
    std::tm parts{};
    gmtime_r(&t, &parts);
    char out[64];
    std::snprintf(out, sizeof out, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                  parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    return out;
}

std::string sender::expand(std::string_view text, const std::string& signature,
                           const std::string& whole_body) const {
    std::string s{text};
    const message m;
    replace_all(s, "{ts}", timestamp());
    replace_all(s, "{id}", id);
    replace_all(s, "{sig}", signature);
    replace_all(s, "{key}", shared_keys[key]);
    replace_all(s, "{method}", m.method);
    replace_all(s, "{url}", m.public_url + (p.query.empty() ? "" : "?" + std::string{p.query}));
    replace_all(s, "{target}", m.path + (p.query.empty() ? "" : "?" + std::string{p.query}));
    replace_all(s, "{bodysha256}", hex(digest_of("SHA256", whole_body)));
    replace_all(s, "{crc32}", std::to_string(crc_of(whole_body)));
    replace_all(s, "{body}", whole_body);
    return s;
}

std::string sender::raw_signature() const {
    const std::string whole = expand(body.empty() ? p.body : std::string_view{body}, "", "");
    const std::string text = expand(p.signs, "", whole);
    const char* digest = digest_name(p.algo);
    std::string raw;
    if (p.algo.starts_with("hmac"))
        raw = hmac_of(digest, shared_keys[key], text);
    else if (is_shared(p.algo))
        raw = digest_of(digest, text);
    else {
        const auto& pair = key == 0 ? key_pair::of(type_of(p.algo)) : key_pair::another(type_of(p.algo));
        if (p.algo == "ed25519")
            raw = pair.sign(nullptr, text);
        else if (p.algo == "rsa-double")
            raw = pair.sign("SHA256", digest_of("SHA256", text));
        else
            raw = pair.sign(digest, text, p.algo.starts_with("pss"));
    }
    // ECDSA's signatures differ in length from one to the next: what lies behind the end breaks the last
    // byte.
    for (std::size_t i = 0; i < signature_mask.size(); ++i) {
        char& b = raw[std::min(i, raw.size() - 1)];
        b = static_cast<char>(b ^ signature_mask[i]);
    }
    return raw;
}

std::string sender::encoded(const std::string& raw) const {
    if (p.encoding == "hex") return hex(raw);
    if (p.encoding == "HEX") return hex(raw, true);
    if (p.encoding == "base64url") return base64url(raw);
    if (p.encoding == "base64hex") return base64(hex(raw));
    std::string s = base64(raw);
    if (p.encoding == "percent") {
        replace_all(s, "+", "%2B");
        replace_all(s, "/", "%2F");
        replace_all(s, "=", "%3D");
    }
    return s;
}

message sender::send() const {
    const std::string signature = encoded(raw_signature());
    message m;
    m.now = signed_at;
    m.body = expand(body.empty() ? p.body : std::string_view{body}, signature, "");
    m.query = expand(p.query, signature, m.body);
    std::string_view rest = p.headers;
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        const auto colon = line.find(": ");
        m.headers.emplace_back(line.substr(0, colon), expand(line.substr(colon + 2), signature, m.body));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return m;
}

signatures::configured_secret secret(std::string_view text) {
    return {crypto::secret_bytes{text}, std::nullopt};
}

signatures::verifier_options options_of(const provider& p) {
    signatures::verifier_options o;
    for (const auto& [name, value] : p.options) o.named.emplace(name, value);
    return o;
}

signatures::verifier::made make_verifier(std::string_view scheme,
                                         const std::vector<signatures::configured_secret>& secrets,
                                         signatures::verifier_options options) {
    return signatures::verifier::make(signatures::shared_scheme(scheme), secrets, std::move(options));
}

} // namespace mira::test
