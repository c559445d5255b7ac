#include "handlers/signatures/custom.hpp"
#include "tests/support/signing.hpp"
#include "tests/unit/handlers/signatures/sender.hpp"

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

using namespace mira;
using namespace mira::signatures;
using mira::test::base64;
using mira::test::hex;
using mira::test::hmac_of;
using mira::test::message;
using mira::test::viewed;

namespace {

auto parsed(std::string_view text) {
    return scheme_from_json(boost::json::parse(text).as_object(), "sources[0].scheme");
}

outcome judge(std::string_view scheme_text, const message& m, std::string_view secret) {
    const auto s = parsed(scheme_text);
    REQUIRE(s.has_value());
    const std::vector<configured_secret> secrets{test::secret(secret)};
    const auto v = verifier::make(*s, secrets, {});
    REQUIRE(v.has_value());
    return (*v)->check(viewed{m}.get()).result;
}

// The place and the beginning of the only error.
std::string error_of(std::string_view text) {
    const auto s = parsed(text);
    if (s.has_value()) return "no error";
    std::string all;
    for (const auto& e : s.error()) all += e.where + ": " + e.what + "\n";
    return all;
}
bool complains(std::string_view text, std::string_view about) {
    const std::string e = error_of(text);
    const bool found = e.find(about) != std::string::npos;
    if (!found) MESSAGE(e);
    return found;
}

} // namespace

TEST_CASE("custom: the documented example") {
    const auto text =
        R"({"algorithm":"hmac-sha256","header":"X-Sig","prefix":"sha256=","encoding":"hex","message":"{timestamp}.{body}",
                          "timestamp":{"header":"X-Time","unit":"s"},"key":"utf8","id":{"header":"X-Id"}})";
    message m;
    m.body = "{}";
    m.headers = {{"X-Sig", "sha256=" + hex(hmac_of("SHA256", "s", "1700000000.{}"))},
                 {"X-Time", "1700000000"},
                 {"X-Id", "7"}};
    CHECK(judge(text, m, "s") == outcome::accepted);
    CHECK(judge(text, m, "t") == outcome::invalid);
    m.now += seconds{301};
    CHECK(judge(text, m, "s") == outcome::stale);
    m.now -= seconds{301};
    m.body = "{ }";
    CHECK(judge(text, m, "s") == outcome::invalid);
    m.headers.erase(m.headers.begin());
    CHECK(judge(text, m, "s") == outcome::missing);
}

TEST_CASE("custom: every part has its effect") {
    message m;
    m.body = "B";
    m.path = "/p";
    m.query = "q=1";
    m.public_url = "https://h.example/p";
    m.headers = {{"X-A", "a"}, {"X-Id", "i"}, {"X-Sig", ""}};
    const std::string text =
        "i|a|POST|/p?q=1|https://h.example/p?q=1|{}|" + hex(test::digest_of("SHA256", "B"));
    m.headers[2].second = base64(hmac_of("SHA512", "ABC", text));
    CHECK(
        judge(
            R"({"algorithm":"hmac-sha512","header":"X-Sig","encoding":"base64","key":"base64","id":{"header":"X-Id"},
                    "message":"{id}|{header:X-A}|{method}|{target}|{url}|{{}}|{body_sha256}"})",
            m, "QUJD") == outcome::accepted);
    m.headers[2].second = "t=1700000000000;n=x;s=" + hex(hmac_of("SHA1", "s", "x.1700000000000.B"));
    CHECK(
        judge(
            R"({"algorithm":"hmac-sha1","header":"X-Sig","pairs":{"separator":";","key":"s"},"timestamp":{"pair":"t","unit":"ms"},
                    "message":"{pair:n}.{timestamp}.{body}"})",
            m, "s") == outcome::accepted);
    m.headers[2].second = "v0=zz|v1=" + hex(hmac_of("SHA384", "s", "B"));
    CHECK(judge(R"({"algorithm":"hmac-sha384","header":"X-Sig","list":{"separator":"|"},"prefix":"v1="})", m,
                "s") == outcome::accepted);
    m.headers[2].second = hex(test::digest_of("SHA256", "sB"));
    CHECK(judge(R"({"algorithm":"sha256","header":"X-Sig","message":"{secret}{body}"})", m, "s") ==
          outcome::accepted);
    m.headers[2].second = hex(test::digest_of("SHA512", "Bs"));
    CHECK(judge(R"({"algorithm":"sha512","header":"X-Sig","message":"{body}{secret}"})", m, "s") ==
          outcome::accepted);
    m.query = "sig=" + hex(hmac_of("SHA256", "s", "B"));
    CHECK(judge(R"({"algorithm":"hmac-sha256","query":"sig"})", m, "s") == outcome::accepted);
    m.headers[2].second = "key s";
    CHECK(judge(R"({"algorithm":"token","header":"X-Sig","prefix":"key "})", m, "s") == outcome::accepted);
    const auto& ed = test::key_pair::of(test::key_type::ed25519);
    m.headers[2].second = test::base64url(ed.sign(nullptr, "B"));
    CHECK(judge(R"({"algorithm":"ed25519","header":"X-Sig","encoding":"base64url"})", m,
                hex(ed.raw_public())) == outcome::accepted);
    const auto& rsa = test::key_pair::of(test::key_type::rsa);
    m.headers[2].second = base64(rsa.sign("SHA512", "B", true));
    CHECK(judge(R"({"algorithm":"rsa-pss-sha512","header":"X-Sig","encoding":"base64"})", m,
                rsa.public_pem()) == outcome::accepted);
}

