// Providers that sign what surrounds the body: Twilio its URL and form, eBay a header that wraps key id and
// signature.
#include "engine/base/encoding.hpp"
#include "engine/crypto/digest.hpp"
#include "engine/crypto/secure.hpp"
#include "handlers/signatures/claims.hpp"
#include "handlers/signatures/query.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>

namespace mira::signatures {
namespace {

bool is_form(const http::fields& headers) {
    std::string_view type;
    if (find_header(headers, "content-type", type) != lookup::one) return false;
    constexpr std::string_view form = "application/x-www-form-urlencoded";
    return http::equal_ignoring_case(type.substr(0, form.size()), form) &&
           (type.size() == form.size() || type[form.size()] == ';' || type[form.size()] == ' ');
}

// Names and values without any separator, sorted by name; of one name each distinct value once, sorted.
std::optional<std::string> sorted_form(std::string_view body) {
    auto list = read_form(body);
    if (!list) return std::nullopt;
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
    std::string out;
    for (const auto& [name, value] : *list) out.append(name).append(value);
    return out;
}

// Twilio signs the URL now with, now without the default port.
std::vector<std::string> url_variants(std::string_view url) {
    std::vector<std::string> out{std::string{url}};
    const bool secure = url.starts_with("https://");
    const std::string_view port = secure ? ":443" : ":80";
    const std::size_t begin = secure ? 8 : 7;
    if (!secure && !url.starts_with("http://")) return out;
    const std::size_t end = std::min(url.find_first_of("/?", begin), url.size());
    const std::string_view authority = url.substr(begin, end - begin);
    const auto colon = authority.rfind(':');
    if (colon == std::string_view::npos || authority.ends_with(']'))
        out.push_back(std::string{url.substr(0, end)} + std::string{port} + std::string{url.substr(end)});
    else if (authority.substr(colon) == port)
        out.push_back(std::string{url.substr(0, begin + colon)} + std::string{url.substr(end)});
    return out;
}

// The hash of a body that is not a form stands in the URL, which is signed.
bool body_is(std::string_view body, std::string_view hex) {
    std::array<unsigned char, 32> told, actual;
    if (hex.size() != 64 || from_hex(hex, told) != 32u) return false;
    crypto::digest(crypto::hash::sha256, as_bytes(body), actual);
    return crypto::equal_constant_time(told, actual);
}

} // namespace

// Twilio, "Webhooks security".
reading read_twilio(const claims_request& r, claims& out) {
    std::string_view sent;
    switch (find_header(*r.request.headers, "x-twilio-signature", sent)) {
    case lookup::absent: return reading::missing;
    case lookup::many: return reading::malformed;
    case lookup::one: break;
    }
    const auto signature = from_base64(sent);
    if (!signature || r.public_url.empty()) return reading::malformed;
    std::string tail;
    std::string_view hash;
    const auto has_hash = find_parameter(r.request.query, "bodySHA256", hash);
    if (has_hash == parameter::many) return reading::malformed;
    if (has_hash == parameter::one) {
        if (!body_is(r.request.body, hash)) return reading::malformed;
    } else if (!r.request.body.empty()) {
        // Any other body would not be covered by the signature.
        if (!is_form(*r.request.headers)) return reading::malformed;
        auto form = sorted_form(r.request.body);
        if (!form) return reading::malformed;
        tail = std::move(*form);
    }
    for (const std::string& url : url_variants(r.public_url)) out.list.push_back({url + tail, *signature});
    return reading::ok;
}

// eBay, "Notification: validation": base64 of {"kid": ..., "signature": base64 of DER}.
reading read_ebay(const claims_request& r, claims& out) {
    std::string_view sent;
    switch (find_header(*r.request.headers, "x-ebay-signature", sent)) {
    case lookup::absent: return reading::missing;
    case lookup::many: return reading::malformed;
    case lookup::one: break;
    }
    const auto text = from_base64(sent);
    if (!text) return reading::malformed;
    boost::system::error_code ec;
    const auto document = boost::json::parse(*text, ec);
    if (ec || !document.is_object()) return reading::malformed;
    const auto* kid = document.get_object().if_contains("kid");
    const auto* signature = document.get_object().if_contains("signature");
    if (kid == nullptr || !kid->is_string() || signature == nullptr || !signature->is_string())
        return reading::malformed;
    auto der = from_base64(std::string_view{signature->get_string()});
    if (!der) return reading::malformed;
    out.key_id = kid->get_string();
    out.list.push_back({std::string{r.request.body}, std::move(*der)});
    return reading::ok;
}

} // namespace mira::signatures
