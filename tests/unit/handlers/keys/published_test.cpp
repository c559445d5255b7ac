#include "engine/base/encoding.hpp"
#include "engine/crypto/digest.hpp"
#include "handlers/keys/published.hpp"
#include "tests/support/signing.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace mira;
using namespace mira::keys;
using test::base64url;
using test::key_pair;
using test::key_type;

namespace {

std::string rsa_jwk(const std::string& id, const std::string& more = "",
                    const key_pair& k = key_pair::of(key_type::rsa)) {
    return R"({"kty":"RSA","kid":")" + id + R"(","n":")" + base64url(k.number("n")) + R"(","e":")" +
           base64url(k.number("e")) + "\"" + more + "}";
}
// RFC 7518 section 6.2.1.2: as long as the curve's field.
std::string coordinate(const key_pair& k, const char* name) {
    std::string n = k.number(name);
    return base64url(n.insert(0, 32 - n.size(), '\0'));
}
std::string set_of(const std::string& keys) { return R"({"keys":[)" + keys + "]}"; }

// Whether the key is the one that signs here.
bool is_rsa(const crypto::public_key& k) {
    const std::string signature = key_pair::of(key_type::rsa).sign("SHA256", "m");
    std::array<unsigned char, crypto::max_digest_size> digest{};
    const auto n = crypto::digest_size(crypto::hash::sha256);
    crypto::digest(crypto::hash::sha256, as_bytes("m"), digest);
    return k.kind() == crypto::key_kind::rsa && k.verify_rsa(crypto::hash::sha256, crypto::rsa_padding::pkcs1,
                                                             {digest.data(), n}, as_bytes(signature));
}

} // namespace

TEST_CASE("published: a key set of all kinds") {
    const auto& ec = key_pair::of(key_type::p256);
    const auto& ed = key_pair::of(key_type::ed25519);
    const auto keys = read_key_set(set_of(rsa_jwk("r", R"(,"use":"sig","alg":"RS256","x5c":["ignored"])") +
                                          "," + R"({"kty":"EC","crv":"P-256","kid":"e","x":")" +
                                          coordinate(ec, "qx") + R"(","y":")" + coordinate(ec, "qy") +
                                          "\"}," + R"({"kty":"OKP","crv":"Ed25519","kid":"d","x":")" +
                                          base64url(ed.raw_public()) + "\"}"));
    REQUIRE(keys);
    REQUIRE(keys->size() == 3);
    CHECK((*keys)[0].id == "r");
    CHECK(is_rsa((*keys)[0].key));
    CHECK((*keys)[1].id == "e");
    CHECK((*keys)[1].key.kind() == crypto::key_kind::p256);
    CHECK((*keys)[2].id == "d");
    CHECK((*keys)[2].key.kind() == crypto::key_kind::ed25519);
}

TEST_CASE("published: what a key set is passed over for") {
    const std::string good = rsa_jwk("r");
    for (const std::string& other :
         {rsa_jwk("x", R"(,"use":"enc")"), std::string{R"({"kty":"oct","kid":"o","k":"c2VjcmV0"})"},
          std::string{R"({"kty":"EC","crv":"P-521","kid":"o","x":"AA","y":"AA"})"},
          std::string{R"({"kty":"EC","crv":"P-256","kid":"o","x":"AA","y":"AA"})"}, // no point of the curve
          std::string{R"({"kty":"RSA","kid":"o","n":"AQAB","e":"AQAB"})"},          // too short
          std::string{R"({"kty":"RSA","kid":"o","n":7,"e":null})"}, std::string{"{}"},
          R"({"kty":"RSA","n":")" + base64url(key_pair::of(key_type::rsa).number("n")) +
              R"(","e":"AQAB"})"}) { // no id
        CAPTURE(other);
        const auto keys = read_key_set(set_of(other + "," + good));
        REQUIRE(keys);
        REQUIRE(keys->size() == 1);
        CHECK(keys->front().id == "r");
    }
    const auto none = read_key_set(set_of(""));
    REQUIRE(none);
    CHECK(none->empty());
}

TEST_CASE("published: what is no key set") {
    const std::string two_with_one_id =
        set_of(rsa_jwk("r") + "," + rsa_jwk("r", "", key_pair::another(key_type::rsa)));
    for (const std::string& text :
         {std::string{}, std::string{"{}"}, std::string{"[]"}, std::string{"null"},
          std::string{R"({"keys":{}})"}, std::string{R"({"keys":[1]})"}, std::string{"<html>"},
          set_of(rsa_jwk("r")) + "x", std::string(200, '['), two_with_one_id})
        CHECK_MESSAGE(!read_key_set(text), text.substr(0, 60));
    std::string many;
    for (std::size_t i = 0; i < most_in_set; ++i) many += (i == 0 ? "" : ",") + std::string{"{}"};
    CHECK(read_key_set(set_of(many)));
    CHECK_FALSE(read_key_set(set_of(many + ",{}")));
}

TEST_CASE("published: one key in a document") {
    const auto& rsa = key_pair::of(key_type::rsa);
    std::string line = rsa.public_pem(); // as eBay writes it
    std::erase(line, '\n');
    std::string escaped = rsa.public_pem();
    for (auto at = escaped.find('\n'); at != escaped.npos; at = escaped.find('\n', at))
        escaped.replace(at, 1, "\\n");
    for (const std::string& text :
         {R"({"data":{"id":"k","algorithm":"ECDSA_SHA_256","publicKey":")" + rsa.spki_base64() + "\"}}",
          R"({"publicKey":")" + rsa.spki_base64() + "\"}",
          R"({"key":")" + line + R"(","algorithm":"ECDSA","digest":"SHA1"})", R"({"key":")" + escaped + "\"}",
          rsa.public_pem(), rsa.spki_base64()}) {
        CAPTURE(text);
        const auto key = read_document(text);
        REQUIRE(key);
        CHECK(is_rsa(*key));
    }
    for (const std::string& text :
         {std::string{}, std::string{"{}"}, std::string{R"({"data":[]})"}, std::string{R"({"key":7})"},
          std::string{R"({"key":""})"},
          std::string{R"({"key":"-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----"})"},
          std::string{R"({"key":"-----BEGIN PUBLIC KEY-----"})"}, std::string{"<html>no</html>"},
          rsa.private_pem()})
        CHECK_MESSAGE(!read_document(text), text.substr(0, 60));
}
