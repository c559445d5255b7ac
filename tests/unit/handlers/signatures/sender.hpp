#pragma once
// Providers as a test plays them: a row says in a small template language what the provider signs and where
// it puts it. Written from the providers' descriptions, apart from the rows of the engine, and signed by
// tests/support/signing.hpp.
#include "handlers/signatures/registry.hpp"
#include "handlers/signatures/verifier.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mira::test {

inline constexpr std::int64_t base_time = 1'700'000'000;
inline signatures::signed_request at_base() {
    signatures::signed_request r;
    r.now = wall_time{seconds{base_time}};
    return r;
}

// A request that owns its text.
struct message {
    http::method verb = http::method::post;
    std::string method = "POST";
    std::string path = "/webhook/acme/in";
    std::string query;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string public_url = "https://hooks.example.com/webhook/acme/in";
    wall_time now{seconds{base_time}};

    std::string* header(std::string_view name);
    void erase(std::string_view name);
};

// The views of a message; the message must stay as it is while they are used.
class viewed {
  public:
    explicit viewed(const message& m);
    const signatures::signed_request& get() const { return request_; }

  private:
    http::fields fields_;
    std::string target_;
    std::string url_;
    signatures::signed_request request_;
};

// {body} {ts} {id} {url} {method} {target} {sig} {key} {bodysha256} {crc32} are replaced; the rest stands as
// it is.
struct provider {
    std::string_view name;
    std::string_view algo;     // hmac-sha1 hmac-sha256 hmac-sha384 hmac-sha512 sha1 sha256 sha384 ed25519
                               // ecdsa-sha1 ecdsa-sha256 rsa-sha1 rsa-sha256 rsa-sha512 pss-sha512 rsa-double
    std::string_view encoding; // hex HEX base64 base64url base64hex percent
    std::string_view signs;    // template of the message
    std::string_view headers;  // "Name: value" lines, templates
    std::string_view unit = "";    // of {ts}: s ms iso, or none
    int tolerance = 0;             // seconds; 0: not judged
    std::string_view key = "utf8"; // utf8 base64 whsec hex
    std::string_view body = R"({"id":"evt_1","type":"thing.made","amount":12})";
    std::string_view query = "";
    // Where the body is covered in part only: a piece of it, and what to put in its place to break the
    // signature.
    std::string_view covered = "", changed = "";
    std::vector<std::pair<std::string_view, std::string_view>> options = {};
};

const std::vector<provider>& providers();

struct sender {
    const provider& p;
    wall_time signed_at{seconds{base_time}};
    std::string id = "msg_1";
    std::string body{};           // instead of the provider's
    int key = 0;                  // which of the provider's keys signs: 0 or 1
    std::string signature_mask{}; // xor-ed onto the raw signature, to break it

    std::string secret_text() const; // as configured for that key
    std::string raw_signature() const;
    message send() const;

  private:
    std::string timestamp() const;
    std::string expand(std::string_view text, const std::string& signature,
                       const std::string& whole_body) const;
    std::string encoded(const std::string& raw) const;
};

signatures::verifier::made make_verifier(std::string_view scheme,
                                         const std::vector<signatures::configured_secret>& secrets,
                                         signatures::verifier_options options = {});
signatures::verifier_options options_of(const provider& p);
signatures::configured_secret secret(std::string_view text);

} // namespace mira::test
