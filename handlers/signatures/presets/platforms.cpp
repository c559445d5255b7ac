// The providers of the common integrations, each as its own documentation has it.
#include "handlers/signatures/presets/presets.hpp"

#include <array>

namespace mira::signatures::presets {
namespace {

constexpr acknowledgement empty_200{200};

constexpr scheme github =
    with_retries(with_id(over_body("github", "X-Hub-Signature-256", encoding::hex, "sha256="),
                         header("X-GitHub-Delivery"), header("X-GitHub-Event")),
                 retries::never);
// For GitHub Enterprise servers that send nothing newer; never accepted beside the 256-bit one.
constexpr scheme github_sha1 =
    with_retries(with_id(with_hash(over_body("github-sha1", "X-Hub-Signature", encoding::hex, "sha1="),
                                   crypto::hash::sha1),
                         header("X-GitHub-Delivery"), header("X-GitHub-Event")),
                 retries::never);
constexpr scheme jira = with_id(over_body("jira", "X-Hub-Signature", encoding::hex, "sha256="),
                                header("X-Atlassian-Webhook-Identifier"), json("/webhookEvent"));
constexpr scheme bitbucket = with_id(over_body("bitbucket", "X-Hub-Signature", encoding::hex, "sha256="),
                                     header("X-Request-UUID"), header("X-Event-Key"));
constexpr scheme gitlab = [] {
    scheme s = with_id(over_body("gitlab", "X-Gitlab-Token", encoding::text), header("X-Gitlab-Event-UUID"),
                       header("X-Gitlab-Event"));
    s.algo = algorithm::token;
    return s;
}();
constexpr scheme trello = [] {
    scheme s = with_hash(over_body("trello", "X-Trello-Webhook", encoding::base64), crypto::hash::sha1);
    s.message = {{body}, {url}};
    s.id = json("/action/id");
    s.type = json("/action/type");
    s.handshakes = {{{handshake::head_ok}}};
    return s;
}();
constexpr scheme linear = [] {
    scheme s = with_id(over_body("linear", "Linear-Signature", encoding::hex), header("Linear-Delivery"),
                       header("Linear-Event"));
    s.time = {time_place::json, "/webhookTimestamp", time_format::milliseconds, 60};
    s.after_failure = retries::hours;
    return s;
}();
constexpr scheme stripe = [] {
    scheme s;
    s.name = "stripe";
    s.signature = in_pairs("Stripe-Signature", "v1");
    s.message = {{timestamp}, {literal, "."}, {body}};
    s.time = {time_place::pair, "t"};
    s.id = json("/id");
    s.type = json("/type");
    s.after_failure = retries::days;
    return s;
}();
constexpr scheme slack = [] {
    scheme s = over_body("slack", "X-Slack-Signature", encoding::hex, "v0=");
    s.message = {{literal, "v0:"}, {timestamp}, {literal, ":"}, {body}};
    s.time = {time_place::header, "X-Slack-Request-Timestamp"};
    s.id = json("/event_id");
    s.type = json("/event/type");
    s.handshakes = {{{handshake::slack_challenge}}};
    s.ack = empty_200; // a text would be shown in the channel as the answer to a slash command
    s.after_failure = retries::hours;
    return s;
}();
constexpr scheme zoom = [] {
    scheme s = over_body("zoom", "x-zm-signature", encoding::hex, "v0=");
    s.message = {{literal, "v0:"}, {timestamp}, {literal, ":"}, {body}};
    s.time = {time_place::header, "x-zm-request-timestamp"};
    s.type = json("/event");
    s.handshakes = {{{handshake::zoom_validation}}};
    s.ack = empty_200;
    return s;
}();
constexpr scheme discord = [] {
    scheme s = over_body("discord", "X-Signature-Ed25519", encoding::hex);
    s.algo = algorithm::ed25519;
    s.key = key_decoding::public_key;
    s.message = {{timestamp}, {body}};
    s.time = {time_place::header, "X-Signature-Timestamp"};
    s.id = json("/id");
    s.type = json("/event/type");
    s.handshakes = {{{handshake::discord_ping}}};
    s.refusal_status = 401;
    s.ack = {204};
    return s;
}();
constexpr scheme intercom = [] {
    scheme s =
        with_hash(over_body("intercom", "X-Hub-Signature", encoding::hex, "sha1="), crypto::hash::sha1);
    s.id = json("/id");
    s.type = json("/topic");
    s.handshakes = {{{handshake::head_ok}}};
    return s;
}();
constexpr scheme meta = [] {
    scheme s = over_body("meta", "X-Hub-Signature-256", encoding::hex, "sha256=");
    s.type = json("/object");
    s.handshakes = {{{handshake::get_subscribe}}};
    s.options = {{{"verify_token"}}};
    s.ack = empty_200;
    s.after_failure = retries::days;
    return s;
}();
constexpr scheme twitter = [] {
    scheme s = over_body("twitter", "x-twitter-webhooks-signature", encoding::base64, "sha256=");
    s.handshakes = {{{handshake::get_crc_token}}};
    s.ack = empty_200;
    return s;
}();
constexpr scheme twitch = [] {
    scheme s = over_body("twitch", "Twitch-Eventsub-Message-Signature", encoding::hex, "sha256=");
    s.message = {{header_value, "Twitch-Eventsub-Message-Id"}, {timestamp}, {body}};
    s.time = {time_place::header, "Twitch-Eventsub-Message-Timestamp", time_format::rfc3339, 600};
    s.id = header("Twitch-Eventsub-Message-Id");
    s.type = header("Twitch-Eventsub-Subscription-Type");
    s.handshakes = {{{handshake::twitch_challenge}}};
    s.ack = {204};
    return s;
}();

constexpr scheme shopify =
    with_retries(with_id(over_body("shopify", "X-Shopify-Hmac-SHA256", encoding::base64),
                         header("X-Shopify-Webhook-Id"), header("X-Shopify-Topic")),
                 retries::days);
constexpr scheme square = [] {
    scheme s = over_body("square", "x-square-hmacsha256-signature", encoding::base64);
    s.message = {{url}, {body}};
    s.id = json("/event_id");
    s.type = json("/type");
    s.after_failure = retries::days;
    return s;
}();
constexpr scheme square_sha1 = [] {
    scheme s = square;
    s.name = "square-sha1";
    s.signature = in_header("x-square-signature");
    s.hash = crypto::hash::sha1;
    return s;
}();
constexpr scheme hubspot = [] {
    scheme s = over_body("hubspot", "X-HubSpot-Signature-v3", encoding::base64);
    s.message = {{method}, {url_decoded}, {body}, {timestamp}};
    s.time = {time_place::header, "X-HubSpot-Request-Timestamp", time_format::milliseconds};
    s.type = json("/0/subscriptionType");
    s.after_failure = retries::hours;
    return s;
}();
constexpr scheme hubspot_v2 = [] {
    scheme s = over_body("hubspot-v2", "X-HubSpot-Signature", encoding::hex);
    s.algo = algorithm::digest;
    s.message = {{secret}, {method}, {url}, {body}};
    s.type = json("/0/subscriptionType");
    s.after_failure = retries::hours;
    return s;
}();
constexpr scheme hubspot_v1 = [] {
    scheme s = hubspot_v2;
    s.name = "hubspot-v1";
    s.message = {{secret}, {body}};
    return s;
}();
constexpr scheme paddle = [] {
    scheme s;
    s.name = "paddle";
    s.signature = in_pairs("Paddle-Signature", "h1", ';');
    s.message = {{timestamp}, {literal, ":"}, {body}};
    s.time = {time_place::pair, "ts", time_format::seconds, 5};
    s.id = json("/event_id");
    s.type = json("/event_type");
    s.after_failure = retries::days;
    return s;
}();
constexpr scheme typeform = with_id(over_body("typeform", "Typeform-Signature", encoding::base64, "sha256="),
                                    json("/event_id"), json("/event_type"));
constexpr scheme calendly = [] {
    scheme s;
    s.name = "calendly";
    s.signature = in_pairs("Calendly-Webhook-Signature", "v1");
    s.message = {{timestamp}, {literal, "."}, {body}};
    s.time = {time_place::pair, "t", time_format::seconds, 180};
    s.type = json("/event");
    s.after_failure = retries::hours;
    return s;
}();
constexpr scheme docusign = [] {
    scheme s;
    s.name = "docusign";
    s.signature = {place::numbered_headers, "X-DocuSign-Signature-"};
    s.text = encoding::base64;
    s.type = json("/event");
    s.after_failure = retries::days;
    return s;
}();
constexpr scheme sendgrid = [] {
    scheme s = over_body("sendgrid", "X-Twilio-Email-Event-Webhook-Signature", encoding::base64);
    s.algo = algorithm::ecdsa;
    s.key = key_decoding::public_key;
    s.message = {{timestamp}, {body}};
    s.time = {time_place::header, "X-Twilio-Email-Event-Webhook-Timestamp"};
    s.id = json("/0/sg_event_id");
    s.type = json("/0/event");
    s.after_failure = retries::days;
    return s;
}();
constexpr scheme airtable = [] {
    scheme s = over_body("airtable", "X-Airtable-Content-MAC", encoding::hex, "hmac-sha256=");
    s.key = key_decoding::base64;
    s.ack = empty_200;
    return s;
}();
constexpr scheme telnyx = [] {
    scheme s = over_body("telnyx", "telnyx-signature-ed25519", encoding::base64);
    s.algo = algorithm::ed25519;
    s.key = key_decoding::public_key;
    s.message = {{timestamp}, {literal, "|"}, {body}};
    s.time = {time_place::header, "telnyx-timestamp"};
    s.id = json("/data/id");
    s.type = json("/data/event_type");
    return s;
}();
constexpr scheme paypal = [] {
    scheme s = over_body("paypal", "paypal-transmission-sig", encoding::base64);
    s.algo = algorithm::rsa;
    s.key = key_decoding::public_key;
    s.message = {{header_value, "paypal-transmission-id"},
                 {literal, "|"},
                 {timestamp},
                 {literal, "|"},
                 {option, "webhook_id"},
                 {literal, "|"},
                 {body_crc32}};
    // Retries carry the first attempt's time for up to three days, so it is not judged unless the source sets
    // a tolerance.
    s.time = {time_place::header, "paypal-transmission-time", time_format::rfc3339, 0};
    s.id = header("paypal-transmission-id");
    s.type = json("/event_type");
    s.options = {{{"webhook_id", true}}};
    s.keys = {key_origin::by_url, "paypal-cert-url", {}, "*.paypal.com"};
    s.after_failure = retries::days;
    return s;
}();
constexpr scheme sns = [] {
    scheme s;
    s.name = "sns";
    s.algo = algorithm::rsa;
    s.key = key_decoding::public_key;
    s.signature = {place::claims};
    s.read = read_sns;
    // Retries repeat the message with its first timestamp for hours.
    s.time = {time_place::none, {}, time_format::rfc3339, 0};
    s.id = json("/MessageId");
    s.type = json("/Type");
    s.handshakes = {{{handshake::sns_confirmation}}};
    s.keys = {key_origin::by_url, {}, {}, "sns.<region>.amazonaws.com sns.<region>.amazonaws.com.cn", ".pem"};
    s.after_failure = retries::hours;
    return s;
}();

constexpr std::array rows{github,   github_sha1, jira,       bitbucket, gitlab,   trello,
                          linear,   stripe,      slack,      zoom,      discord,  intercom,
                          meta,     twitter,     twitch,     shopify,   square,   square_sha1,
                          hubspot,  hubspot_v2,  hubspot_v1, paddle,    typeform, calendly,
                          docusign, sendgrid,    airtable,   telnyx,    paypal,   sns};

} // namespace

std::span<const scheme> platforms() { return rows; }

} // namespace mira::signatures::presets
