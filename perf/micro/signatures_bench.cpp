// What a verification costs beside its hash: the whole check of a request with a dozen headers.
#include "engine/base/encoding.hpp"
#include "engine/crypto/hmac.hpp"
#include "handlers/signatures/registry.hpp"
#include "handlers/signatures/verifier.hpp"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

using namespace mira;
using namespace mira::signatures;

namespace {

const std::string secret_text = "It's a Secret to Everybody";

std::string mac_hex(std::string_view message) {
    const crypto::hmac_key key{crypto::hash::sha256, as_bytes(secret_text)};
    std::array<unsigned char, 32> out;
    crypto::hmac(key, as_bytes(message), out);
    return to_hex(out);
}

std::shared_ptr<const verifier> made(std::string_view scheme, std::size_t secrets = 1) {
    std::vector<configured_secret> list;
    for (std::size_t i = 0; i + 1 < secrets; ++i)
        list.push_back({crypto::secret_bytes{"another"}, std::nullopt});
    list.push_back({crypto::secret_bytes{secret_text}, std::nullopt});
    return *verifier::make(shared_scheme(scheme), list, {});
}

// The headers that GitHub sends, the signature last but one.
struct github_request {
    explicit github_request(std::size_t size) : body(size, 'b'), signature("sha256=" + mac_hex(body)) {
        headers.add("Host", "hooks.example.com");
        headers.add("User-Agent", "GitHub-Hookshot/f1117f0");
        headers.add("Content-Length", "1024");
        headers.add("Accept", "*/*");
        headers.add("Content-Type", "application/json");
        headers.add("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958");
        headers.add("X-GitHub-Event", "push");
        headers.add("X-GitHub-Hook-ID", "292430182");
        headers.add("X-GitHub-Hook-Installation-Target-ID", "79929171");
        headers.add("X-GitHub-Hook-Installation-Target-Type", "repository");
        headers.add("X-Hub-Signature-256", signature);
        headers.add("Connection", "keep-alive");
        request.headers = &headers;
        request.body = body;
        request.now = wall_time{seconds{1'700'000'000}};
    }
    std::string body, signature;
    http::fields headers;
    signed_request request;
};

void github_check(benchmark::State& state) {
    const github_request r{static_cast<std::size_t>(state.range(0))};
    const auto v = made("github");
    for (auto _ : state) benchmark::DoNotOptimize(v->check(r.request).accepted());
    if (!v->check(r.request).accepted()) state.SkipWithError("refused");
}
BENCHMARK(github_check)->Arg(64)->Arg(1024)->Arg(16 * 1024);

void github_check_third_secret(benchmark::State& state) {
    const github_request r{1024};
    const auto v = made("github", 3);
    for (auto _ : state) benchmark::DoNotOptimize(v->check(r.request).accepted());
}
BENCHMARK(github_check_third_secret);

void github_in_pieces(benchmark::State& state) {
    const github_request r{64 * 1024};
    const auto v = made("github");
    for (auto _ : state) {
        body_check b;
        if (b.begin(*v, r.request)) state.SkipWithError("refused");
        for (std::size_t at = 0; at < r.body.size(); at += 16 * 1024)
            b.update(as_bytes(std::string_view{r.body}.substr(at, 16 * 1024)));
        benchmark::DoNotOptimize(b.finish().accepted());
    }
}
BENCHMARK(github_in_pieces);

void github_refused_by_shape(benchmark::State& state) {
    github_request r{1024};
    http::fields headers;
    for (const auto& f : r.headers.all())
        headers.add(f.name, f.name == "X-Hub-Signature-256" ? "sha256=zz" : f.value);
    r.request.headers = &headers;
    const auto v = made("github");
    for (auto _ : state) benchmark::DoNotOptimize(v->check(r.request).accepted());
}
BENCHMARK(github_refused_by_shape);

void stripe_check(benchmark::State& state) {
    github_request r{1024};
    const std::string value = "t=1700000000,v1=" + mac_hex("1700000000." + r.body);
    r.headers.add("Stripe-Signature", value);
    const auto v = made("stripe");
    for (auto _ : state) benchmark::DoNotOptimize(v->check(r.request).accepted());
    if (!v->check(r.request).accepted()) state.SkipWithError("refused");
}
BENCHMARK(stripe_check);

void plain_hmac(benchmark::State& state) {
    const crypto::hmac_key key{crypto::hash::sha256, as_bytes(secret_text)};
    const std::string body(static_cast<std::size_t>(state.range(0)), 'b');
    std::array<unsigned char, 32> out;
    for (auto _ : state) benchmark::DoNotOptimize(crypto::hmac(key, as_bytes(body), out));
}
BENCHMARK(plain_hmac)->Arg(64)->Arg(1024)->Arg(16 * 1024);

void plain_sha256(benchmark::State& state) {
    const std::string body(1024, 'b');
    std::array<unsigned char, 32> out;
    for (auto _ : state) benchmark::DoNotOptimize(crypto::digest(crypto::hash::sha256, as_bytes(body), out));
}
BENCHMARK(plain_sha256);

void stripe_delivery_id(benchmark::State& state) {
    github_request r{0};
    r.body =
        R"({"object":"event","api_version":"2023-10-16","created":1700000000,"data":{"object":{"id":"ch_1","amount":1}},"id":"evt_1"})";
    r.request.body = r.body;
    const auto v = made("stripe");
    std::string room;
    for (auto _ : state) benchmark::DoNotOptimize(v->delivery_id(r.request, room));
}
BENCHMARK(stripe_delivery_id);

void no_handshake(benchmark::State& state) {
    const github_request r{1024};
    const auto v = made("github");
    for (auto _ : state) benchmark::DoNotOptimize(v->answer_unsigned(r.request));
}
BENCHMARK(no_handshake);

} // namespace

BENCHMARK_MAIN();
