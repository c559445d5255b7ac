#include "engine/base/encoding.hpp"
#include "tests/support/allocations.hpp"
#include "tests/unit/handlers/signatures/sender.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <new>

using namespace mira;
using namespace mira::signatures;
using mira::test::allocations;
using mira::test::viewed;

TEST_CASE("allocations: the counter counts") {
    const auto before = allocations();
    void* const p = ::operator new(7); // a new expression may be left out
    CHECK(allocations() == before + 1);
    ::operator delete(p);
}

TEST_CASE("allocations: an HMAC over headers and body costs none, right or wrong, whole or in pieces") {
#ifndef MIRA_HMAC_EVP
    std::size_t tried = 0;
    for (const auto& p : test::providers()) {
        const scheme& row = *find_scheme(p.name);
        // A URL is put together for the message; fields and public keys may allocate.
        const bool url = p.signs.find("{url}") != std::string_view::npos;
        if ((row.algo != algorithm::hmac && row.algo != algorithm::digest) || row.read != nullptr || url)
            continue;
        if (row.time.where == time_place::json) continue;
        CAPTURE(p.name);
        ++tried;
        const auto v = *test::make_verifier(p.name,
                                            {test::secret(test::sender{.p = p, .key = 1}.secret_text()),
                                             test::secret(test::sender{p}.secret_text())},
                                            test::options_of(p));
        auto m = test::sender{p}.send();
        const viewed good{m};
        auto spoilt = m;
        spoilt.body += "!";
        const viewed bad{spoilt};
        const auto before = allocations();
        const bool accepted = v->check(good.get()).accepted();
        const bool refused = !v->check(bad.get()).accepted();
        body_check b;
        const bool begun = !b.begin(*v, good.get());
        b.update(as_bytes(m.body));
        const bool finished = b.finish().accepted();
        CHECK(allocations() == before);
        CHECK((accepted && refused && begun && finished));
    }
    CHECK(tried > 70);
#endif
}

TEST_CASE("allocations: a short JSON id costs none, a header's none") {
    test::message m;
    m.body = R"({"object":"event","data":{"object":{"id":"ch_1"}},"id":"evt_1","type":"x"})";
    m.headers = {{"X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"}};
    const viewed r{m};
    const auto stripe = *test::make_verifier("stripe", {}), github = *test::make_verifier("github", {});
    std::string room;
    room.reserve(extractor::longest);
    const auto before = allocations();
    const bool both =
        stripe->delivery_id(r.get(), room) == "evt_1" && github->delivery_id(r.get(), room).has_value();
    const bool quiet = !github->answer_unsigned(r.get()) && !github->answer_signed(r.get());
    CHECK(allocations() == before);
    CHECK(both);
    CHECK(quiet);
}
