#pragma once
// How a provider signs, as data: a row is algorithm x message template x encoding x key decoding x place of
// the signature x timestamp x handshake. Rows are constants (presets/) or read from the configuration
// (custom.hpp); what no row can say is a function that reads the claims of one provider (claims.hpp). A row
// is immutable, its text outlives every verifier made of it, and any thread may read it.
#include "engine/crypto/digest.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace mira::signatures {

enum class algorithm : std::uint8_t {
    none,    // nothing is verified
    token,   // the secret itself is sent
    basic,   // HTTP Basic; the secret is "user:password"
    hmac,    // with the row's hash
    digest,  // a plain hash over a message that contains the secret
    ed25519, // whole message only
    ecdsa,   // P-256 over the row's hash, DER
    rsa,     // PKCS#1 v1.5 over the row's hash
    rsa_pss,
    jwt, // a JSON Web Token or a detached JWS
};

// What the signed text is made of, in order.
enum class part_kind : std::uint8_t {
    literal,         // text
    body,            // the raw bytes
    body_sha256_hex, // lower-case hex of SHA-256 of the body
    body_crc32,      // CRC-32 of the body, unsigned decimal
    timestamp,       // as sent
    id,              // the header named text; must not contain '.', which separates it from what follows
    header_value,    // the value of the header named text; exactly one, not empty
    pair,            // the value of the key named text in the signature's own header
    listed_headers,  // values of the headers that the pair named text lists (separated by spaces), joined by
                     // '.'
    method,          // as sent
    url,             // public URL with the query
    url_decoded,     // the same, with the percent-codes that HubSpot names decoded
    target,          // path and query as sent
    secret,          // the secret itself: first or last only
    option,          // the source's option named text
};

struct part {
    part_kind kind = part_kind::literal;
    std::string_view text{};
};

struct message_template {
    static constexpr std::size_t capacity = 12;
    std::array<part, capacity> parts{};
    std::size_t count = 0;

    constexpr message_template(std::initializer_list<part> list) {
        for (const part& p : list) parts[count++] = p;
    }
    constexpr const part* begin() const { return parts.data(); }
    constexpr const part* end() const { return parts.data() + count; }
};

enum class encoding : std::uint8_t {
    hex, // either case
    base64,
    base64url,
    base64_of_hex,
    percent_base64, // base64 in either alphabet, then percent-encoded
    text,           // a token: compared as it is
};

enum class place : std::uint8_t {
    none,
    header,           // name: prefix, then the encoded signature
    header_list,      // name: entries between separators, each with prefix; others are skipped
    header_pairs,     // name: key=value between separators; prefix is the key, which may come several times
    numbered_headers, // name-1, name-2, ... up to 100
    query,            // the parameter of that name
    json,             // the string at the JSON pointer name
    json_each,        // name is "/list/*/field": every element's field
    xml,              // the text of the element of that (local) name
    body,             // the body itself, for a JWT
    claims,           // the row's function finds it
};

struct signature_place {
    place where = place::none;
    std::string_view name{};
    std::string_view prefix{};
    char separator = ',';
    // header_pairs: several sets of pairs, with spaces between; what comes again must come with the same
    // timestamp.
    bool sets = false;
};

constexpr signature_place in_header(std::string_view name, std::string_view prefix = {}) {
    return {place::header, name, prefix};
}
constexpr signature_place in_list(std::string_view name, std::string_view prefix, char separator) {
    return {place::header_list, name, prefix, separator};
}
constexpr signature_place in_pairs(std::string_view name, std::string_view key, char separator = ',') {
    return {place::header_pairs, name, key, separator};
}

enum class time_place : std::uint8_t { none, header, pair, json };
enum class time_format : std::uint8_t {
    seconds,
    milliseconds,
    seconds_or_milliseconds, // told apart by the number of digits; where the provider's document leaves it
                             // open
    rfc3339,
    rfc3339_or_milliseconds,
};

struct timestamp_rule {
    time_place where = time_place::none;
    std::string_view name{}; // header, key of the pair, or JSON pointer
    time_format format = time_format::seconds;
    // Both ways, unless the source sets its own. Where the provider names none, 300 s, as Stripe and Svix
    // have it.
    int tolerance_seconds = 300;
};

enum class key_decoding : std::uint8_t {
    utf8,       // the bytes of the text
    base64,     // standard alphabet
    whsec,      // "whsec_" (may be missing), then base64
    hex,        //
    public_key, // PEM, base64 SPKI, or the raw 32 bytes of ed25519; whpk_ and whsk_ before base64 are
                // understood
    jws,        // a public key where the text is one, else the bytes of the text
};

