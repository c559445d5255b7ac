#include "engine/base/encoding.hpp"
#include "engine/crypto/digest.hpp"
#include "engine/crypto/hmac.hpp"
#include "engine/crypto/secure.hpp"
#include "tests/support/signing.hpp"

#include <doctest/doctest.h>

#include <type_traits>

using namespace mira;
using namespace mira::crypto;

namespace {

std::string hmac_hex(hash h, std::string_view key, std::string_view message) {
    const hmac_key k{h, as_bytes(key)};
    std::array<unsigned char, max_digest_size> out{};
    const std::size_t n = hmac(k, as_bytes(message), out);
    return to_hex({out.data(), n});
}

struct vector {
    std::string key, message, sha256, sha384, sha512;
};

} // namespace

// RFC 4231 sections 4.2, 4.3, 4.7 and 4.8: a short key, a key shorter than the digest, keys longer than the
// block.
TEST_CASE("hmac: vectors of RFC 4231") {
    const std::array<vector, 4> all{{
        {std::string(20, '\x0b'), "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
         "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
         "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9"
         "d914eeb61f17"
         "02e696c203a126854"},
        {"Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
         "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
         "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcae"
         "ab1a34d4a6b"
         "4b636e070a38bce737"},
        {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
         "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
         "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e"
         "64f73f63f0a"
         "ec8b915a985d786598"},
        {std::string(131, '\xaa'),
         "This is a test using a larger than block-size key and a larger than block-size data. The key needs "
         "to be hashed "
         "before being used by the HMAC algorithm.",
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
         "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e",
         "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134"
         "676fb6de044"
         "6065c97440fa8c6a58"},
    }};
    for (const auto& v : all) {
        CHECK(hmac_hex(hash::sha256, v.key, v.message) == v.sha256);
        CHECK(hmac_hex(hash::sha384, v.key, v.message) == v.sha384);
        CHECK(hmac_hex(hash::sha512, v.key, v.message) == v.sha512);
    }
}

// RFC 2202 section 3.
TEST_CASE("hmac: vectors of RFC 2202 for SHA-1") {
    CHECK(hmac_hex(hash::sha1, std::string(20, '\x0b'), "Hi There") ==
          "b617318655057264e28bc0b6fb378c8ef146be00");
    CHECK(hmac_hex(hash::sha1, "Jefe", "what do ya want for nothing?") ==
          "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    CHECK(hmac_hex(hash::sha1, std::string(80, '\xaa'),
                   "Test Using Larger Than Block-Size Key - Hash Key First") ==
          "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

TEST_CASE("hmac: a key at, below and above the block is what OpenSSL's one-shot call makes of it") {
    const std::array<std::pair<hash, const char*>, 4> kinds{
        {{hash::sha1, "SHA1"}, {hash::sha256, "SHA256"}, {hash::sha384, "SHA384"}, {hash::sha512, "SHA512"}}};
    for (const auto& [h, name] : kinds)
        for (const std::size_t size : {std::size_t{0}, block_size(h) - 1, block_size(h), block_size(h) + 1}) {
            const std::string key(size, 'k');
            CHECK(hmac_hex(h, key, "message") == test::hex(test::hmac_of(name, key, "message")));
        }
}

TEST_CASE("hmac: a message in pieces is the message, and one key serves many messages") {
    const hmac_key k{hash::sha256, as_bytes("secret")};
    const std::string message(1000, 'm');
    const std::string expected = test::hex(test::hmac_of("SHA256", "secret", message));
    for (const std::size_t cut :
         {std::size_t{0}, std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{1000}}) {
        hmac_stream s{k};
        s.update(as_bytes(message).first(cut));
        s.update({});
        s.update(as_bytes(message).subspan(cut));
        std::array<unsigned char, 32> out{};
        REQUIRE(s.finish(out) == 32);
        CHECK(to_hex(out) == expected);
    }
}

TEST_CASE("hmac: room below the digest is refused") {
    const hmac_key k{hash::sha256, as_bytes("secret")};
    std::array<unsigned char, 31> small{};
    CHECK(hmac(k, as_bytes("m"), small) == 0);
}

#ifndef MIRA_HMAC_EVP
static_assert(std::is_trivially_copyable_v<hmac_stream>);
static_assert(std::is_trivially_copyable_v<digester>);

TEST_CASE("hmac: a copy of a stream goes its own way") {
    const hmac_key k{hash::sha256, as_bytes("secret")};
    hmac_stream a{k};
    a.update(as_bytes("common "));
    hmac_stream b = a;
    a.update(as_bytes("one"));
    b.update(as_bytes("two"));
    std::array<unsigned char, 32> out{};
    a.finish(out);
    CHECK(to_hex(out) == test::hex(test::hmac_of("SHA256", "secret", "common one")));
    b.finish(out);
    CHECK(to_hex(out) == test::hex(test::hmac_of("SHA256", "secret", "common two")));
}

TEST_CASE("hmac: a key's states are wiped when it goes") {
    alignas(hmac_key) unsigned char room[sizeof(hmac_key)];
    auto* k = new (room) hmac_key{hash::sha256, as_bytes("secret")};
    const hmac_key twin{hash::sha256, as_bytes("secret")};
    // The chaining value after the inner pad stands at the front of the first state.
    const std::string state{reinterpret_cast<const char*>(&twin), sizeof twin};
    CHECK(std::string_view{reinterpret_cast<char*>(room), sizeof room}.find(state.substr(8, 24)) == 8);
    k->~hmac_key();
    const volatile unsigned char* left = room; // the bytes are ours still, the object is not
    std::string after;
    for (std::size_t i = 0; i < sizeof room; ++i) after += static_cast<char>(left[i]);
    CHECK(after.find(state.substr(8, 24)) == std::string::npos);
}
#endif

// FIPS 180-2 appendices A.1, B.1, C.1, D.1: "abc".
TEST_CASE("digest: vectors of FIPS 180-2") {
    const auto of = [](hash h, std::string_view text) {
        std::array<unsigned char, max_digest_size> out{};
        return to_hex({out.data(), digest(h, as_bytes(text), out)});
    };
    CHECK(of(hash::sha1, "abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(of(hash::sha256, "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(of(hash::sha384, "abc") ==
          "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
    CHECK(of(hash::sha512, "abc") ==
          "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3"
          "c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST_CASE("secure: equality looks at length and at every byte") {
    CHECK(equal_constant_time("", ""));
    CHECK(equal_constant_time("abc", "abc"));
    CHECK_FALSE(equal_constant_time("abc", "abd"));
    CHECK_FALSE(equal_constant_time("abc", "bbc"));
    CHECK_FALSE(equal_constant_time("abc", "ab"));
    CHECK_FALSE(equal_constant_time("abc", "abcd"));
}

TEST_CASE("secure: random bytes come, and differ") {
    std::array<unsigned char, 32> a{}, b{};
    REQUIRE(fill_random(a));
    REQUIRE(fill_random(b));
    CHECK(a != b);
}

TEST_CASE("secure: a secret that was moved from is empty") {
    secret_bytes a{"a rather long secret, too long for the short string"};
    const secret_bytes b{std::move(a)};
    CHECK(a.empty()); // NOLINT(bugprone-use-after-move)
    CHECK(b.view() == "a rather long secret, too long for the short string");
}