TEST_CASE("custom: acknowledgement, retries and extraction") {
    const auto s = parsed(
        R"({"algorithm":"hmac-sha256","header":"X-S","retries":"days","ack":{"status":201,"content_type":"text/plain","body":"ok"},
                              "id":{"json":"/a/0"},"type":{"header":"X-T"}})");
    REQUIRE(s.has_value());
    CHECK((*s)->ack.status == 201);
    CHECK((*s)->ack.body == "ok");
    CHECK((*s)->after_failure == retries::days);
    const auto v = verifier::make(*s, {}, {});
    message m;
    m.body = R"({"a":["x"]})";
    m.headers = {{"X-T", "made"}};
    std::string room;
    CHECK((*v)->delivery_id(viewed{m}.get(), room) == "x");
    CHECK((*v)->event_type(viewed{m}.get(), room) == "made");
}

TEST_CASE("custom: errors say where, what and what would be right") {
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X-S","heder":"x"})",
                    "sources[0].scheme.heder: unknown key; known are algorithm, header"));
    CHECK(complains(R"({"header":"X-S"})",
                    "sources[0].scheme.algorithm: must be one of hmac-sha1, hmac-sha256"));
    CHECK(complains(R"({"algorithm":"md5","header":"X-S"})", "algorithm: must be one of"));
    CHECK(complains(R"({"algorithm":7,"header":"X-S"})", "algorithm: must be a string"));
    CHECK(complains(R"({"algorithm":"hmac-sha256"})", "\"header\" and \"query\""));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X-S","query":"s"})", "\"header\" and \"query\""));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X S"})", "header: is no header name"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","query":""})", "query: must name a parameter"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","encoding":"HEX"})",
                    "encoding: must be one of hex, base64, base64url"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","key":"pem"})",
                    "key: must be one of utf8, base64, whsec, hex"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","retries":"always"})",
                    "retries: must be one of"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","message":"x"})",
                    "message: must contain {body}"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","message":"{body}{body}"})", "exactly once"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","message":"{body}{nonce}"})",
                    "unknown part {nonce}; known are {body}"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","message":"{body}{header:a b}"})",
                    "unknown part"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","message":"{body"})", "not closed"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","message":"{body}}"})", "closes nothing"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","message":"{timestamp}{body}"})",
                    "no \"timestamp\" says where"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","timestamp":{"header":"T"}})",
                    "timestamp: is not part of the message"));
    CHECK(complains(
        R"({"algorithm":"hmac-sha256","header":"X","message":"{timestamp}{body}","timestamp":{"header":"T","unit":"h"}})",
        "unit: must be one of s, ms, rfc3339"));
    CHECK(complains(
        R"({"algorithm":"hmac-sha256","header":"X","message":"{timestamp}{body}","timestamp":{"pair":"t"}})",
        "timestamp.pair: needs \"pairs\""));
    CHECK(
        complains(R"({"algorithm":"hmac-sha256","header":"X","message":"{timestamp}{body}","timestamp":{}})",
                  "either \"header\" or \"pair\""));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","message":"{id}{body}"})",
                    "{id}, but \"id\" names no header"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","message":"{secret}{body}"})",
                    "only a plain hash needs"));
    CHECK(complains(R"({"algorithm":"sha256","header":"X"})", "{secret} once, first or last"));
    CHECK(complains(R"({"algorithm":"sha256","header":"X","message":"a{secret}{body}"})",
                    "{secret} once, first or last"));
    CHECK(
        complains(R"({"algorithm":"hmac-sha256","header":"X","message":"{pair:n}{body}"})", "no \"pairs\""));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","list":{},"pairs":{"key":"a"}})",
                    "exclude each other"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","query":"x","list":{}})", "forms of a header"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","list":{"separator":"::"}})",
                    "list.separator: must be one visible character"));
    CHECK(
        complains(R"({"algorithm":"hmac-sha256","header":"X","pairs":{}})", "pairs.key: must name the key"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","pairs":{"key":"a","kee":1}})",
                    "pairs.kee: unknown key; known are separator, key"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","pairs":[]})", "pairs: must be an object"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","id":{"json":"a"}})",
                    "id.json: must be a JSON pointer"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","id":{"header":"A","json":"/a"}})",
                    "id: must have either"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","ack":{"status":404}})",
                    "ack.status: must be a number from 200 to 299"));
    CHECK(complains(R"({"algorithm":"hmac-sha256","header":"X","ack":{"content_type":"a\r\nb: c"}})",
                    "ack.content_type: is no header value"));
    CHECK(complains(R"({"algorithm":"rsa-sha256","header":"X","key":"hex"})",
                    "key: has no meaning with a public key"));
    CHECK(complains(R"({"algorithm":"token","header":"X","message":"{body}"})",
                    "message: has no meaning with the algorithm token"));
    CHECK(complains(
        R"({"algorithm":"hmac-sha256","header":"X","message":"{body}{method}{method}{method}{method}{method}{method}{method}{method}{method}{method}{method}{method}"})",
        "more than 12 parts"));
    // All of them at once, not one a run.
    CHECK(parsed(R"({"algorithm":"x","header":"a b","foo":1})").error().size() == 3);
}

TEST_CASE("custom: a scheme outlives the JSON it was read from") {
    std::shared_ptr<const scheme> s;
    {
        const boost::json::value v = boost::json::parse(
            R"({"algorithm":"hmac-sha256","header":"X-A-Rather-Long-Header-Name","message":"a-literal-text{body}"})");
        s = *scheme_from_json(v.get_object(), "x");
    }
    CHECK(s->signature.name == "X-A-Rather-Long-Header-Name");
    CHECK(s->message.parts[0].text == "a-literal-text");
}