// Where the public key comes from when the source was given none.
enum class key_origin : std::uint8_t { configured, by_id, by_url };

struct key_rule {
    key_origin origin = key_origin::configured;
    // Names the key: a header, or empty where the claims or the JWT name it.
    std::string_view header{};
    // by_id: where to fetch it; {kid} is replaced. Empty: the option jwks_url says.
    std::string_view url{};
    // by_url: the hosts that the peer's URL may name, separated by spaces; see host_rule.hpp.
    std::string_view hosts{};
    std::string_view path_suffix{};
};

enum class field_place : std::uint8_t { none, header, json, query, form };

struct field_rule {
    field_place where = field_place::none;
    std::string_view name{}; // header, JSON pointer, parameter
};
constexpr field_rule header(std::string_view name) { return {field_place::header, name}; }
constexpr field_rule json(std::string_view pointer) { return {field_place::json, pointer}; }

// What a provider asks before or beside its events. The first group is answered without a signature.
enum class handshake : std::uint8_t {
    none,
    head_ok,              // HEAD -> 200
    get_ok,               // GET -> 200
    get_echo,             // GET ?name=v -> v
    get_subscribe,        // GET ?hub.mode=subscribe&hub.verify_token&hub.challenge -> the challenge
    get_subscribe_json,   // the same -> {"hub.challenge": v}
    get_oura,             // GET ?verification_token&challenge -> {"challenge": v}
    get_okta,             // GET with X-Okta-Verification-Challenge -> {"verification": v}
    get_crc_token,        // GET ?crc_token=v -> {"response_token": "sha256=" b64 HMAC}
    get_linkedin,         // GET ?challengeCode=v -> {"challengeCode": v, "challengeResponse": hex HMAC}
    get_ebay,             // GET ?challenge_code=v -> {"challengeResponse": hex sha256(v + token + endpoint)}
    post_query_echo,      // POST ?name=v -> v
    post_header_echo,     // POST with the header name: the same header on the answer
    post_learn,           // the same, and the value is the key from now on
    post_json_echo,       // POST {"challenge": v} -> the same
    post_empty_ok,        // POST without a body -> 200
    post_json_learn,      // POST {"verification_token": v}: the value is the key from now on
    get_head_header_echo, // any method with the header name: the option of that name on the answer
    // From here on only after the signature was found good.
    slack_challenge,
    zoom_validation,
    discord_ping,
    twitch_challenge,
    front_challenge,
    sns_confirmation,
};
constexpr bool is_signed(handshake h) { return h >= handshake::slack_challenge; }

struct handshake_rule {
    handshake kind = handshake::none;
    std::string_view name{};
};

// What the provider wants to read for an event that was accepted. Status 0: Mira's own answer.
struct acknowledgement {
    int status = 0;
    std::string_view content_type{};
    std::string_view body{};
    std::string_view echo_header{}; // sent back as it came
};

// How long a provider goes on trying after a failure: which sources are shed first when there is too much.
// Providers that say nothing count as minutes.
enum class retries : std::uint8_t { never, minutes, hours, days };

struct option_rule {
    std::string_view name{};
    bool required = false;
};

struct claims_request;
struct claims;
enum class reading : std::uint8_t { ok, missing, malformed };
using claims_reader = reading (*)(const claims_request&, claims&);

struct scheme {
    std::string_view name{};
    algorithm algo = algorithm::hmac;
    crypto::hash hash = crypto::hash::sha256;
    signature_place signature{};
    encoding text = encoding::hex;
    message_template message{{part_kind::body}};
    key_decoding key = key_decoding::utf8;
    timestamp_rule time{};
    field_rule id{};   // the delivery
    field_rule type{}; // the event
    std::array<handshake_rule, 2> handshakes{};
    acknowledgement ack{};
    // The answer's status where there is no good signature and the provider looks at it (Discord tries before
    // it accepts an endpoint). 0: 401 where there is none, 403 where it is wrong or stale.
    int refusal_status = 0;
    retries after_failure = retries::minutes;
    key_rule keys{};
    claims_reader read = nullptr;
    std::array<option_rule, 4> options{};
    bool double_digest = false;             // the digest of the digest is signed
    bool detached = false;                  // jwt: the payload is the body
    std::string_view body_hash_claim{};     // jwt: the claim with base64 of SHA-256 of the body
    const scheme* otherwise = nullptr;      // the row to use where this one's signature header is absent
    const scheme* public_sibling = nullptr; // the row for secrets that are public keys (whpk_)
    // "" : checked against the provider's own document. Else what is not known for sure.
    std::string_view note{};
};

} // namespace mira::signatures
