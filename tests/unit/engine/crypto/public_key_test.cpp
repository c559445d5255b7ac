#include "engine/base/encoding.hpp"
#include "engine/crypto/jws.hpp"
#include "engine/crypto/public_key.hpp"
#include "tests/support/signing.hpp"

#include <doctest/doctest.h>

using namespace mira;
using namespace mira::crypto;
using test::key_pair;
using test::key_type;

namespace {

std::string unhex(std::string_view text) {
    std::string out(text.size() / 2, '\0');
    REQUIRE(from_hex(text, {reinterpret_cast<unsigned char*>(out.data()), out.size()}));
    return out;
}

std::array<unsigned char, max_digest_size> digest_bytes(hash h, std::string_view text) {
    std::array<unsigned char, max_digest_size> out{};
    digest(h, as_bytes(text), out);
    return out;
}

struct ed_vector {
    const char *key, *message, *signature;
};

} // namespace

// RFC 8032 section 7.1, tests 1 to 3.
TEST_CASE("public_key: ed25519 vectors of RFC 8032") {
    const std::array<ed_vector, 3> all{{
        {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25"
         "bf5f0595bbe246551"
         "41438e7a100b"},
        {"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387"
         "b2eaeb4302aeeb00d"
         "291612bb0c00"},
        {"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7"
         "c15e9716ed28dc027"
         "beceea1ec40a"},
    }};
    for (const auto& v : all) {
        const auto key = public_key::parse(v.key, key_kind::ed25519);
        REQUIRE(key.has_value());
        const std::string message = unhex(v.message);
        std::string signature = unhex(v.signature);
        CHECK(key->verify_ed25519({as_bytes(message)}, as_bytes(signature)));
        CHECK(key->verify_ed25519({as_bytes(""), as_bytes(message), as_bytes("")}, as_bytes(signature)));
        signature[5] = static_cast<char>(signature[5] ^ 1);
        CHECK_FALSE(key->verify_ed25519({as_bytes(message)}, as_bytes(signature)));
        CHECK_FALSE(
            key->verify_ed25519({as_bytes(message)}, as_bytes(std::string_view{signature}.substr(1))));
    }
}

