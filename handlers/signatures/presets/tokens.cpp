// Providers that sign nothing: they send a token, HTTP Basic, a field of the body, or all there is is a
// secret in the URL that was registered with them (the query parameter "token", unless the option "query"
// names another).
#include "handlers/signatures/presets/presets.hpp"

#include <array>

namespace mira::signatures::presets {
namespace {

constexpr scheme token(std::string_view name, signature_place at, std::string_view note = from_catalogue) {
    scheme s;
    s.name = name;
    s.algo = algorithm::token;
    s.signature = at;
    s.text = encoding::text;
    s.note = note;
    return s;
}
constexpr scheme url_secret(std::string_view name) {
    scheme s =
        token(name, {place::query, "token"}, "the provider signs nothing: a secret in the registered URL");
    s.options = {{{"query"}}};
    return s;
}
constexpr scheme basic(std::string_view name) {
    scheme s = token(name, in_header("Authorization", "Basic "));
    s.algo = algorithm::basic;
    return s;
}

constexpr scheme okta = [] {
    scheme s = token("okta", in_header("Authorization"));
    s.options = {{{"header"}}};
    s.handshakes = {{{handshake::get_okta, "X-Okta-Verification-Challenge"}}};
    s.id = json("/eventId");
    s.type = json("/data/events/0/eventType");
    return s;
}();
constexpr scheme ringcentral = [] {
    scheme s = token("ringcentral", in_header("Verification-Token"));
    s.handshakes = {{{handshake::post_header_echo, "Validation-Token"}}};
    s.id = json("/uuid");
    s.type = json("/event");
    s.ack = {200};
    return s;
}();
// The subscription's clientState stands in every notification.
constexpr scheme microsoft_graph = [] {
    scheme s = token("microsoft-graph", {place::json_each, "/value/*/clientState"}, "");
    s.handshakes = {{{handshake::post_query_echo, "validationToken"}}};
    s.type = json("/value/0/changeType");
    s.after_failure = retries::hours;
    return s;
}();
constexpr scheme sharepoint = [] {
    scheme s = microsoft_graph;
    s.name = "sharepoint";
    s.handshakes = {{{handshake::post_query_echo, "validationtoken"}}};
    s.ack = {200};
    s.type = {};
    s.after_failure = retries::minutes;
    return s;
}();
constexpr scheme mailchimp = [] {
    scheme s = url_secret("mailchimp");
    s.handshakes = {{{handshake::get_ok}}};
    s.type = {field_place::form, "type"};
    return s;
}();
// The body names a payment only, whose state must be fetched; it is the same each time that the state
// changes.
constexpr scheme mollie = with_retries(url_secret("mollie"), retries::days);
constexpr scheme strava = [] {
    scheme s = url_secret("strava");
    s.options = {{{"query"}, {"verify_token"}}};
    s.handshakes = {{{handshake::get_subscribe_json}}};
    s.ack = {200};
    s.type = json("/aspect_type");
    return s;
}();
constexpr scheme salesforce = [] {
    scheme s = token("salesforce", {place::xml, "OrganizationId"});
    s.ack = {200, "text/xml; charset=utf-8",
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
             "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body>"
             "<notificationsResponse "
             "xmlns=\"http://soap.sforce.com/2005/09/outbound\"><Ack>true</Ack></notificationsResponse>"
             "</soapenv:Body></soapenv:Envelope>"};
    s.after_failure = retries::hours;
    s.note = "an organisation's id is no great secret: put one into the URL and use the scheme token where "
             "that matters";
    return s;
}();
constexpr scheme green_dot = [] {
    scheme s = token("green-dot", in_header("Authorization", "Bearer "));
    s.ack = {200, {}, {}, "x-GD-RequestId"};
    s.id = header("x-GD-RequestId");
    return s;
}();

// Where an id is that of a thing and not of the event, it is no delivery id: Pipedrive's /meta/id is the
// object's (in version 1), Postmark's /MessageID the message's, of which there are several events.
constexpr std::array rows{
    token("auth0", in_header("Authorization")),
    okta,
    with_retries(with_id(basic("chargebee"), json("/id"), json("/event_type")), retries::days),
    with_retries(with_id(basic("pipedrive"), {}, json("/meta/action")), retries::days),
    basic("recurly"),
    basic("ethoca"),
    with_retries(with_id(basic("postmark"), {}, json("/RecordType")), retries::hours),
    token("deepgram", in_header("dg-token")),
    token("hugging-face", in_header("X-Webhook-Secret")),
    ringcentral,
    token("openclaw", in_header("Authorization", "Bearer ")),
    with_id(token("meraki", {place::json, "/sharedSecret"}), json("/alertId"), json("/alertType")),
    token("cloudsignal", {place::json, "/apikey"}),
    microsoft_graph,
    sharepoint,
    mailchimp,
    mollie,
    strava,
    salesforce,
    green_dot,
};

} // namespace

std::span<const scheme> tokens() { return rows; }

} // namespace mira::signatures::presets
