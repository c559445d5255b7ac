#pragma once
// A tenant's own scheme, written in the configuration from the same parts as the built-in rows.
//
//   {
//     "algorithm": "hmac-sha256",       // hmac-sha1, hmac-sha256, hmac-sha384, hmac-sha512: the secret is
//     the key
//                                       // sha1, sha256, sha384, sha512: plain, the message has {secret}
//                                       first or last
//                                       // ed25519, ecdsa-p256-sha256, rsa-sha256, rsa-sha512,
//                                       rsa-pss-sha512: a public key
//                                       // token: the secret itself is sent
//     "header": "X-Sig",                // where the signature stands; or "query": "sig"
//     "prefix": "sha256=",              // what stands before it (optional)
//     "list": {"separator": " "},       // the header lists several, each with the prefix; those without are
//     skipped (optional) "pairs": {"separator": ",", "key": "v1"}, // the header is key=value pairs; this
//     key's value is it (optional) "encoding": "hex",                // hex, base64, base64url; not with
//     token "message": "{timestamp}.{body}",  // default "{body}"; {body} or {body_sha256} once, and
//     {timestamp} {id} {method} {url}
//                                       // {target} {secret} {header:NAME} {pair:KEY}; "{{" and "}}" are the
//                                       braces themselves
//     "timestamp": {"header": "X-Time", "unit": "s"}, // or "pair": "t"; unit s, ms or rfc3339
//     "key": "utf8",                    // how the secret is written: utf8, base64, whsec (base64 behind
//     whsec_), hex "id": {"header": "X-Id"},         // the delivery's id, or {"json": "/id"}; it is {id} of
//     the message where a header "type": {"json": "/type"},        // the event's type, the same "ack":
//     {"status": 200, "content_type": "text/plain", "body": "ok"}, // instead of Mira's answer "retries":
//     "hours"                // how long the sender tries again: never, minutes, hours, days
//   }
//
// "algorithm" and one of "header" and "query" are needed. For configuration time: reports every error, with
// its place and what is allowed. The scheme owns its text; share it with every verifier made of it.
#include "handlers/signatures/scheme.hpp"
#include "handlers/signatures/secrets.hpp"

#include <boost/json/object.hpp>
#include <boost/system/result.hpp>

#include <memory>
#include <string_view>

namespace mira::signatures {

// path names the object in errors ("sources[2].scheme").
boost::system::result<std::shared_ptr<const scheme>, config_errors>
scheme_from_json(const boost::json::object& o, std::string_view path);

} // namespace mira::signatures