TEST_CASE("public_key: ed25519 over pieces is over their sum") {
    const auto& pair = key_pair::of(key_type::ed25519);
    const auto key = public_key::parse(test::base64url(pair.raw_public()), key_kind::ed25519);
    REQUIRE(key.has_value());
    const std::string body(100'000, 'b'); // more than the joining buffer keeps
    const std::string signature = pair.sign(nullptr, "1700000000" + body);
    CHECK(key->verify_ed25519({as_bytes("1700000000"), as_bytes(body)}, as_bytes(signature)));
    CHECK(key->verify_ed25519({as_bytes("17000"), as_bytes("00000" + body)}, as_bytes(signature)));
    CHECK_FALSE(key->verify_ed25519({as_bytes(body), as_bytes("1700000000")}, as_bytes(signature)));
}

TEST_CASE("public_key: every written form of a key is the same key") {
    const auto check = [](key_type t, key_kind k, const auto& verifies) {
        const auto& pair = key_pair::of(t);
        std::string one_line = pair.public_pem();
        for (std::size_t at = 0; (at = one_line.find('\n', at)) != std::string::npos; at += 2)
            one_line.replace(at, 1, "\\n");
        for (const std::string& text : {pair.public_pem(), pair.spki_base64(),
                                        "  " + pair.spki_base64() + "\n", one_line, pair.certificate_pem()}) {
            if (t == key_type::ed25519 && text == pair.certificate_pem()) continue;
            const auto key = public_key::parse(text, k);
            REQUIRE(key.has_value());
            CHECK(verifies(*key));
        }
    };
    const auto digest = digest_bytes(hash::sha256, "message");
    const std::span<const unsigned char> d{digest.data(), 32};
    const std::string ec = key_pair::of(key_type::p256).sign("SHA256", "message");
    check(key_type::p256, key_kind::p256,
          [&](const public_key& k) { return k.verify_ecdsa(hash::sha256, d, as_bytes(ec)); });
    const std::string rsa = key_pair::of(key_type::rsa).sign("SHA256", "message");
    check(key_type::rsa, key_kind::rsa, [&](const public_key& k) {
        return k.verify_rsa(hash::sha256, rsa_padding::pkcs1, d, as_bytes(rsa));
    });
    const std::string ed = key_pair::of(key_type::ed25519).sign(nullptr, "message");
    check(key_type::ed25519, key_kind::ed25519,
          [&](const public_key& k) { return k.verify_ed25519({as_bytes("message")}, as_bytes(ed)); });
}

TEST_CASE("public_key: RSA and ECDSA hold to their digest, padding and key") {
    const auto& rsa = key_pair::of(key_type::rsa);
    const auto key = public_key::parse(rsa.public_pem(), key_kind::rsa).value();
    for (const auto& [h, name] : {std::pair{hash::sha1, "SHA1"}, std::pair{hash::sha256, "SHA256"},
                                  std::pair{hash::sha512, "SHA512"}}) {
        const auto digest = digest_bytes(h, "message");
        const std::span<const unsigned char> d{digest.data(), digest_size(h)};
        std::string s = rsa.sign(name, "message");
        CHECK(key.verify_rsa(h, rsa_padding::pkcs1, d, as_bytes(s)));
        CHECK_FALSE(key.verify_rsa(h, rsa_padding::pss, d, as_bytes(s)));
        CHECK_FALSE(key.verify_rsa(h, rsa_padding::pkcs1, d.first(d.size() - 1), as_bytes(s)));
        CHECK_FALSE(key.verify_rsa(h, rsa_padding::pkcs1, d, as_bytes(s + "x")));
        s[9] = static_cast<char>(s[9] ^ 4);
        CHECK_FALSE(key.verify_rsa(h, rsa_padding::pkcs1, d, as_bytes(s)));
        const auto other =
            public_key::parse(key_pair::another(key_type::rsa).public_pem(), key_kind::rsa).value();
        CHECK_FALSE(other.verify_rsa(h, rsa_padding::pkcs1, d, as_bytes(rsa.sign(name, "message"))));
    }
    const auto digest = digest_bytes(hash::sha512, "message");
    CHECK(key.verify_rsa(hash::sha512, rsa_padding::pss, digest,
                         as_bytes(rsa.sign("SHA512", "message", true))));
    CHECK_FALSE(key.verify_rsa(hash::sha256, rsa_padding::pkcs1, {digest.data(), 32},
                               as_bytes(rsa.sign("SHA512", "message"))));

    const auto& ec = key_pair::of(key_type::p256);
    const auto point = public_key::p256_point(as_bytes(ec.number("qx")), as_bytes(ec.number("qy")));
    if (point) { // a coordinate with a leading zero byte is shorter than 32
        const auto sha1 = digest_bytes(hash::sha1, "message");
        CHECK(point->verify_ecdsa(hash::sha1, {sha1.data(), 20}, as_bytes(ec.sign("SHA1", "message"))));
        CHECK_FALSE(
            point->verify_ecdsa(hash::sha1, {sha1.data(), 20}, as_bytes(ec.sign("SHA256", "message"))));
        CHECK_FALSE(point->verify_rsa(hash::sha1, rsa_padding::pkcs1, {sha1.data(), 20},
                                      as_bytes(ec.sign("SHA1", "message"))));
    }
    const auto numbers = public_key::rsa_numbers(as_bytes(rsa.number("n")), as_bytes(rsa.number("e")));
    REQUIRE(numbers.has_value());
    CHECK(numbers->verify_rsa(hash::sha512, rsa_padding::pkcs1, digest,
                              as_bytes(rsa.sign("SHA512", "message"))));
}

TEST_CASE("public_key: a bad key is refused with words that help and do not quote it") {
    const auto why = [](std::string_view text, key_kind k) {
        const auto r = public_key::parse(text, k);
        REQUIRE_FALSE(r.has_value());
        return r.error().what;
    };
    CHECK(why("", key_kind::rsa) == "the key is empty");
    CHECK(why("hunter2", key_kind::rsa).find("neither PEM nor base64") != std::string::npos);
    CHECK(why("hunter2", key_kind::rsa).find("hunter2") == std::string::npos);
    CHECK(why("hunter2", key_kind::ed25519).find("32 bytes") != std::string::npos);
    CHECK(why(key_pair::of(key_type::rsa).public_pem(), key_kind::p256) ==
          "the key is RSA where ECDSA P-256 is needed");
    CHECK(why(key_pair::of(key_type::rsa).private_pem(), key_kind::rsa).find("private") != std::string::npos);
    CHECK(why("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", key_kind::rsa).find("PEM") !=
          std::string::npos);
    CHECK(why(key_pair::of(key_type::p256).spki_base64() + "AAAA", key_kind::p256).find("neither") !=
          std::string::npos);
    CHECK_FALSE(public_key::ed25519_raw(as_bytes(std::string(31, 'x'))).has_value());
    CHECK_FALSE(public_key::p256_point(as_bytes(std::string(32, '\1')), as_bytes(std::string(32, '\1')))
                    .has_value()); // not on the curve
    CHECK_FALSE(public_key::rsa_numbers(as_bytes(std::string(255, 'x')), as_bytes("\1\0\1")).has_value());
}

// RFC 7515 appendix A.1 (HS256) and A.3 (ES256).
TEST_CASE("jws: vectors of RFC 7515") {
    const std::string payload =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const std::string a1 = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + payload +
                           ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const auto secret =
        from_base64("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
                    base64_alphabet::url);
    const jws_key shared{secret_bytes{*secret}};
    const auto j1 = parse_jws(a1);
    REQUIRE(j1);
    CHECK(j1->algorithm == jws_algorithm::hs256);
    CHECK(verify_jws(*j1, shared));
    CHECK_FALSE(verify_jws(*j1, jws_key{secret_bytes{"another"}}));

    const std::string a3 =
        "eyJhbGciOiJFUzI1NiJ9." + payload +
        ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    const auto x = from_base64("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", base64_alphabet::url);
    const auto y = from_base64("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", base64_alphabet::url);
    const jws_key point{public_key::p256_point(as_bytes(*x), as_bytes(*y)).value()};
    const auto j3 = parse_jws(a3);
    REQUIRE(j3);
    CHECK(verify_jws(*j3, point));
    CHECK_FALSE(verify_jws(*j3, shared)); // an algorithm never meets a key of another kind
    CHECK_FALSE(verify_jws(*j1, point));
}

TEST_CASE("jws: each algorithm with its key, whole and detached") {
    const auto& rsa = key_pair::of(key_type::rsa);
    const auto& ec = key_pair::of(key_type::p256);
    const auto& ed = key_pair::of(key_type::ed25519);
    const auto check = [](std::string_view alg, const key_pair* pair, const jws_key& key) {
        const std::string token = test::make_jws(alg, "k1", "{\"a\":1}", "secret", pair);
        const auto j = parse_jws(token);
        REQUIRE(j);
        CHECK(to_string(j->algorithm) == alg);
        CHECK(j->key_id == "k1");
        CHECK(verify_jws(*j, key));
        const auto first = token.find('.'), second = token.rfind('.');
        const std::string detached = token.substr(0, first + 1) + token.substr(second);
        const auto d = parse_jws(detached);
        REQUIRE(d);
        CHECK(verify_jws(*d, key, "{\"a\":1}"));
        CHECK_FALSE(verify_jws(*d, key, "{\"a\":2}"));
        CHECK_FALSE(verify_jws(*d, key));
    };
    check("HS256", nullptr, secret_bytes{"secret"});
    check("HS512", nullptr, secret_bytes{"secret"});
    check("RS256", &rsa, public_key::parse_any(rsa.public_pem()).value());
    check("RS512", &rsa, public_key::parse_any(rsa.public_pem()).value());
    check("PS512", &rsa, public_key::parse_any(rsa.public_pem()).value());
    check("ES256", &ec, public_key::parse_any(ec.public_pem()).value());
    check("EdDSA", &ed, public_key::parse_any(ed.public_pem()).value());
}

TEST_CASE("jws: what is no signed token is not read") {
    const auto with_header = [](std::string_view header) { return test::base64url(header) + ".e30.c2ln"; };
    CHECK(parse_jws(with_header(R"({"alg":"HS256"})")));
    CHECK_FALSE(parse_jws(with_header(R"({"alg":"none"})")));
    CHECK_FALSE(parse_jws(with_header(R"({"alg":"hs256"})")));
    CHECK_FALSE(parse_jws(with_header(R"({"alg":256})")));
    CHECK_FALSE(parse_jws(with_header(R"({})")));
    CHECK_FALSE(parse_jws(with_header(R"([])")));
    CHECK_FALSE(parse_jws(with_header(R"({"alg":"HS256")")));
    CHECK_FALSE(parse_jws(with_header(R"({"alg":"HS256","kid":7})")));
    CHECK_FALSE(parse_jws(with_header(R"({"alg":"HS256","crit":["x"]})")));
    CHECK_FALSE(parse_jws(with_header(R"({"alg":"HS256","b64":false})")));
    CHECK_FALSE(parse_jws(""));
    CHECK_FALSE(parse_jws("a.b"));
    CHECK_FALSE(parse_jws("a.b.c.d"));
    CHECK_FALSE(parse_jws(test::base64url(R"({"alg":"HS256"})") + ".e30.")); // no signature
    CHECK_FALSE(parse_jws(test::base64url(R"({"alg":"HS256"})") + ".e 0.c2ln"));
    CHECK_FALSE(parse_jws(test::base64(R"({"alg":"HS256"} )") + ".e30.c2ln==")); // padding
}
