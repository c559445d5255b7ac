#include "handlers/keys/published.hpp"

#include "engine/base/encoding.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

namespace mira::keys {
namespace {

using boost::json::object;
using crypto::public_key;

std::optional<object> object_of(std::string_view text) {
    boost::system::error_code ec;
    auto v = boost::json::parse(text, ec);
    if (ec || !v.is_object()) return std::nullopt;
    return std::move(v.get_object());
}

std::string_view text_at(const object& o, std::string_view name) {
    const auto* v = o.if_contains(name);
    return v != nullptr && v->is_string() ? std::string_view{v->get_string()} : std::string_view{};
}

std::string number_at(const object& o, std::string_view name) {
    return from_base64(text_at(o, name), base64_alphabet::url).value_or("");
}

// RFC 7518 section 6, RFC 8037 section 2.
std::optional<public_key> key_of(const object& o) {
    const std::string_view type = text_at(o, "kty"), curve = text_at(o, "crv");
    const auto made = [&]() -> public_key::result<public_key> {
        if (type == "RSA")
            return public_key::rsa_numbers(as_bytes(number_at(o, "n")), as_bytes(number_at(o, "e")));
        if (type == "EC" && curve == "P-256")
            return public_key::p256_point(as_bytes(number_at(o, "x")), as_bytes(number_at(o, "y")));
        if (type == "OKP" && curve == "Ed25519") return public_key::ed25519_raw(as_bytes(number_at(o, "x")));
        return crypto::key_error{"a kind that is not used here"};
    }();
    return made ? std::optional{*made} : std::nullopt;
}

// eBay sends the PEM armour and what is inside as one line.
std::string_view without_armour(std::string_view s) {
    constexpr std::string_view front = "-----BEGIN PUBLIC KEY-----", back = "-----END PUBLIC KEY-----";
    if (s.find('\n') != std::string_view::npos || !s.starts_with(front) || !s.ends_with(back) ||
        s.size() < front.size() + back.size())
        return s;
    s.remove_prefix(front.size());
    s.remove_suffix(back.size());
    return s;
}

std::optional<public_key> key_from(std::string_view text) {
    if (text.empty()) return std::nullopt;
    auto made = public_key::parse_any(without_armour(text));
    return made ? std::optional{std::move(*made)} : std::nullopt;
}

} // namespace

std::optional<std::vector<published_key>> read_key_set(std::string_view json) {
    const auto document = object_of(json);
    const auto* list = document ? document->if_contains("keys") : nullptr;
    if (list == nullptr || !list->is_array() || list->get_array().size() > most_in_set) return std::nullopt;
    std::vector<published_key> out;
    for (const auto& each : list->get_array()) {
        if (!each.is_object()) return std::nullopt;
        const object& o = each.get_object();
        const std::string_view id = text_at(o, "kid"), use = text_at(o, "use");
        if (id.empty() || (!use.empty() && use != "sig")) continue;
        auto key = key_of(o);
        if (!key) continue;
        if (std::ranges::find(out, id, &published_key::id) != out.end()) return std::nullopt;
        out.push_back({std::string{id}, std::move(*key)});
    }
    return out;
}

std::optional<crypto::public_key> read_document(std::string_view text) {
    const auto document = object_of(text);
    if (!document) return key_from(text);
    const auto* data = document->if_contains("data");
    const object& o = data != nullptr && data->is_object() ? data->get_object() : *document;
    for (const std::string_view name : {"publicKey", "key"})
        if (auto key = key_from(text_at(o, name))) return key;
    return std::nullopt;
}

} // namespace mira::keys
