// Providers that sign fields of their JSON body.
#include "engine/base/encoding.hpp"
#include "handlers/signatures/claims.hpp"
#include "handlers/signatures/header_shape.hpp"
#include "handlers/signatures/json_raw.hpp"
#include "handlers/signatures/query.hpp"
#include "handlers/signatures/timestamp.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <span>

namespace mira::signatures {
namespace {

using boost::json::value;

std::optional<value> parsed(std::string_view body) {
    boost::system::error_code ec;
    value v = boost::json::parse(body, ec);
    if (ec || !v.is_object()) return std::nullopt;
    return v;
}

const value* member(const value* v, std::string_view name) {
    if (v == nullptr || !v->is_object()) return nullptr;
    return v->get_object().if_contains(name);
}

// Text as the providers' own libraries join it: numbers in decimal, true and false as words, null and absent
// as nothing. False for what has no such text: objects, arrays, fractions.
bool append_scalar(std::string& out, const value* v) {
    if (v == nullptr || v->is_null()) return true;
    if (v->is_string())
        out += std::string_view{v->get_string()};
    else if (v->is_bool())
        out += v->get_bool() ? "true" : "false";
    else if (v->is_int64())
        out += std::to_string(v->get_int64());
    else if (v->is_uint64())
        out += std::to_string(v->get_uint64());
    else
        return false;
    return true;
}

const value* at_path(const value* v, std::string_view path) {
    while (!path.empty() && v != nullptr) {
        const auto dot = path.find('.');
        v = member(v, path.substr(0, dot));
        path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
    }
    return v;
}

// Nothing stands between the values, so one that is left out would let its neighbours take its place: all
// must be there.
bool append_all(std::string& out, const value* v, std::span<const std::string_view> paths) {
    for (const auto path : paths) {
        const value* each = at_path(v, path);
        if (each == nullptr || !append_scalar(out, each)) return false;
    }
    return true;
}

bool lists_word(std::string_view list, std::string_view word) {
    entries all{list, ' ', ','};
    std::string_view each;
    while (all.next(each))
        if (each == word) return true;
    return false;
}

// The string at the path, decoded; missing where there is none.
reading signature_at(const value* v, std::string_view path, bool hex, std::string& out) {
    const value* s = at_path(v, path);
    if (s == nullptr || !s->is_string() || s->get_string().empty()) return reading::missing;
    const std::string_view text = s->get_string();
    if (!hex) {
        auto bytes = from_base64(text);
        if (!bytes) return reading::malformed;
        out = std::move(*bytes);
        return reading::ok;
    }
    out.resize(text.size() / 2);
    return from_hex(text, {reinterpret_cast<unsigned char*>(out.data()), out.size()}) ? reading::ok
                                                                                      : reading::malformed;
}

} // namespace

// Adyen, "Verify HMAC signatures" for standard webhooks: every item carries a signature of its own.
reading read_adyen(const claims_request& r, claims& out) {
    const auto document = parsed(r.request.body);
    if (!document) return reading::malformed;
    const value* items = member(&*document, "notificationItems");
    if (items == nullptr || !items->is_array()) return reading::missing;
    if (items->get_array().empty()) return reading::malformed;
    constexpr std::array<std::string_view, 8> signed_fields{
        "pspReference", "originalReference", "merchantAccountCode", "merchantReference",
        "amount.value", "amount.currency",   "eventCode",           "success"};
    out.all = true;
    for (const value& entry : items->get_array()) {
        const value* item = member(&entry, "NotificationRequestItem");
        if (item == nullptr) return reading::malformed;
        claim c;
        for (const auto name : signed_fields) {
            if (name != signed_fields[0]) c.message += ':';
            if (!append_scalar(c.message, at_path(item, name))) return reading::malformed;
        }
        if (const auto s = signature_at(item, "additionalData.hmacSignature", false, c.signature);
            s != reading::ok)
            return s;
        out.list.push_back(std::move(c));
    }
    return reading::ok;
}

// Exact Online signs the bytes of Content as they stand in the body.
reading read_exact_online(const claims_request& r, claims& out) {
    const auto document = parsed(r.request.body);
    if (!document) return reading::malformed;
    claim c;
    if (const auto s = signature_at(&*document, "HashCode", true, c.signature); s != reading::ok) return s;
    const auto content = raw_member(r.request.body, "Content");
    if (!content) return reading::malformed;
    c.message = *content;
    out.list.push_back(std::move(c));
    return reading::ok;
}

// Paymob, "HMAC calculation" of transaction callbacks: twenty fields in the order of their names.
reading read_paymob(const claims_request& r, claims& out) {
    std::string_view sent;
    switch (find_parameter(r.request.query, "hmac", sent)) {
    case parameter::absent: return reading::missing;
    case parameter::many: return reading::malformed;
    case parameter::one: break;
    }
    claim c;
    c.signature.resize(sent.size() / 2);
    if (!from_hex(sent, {reinterpret_cast<unsigned char*>(c.signature.data()), c.signature.size()}))
        return reading::malformed;
    const auto document = parsed(r.request.body);
    const value* obj = document ? member(&*document, "obj") : nullptr;
    if (obj == nullptr || !obj->is_object()) return reading::malformed;
    constexpr std::array<std::string_view, 20> signed_fields{"amount_cents",
                                                             "created_at",
                                                             "currency",
                                                             "error_occured",
                                                             "has_parent_transaction",
                                                             "id",
                                                             "integration_id",
                                                             "is_3d_secure",
                                                             "is_auth",
                                                             "is_capture",
                                                             "is_refunded",
                                                             "is_standalone_payment",
                                                             "is_voided",
                                                             "order.id",
                                                             "owner",
                                                             "pending",
                                                             "source_data.pan",
                                                             "source_data.sub_type",
                                                             "source_data.type",
                                                             "success"};
    if (!append_all(c.message, obj, signed_fields)) return reading::malformed;
    out.list.push_back(std::move(c));
    return reading::ok;
}

// Praxis signs values of the notification; the merchant's secret follows them (the row says so).
reading read_praxis(const claims_request& r, claims& out) {
    std::string_view sent;
    switch (find_header(*r.request.headers, "gt-authentication", sent)) {
    case lookup::absent: return reading::missing;
    case lookup::many: return reading::malformed;
    case lookup::one: break;
    }
    claim c;
    c.signature.resize(sent.size() / 2);
    if (!from_hex(sent, {reinterpret_cast<unsigned char*>(c.signature.data()), c.signature.size()}))
        return reading::malformed;
    const auto document = parsed(r.request.body);
    if (!document) return reading::malformed;
    constexpr std::array<std::string_view, 11> signed_fields{"merchant_id",
                                                             "application_key",
                                                             "timestamp",
                                                             "customer.customer_token",
                                                             "session.order_id",
                                                             "transaction.tid",
                                                             "transaction.currency",
                                                             "transaction.amount",
                                                             "transaction.conversion_rate",
                                                             "transaction.processed_currency",
                                                             "transaction.processed_amount"};
    if (!append_all(c.message, &*document, signed_fields)) return reading::malformed;
    out.list.push_back(std::move(c));
    return reading::ok;
}

// Treezor signs what PHP's json_encode() makes of object_payload, which need not be how it was sent.
reading read_treezor(const claims_request& r, claims& out) {
    const auto document = parsed(r.request.body);
    if (!document) return reading::malformed;
    claim c;
    if (const auto s = signature_at(&*document, "object_payload_signature", false, c.signature);
        s != reading::ok)
        return s;
    const auto payload = raw_member(r.request.body, "object_payload");
    auto message = payload ? php_encoded(*payload) : std::nullopt;
    if (!message) return reading::malformed;
    c.message = std::move(*message);
    out.list.push_back(std::move(c));
    return reading::ok;
}

// Mailgun signs its timestamp and token, not the event: the token must be kept as the delivery's id.
reading read_mailgun(const claims_request& r, claims& out) {
    const auto document = parsed(r.request.body);
    if (!document) return reading::malformed;
    const value* s = member(&*document, "signature");
    if (s == nullptr) return reading::missing;
    claim c;
    if (const auto k = signature_at(s, "signature", true, c.signature); k != reading::ok) return k;
    std::string stamp;
    const value* token = member(s, "token");
    if (!append_scalar(stamp, member(s, "timestamp")) || token == nullptr || !token->is_string() ||
        token->get_string().empty())
        return reading::malformed;
    out.signed_at = parse_timestamp(stamp, time_format::seconds);
    if (!out.signed_at) return reading::malformed;
    c.message = stamp + std::string{std::string_view{token->get_string()}};
    out.list.push_back(std::move(c));
    return reading::ok;
}

// Favro signs the payload's id and the URL that was registered, not the event.
reading read_favro(const claims_request& r, claims& out) {
    std::string_view sent;
    switch (find_header(*r.request.headers, "x-favro-webhook", sent)) {
    case lookup::absent: return reading::missing;
    case lookup::many: return reading::malformed;
    case lookup::one: break;
    }
    const auto document = parsed(r.request.body);
    const value* id = document ? member(&*document, "payloadId") : nullptr;
    auto signature = from_base64(sent);
    if (id == nullptr || !id->is_string() || id->get_string().empty() || !signature || r.public_url.empty())
        return reading::malformed;
    out.list.push_back(
        {std::string{std::string_view{id->get_string()}} + std::string{r.public_url}, std::move(*signature)});
    return reading::ok;
}

// USPS wraps the payload as a string beside the timestamp that is signed with it.
reading read_usps(const claims_request& r, claims& out) {
    std::string_view sent;
    switch (find_header(*r.request.headers, "x-hmac", sent)) {
    case lookup::absent: return reading::missing;
    case lookup::many: return reading::malformed;
    case lookup::one: break;
    }
    auto signature = from_base64(sent);
    const auto document = parsed(r.request.body);
    if (!signature || !document) return reading::malformed;
    const value* payload = member(&*document, "payload");
    const value* stamp = member(&*document, "timestamp");
    if (payload == nullptr || !payload->is_string() || stamp == nullptr) return reading::malformed;
    claim c;
    if (!append_scalar(c.message, stamp) || c.message.empty()) return reading::malformed;
    c.message += std::string_view{payload->get_string()};
    c.signature = std::move(*signature);
    out.list.push_back(std::move(c));
    return reading::ok;
}

// Amazon SNS, "Verifying the signatures of Amazon SNS messages": the fields of the kind of message, in the
// order of their names.
reading read_sns(const claims_request& r, claims& out) {
    const auto document = parsed(r.request.body);
    if (!document) return reading::malformed;
    claim c;
    if (const auto s = signature_at(&*document, "Signature", false, c.signature); s != reading::ok) return s;
    const auto text = [&](std::string_view name) -> std::optional<std::string_view> {
        const value* v = member(&*document, name);
        if (v == nullptr || !v->is_string()) return std::nullopt;
        return std::string_view{v->get_string()};
    };
    const auto version = text("SignatureVersion"), kind = text("Type"), url = text("SigningCertURL");
    if (!version || !kind || !url || (*version != "1" && *version != "2")) return reading::malformed;
    out.hash = *version == "1" ? crypto::hash::sha1 : crypto::hash::sha256;
    out.key_url = *url;
    const bool event = *kind == "Notification";
    if (!event && *kind != "SubscriptionConfirmation" && *kind != "UnsubscribeConfirmation")
        return reading::malformed;
    constexpr std::array<std::string_view, 6> of_event{"Message",   "MessageId", "Subject",
                                                       "Timestamp", "TopicArn",  "Type"};
    constexpr std::array<std::string_view, 7> of_confirmation{
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"};
    const auto add = [&](std::string_view name) {
        const auto v = text(name);
        if (!v) return name == "Subject"; // the only one that may be absent
        c.message.append(name).append("\n").append(*v).append("\n");
        return true;
    };
    // Whoever has an account can have Amazon sign what is sent here: only the source's own topics count.
    const auto topic = text("TopicArn");
    const auto ours = r.options.find("topic_arn");
    if (!topic || ours == r.options.end() || !lists_word(ours->second, *topic)) return reading::malformed;
    bool whole = true;
    if (event)
        for (const auto name : of_event) whole = add(name) && whole;
    else
        for (const auto name : of_confirmation) whole = add(name) && whole;
    if (!whole) return reading::malformed;
    if (const auto stamp = text("Timestamp")) out.signed_at = parse_timestamp(*stamp, time_format::rfc3339);
    if (!out.signed_at) return reading::malformed;
    out.list.push_back(std::move(c));
    return reading::ok;
}

} // namespace mira::signatures
