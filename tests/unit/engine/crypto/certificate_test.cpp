#include "engine/crypto/certificate.hpp"
#include "tests/support/authority.hpp"
#include "tests/support/signing.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <fstream>

using namespace mira;
using namespace mira::crypto;
using test::certificate_form;
using test::issued;

namespace {

certificate read(const std::string& text) {
    const auto all = certificate::read_all(text);
    REQUIRE(all.size() == 1);
    return all.front();
}
certificate read(const issued& x) { return read(x.pem()); }

std::shared_ptr<const trust_store> trusting(const std::string& pem) {
    const test::temp_dir dir;
    std::ofstream{dir / "roots.pem"} << pem;
    std::string why;
    auto store = trust_store::read(dir / "roots.pem", why);
    REQUIRE_MESSAGE(store, why);
    return store;
}

wall_time now() { return system_clocks().wall(); }

// A root, one below it, and a leaf.
struct family {
    issued root{{.common_name = "root", .authority = true}, nullptr};
    issued middle{{.common_name = "middle", .authority = true}, &root};
    issued leaf{{.common_name = "leaf", .dns_names = {"keys.example.com"}}, &middle};
    std::shared_ptr<const trust_store> roots = trusting(root.pem());

    chain_state judge(const certificate& c, const std::vector<certificate>& others,
                      wall_time at = now()) const {
        return roots->verify(c, others, at).state;
    }
};

} // namespace

TEST_CASE("certificate: one or a chain, PEM or DER") {
    const family f;
    CHECK(certificate::read_all(f.leaf.pem()).size() == 1);
    CHECK(certificate::read_all(f.leaf.der()).size() == 1);
    const auto chain =
        certificate::read_all("A comment.\n" + f.leaf.pem() + "\n" + f.middle.pem() + f.root.pem());
    REQUIRE(chain.size() == 3);
    CHECK(chain[0].names() == std::vector<std::string>{"keys.example.com"});
    CHECK(chain[2].names() == std::vector<std::string>{"root"});
}

TEST_CASE("certificate: what is none") {
    const family f;
    const std::string pem = f.leaf.pem(), der = f.leaf.der();
    std::string broken = pem;
    broken[pem.size() / 2] = '!';
    for (const std::string& text :
         {std::string{}, std::string{"<html>no</html>"}, pem.substr(0, pem.size() / 2), broken, pem + broken,
          der.substr(0, der.size() - 1), der + "x", test::key_pair::of(test::key_type::rsa).public_pem(),
          f.leaf.public_pem()})
        CHECK_MESSAGE(certificate::read_all(text).empty(), text.substr(0, 40));
    // Nothing of that is left for the next one to stumble over.
    CHECK(certificate::read_all(pem).size() == 1);
}

TEST_CASE("certificate: bounds of a chain, at and above") {
    const family f;
    std::string chain;
    for (std::size_t i = 0; i < certificate::most_in_chain; ++i) chain += f.leaf.pem();
    CHECK(certificate::read_all(chain).size() == certificate::most_in_chain);
    CHECK(certificate::read_all(chain + f.leaf.pem()).empty());
    const std::string pem = f.leaf.pem();
    CHECK(certificate::read_all(pem + std::string(64 * 1024 - pem.size(), '\n')).size() == 1);
    CHECK(certificate::read_all(pem + std::string(64 * 1024 - pem.size() + 1, '\n')).empty());
}

TEST_CASE("certificate: the names that it was issued for") {
    using names = std::vector<std::string>;
    const auto of = [](certificate_form f) { return read(issued{f, nullptr}).names(); };
    CHECK(of({.common_name = "SNS.amazonaws.com"}) == names{"sns.amazonaws.com"});
    // Where there are DNS names the common name says nothing.
    CHECK(of({.common_name = "sns.amazonaws.com", .dns_names = {"Evil.example", "*.b.example"}}) ==
          names{"evil.example", "*.b.example"});
    CHECK(of({.common_name = ""}).empty());
    CHECK(of({.common_name = std::string{"sns.amazonaws.com\0.evil.example", 31}}).empty());
    CHECK(of({.common_name = "Amazon Root CA"}).empty()); // a space: no name of a host
}

TEST_CASE("certificate: its key, its end, its issuer's place") {
    const issued x{{.issuer_url = "http://crt.example.com/ca.cer", .ends = 1800}, nullptr};
    const certificate c = read(x);
    const auto key = c.key();
    REQUIRE(key.has_value());
    CHECK(key->kind() == key_kind::p256);
    const auto end = c.not_after();
    REQUIRE(end);
    CHECK(*end - now() > seconds{1700});
    CHECK(*end - now() <= seconds{1800});
    CHECK(c.issuer_url() == "http://crt.example.com/ca.cer");
    CHECK_FALSE(read(issued{{}, nullptr}).issuer_url());
    CHECK_FALSE(read(issued{{.issuer_url = "ldap://example.com/ca"}, nullptr}).issuer_url());
    CHECK_FALSE(read(issued{{.issuer_url = "file:///etc/passwd"}, nullptr}).issuer_url());
}

TEST_CASE("certificate: a chain up to a root, in any order and with others among it") {
    const family f;
    const certificate leaf = read(f.leaf), middle = read(f.middle), root = read(f.root);
    CHECK(f.judge(leaf, {middle}) == chain_state::good);
    CHECK(f.judge(leaf, {root, leaf, middle}) == chain_state::good);
    CHECK(f.judge(middle, {}) == chain_state::good);
    const auto verdict = f.roots->verify(leaf, {}, now());
    CHECK(verdict.state == chain_state::issuer_unknown);
    REQUIRE(verdict.without_issuer);
    CHECK(verdict.without_issuer->names() == leaf.names());
}

TEST_CASE("certificate: a chain that ends elsewhere is not trusted, whatever it brings along") {
    const family f;
    const issued other_root{{.common_name = "root", .authority = true}, nullptr};
    const issued other_middle{{.common_name = "middle", .authority = true}, &other_root};
    const issued forged{{.common_name = "leaf", .dns_names = {"keys.example.com"}}, &other_middle};
    const issued alone{{.common_name = "keys.example.com", .authority = true}, nullptr};
    CHECK(f.judge(read(forged), {read(other_middle), read(other_root)}) != chain_state::good);
    // A certificate of the same name as the trusted one, with another key.
    CHECK(f.judge(read(forged), {read(f.middle), read(f.root)}) != chain_state::good);
    CHECK(f.judge(read(alone), {}) != chain_state::good);
    CHECK(f.judge(read(alone), {read(alone)}) != chain_state::good);
}

TEST_CASE("certificate: who is no authority issues nothing") {
    const family f;
    const issued below_leaf{{.common_name = "below"}, &f.leaf};
    CHECK(f.judge(read(below_leaf), {read(f.leaf), read(f.middle)}) == chain_state::bad);
}

TEST_CASE("certificate: times and hashes") {
    const family f;
    const certificate leaf = read(f.leaf), middle = read(f.middle);
    CHECK(f.judge(leaf, {middle}, now() + seconds{3590}) == chain_state::good);
    CHECK(f.judge(leaf, {middle}, now() + seconds{3610}) == chain_state::bad);
    CHECK(f.judge(leaf, {middle}, now() - seconds{3590}) == chain_state::good);
    CHECK(f.judge(leaf, {middle}, now() - seconds{3610}) == chain_state::bad);
    const issued expired{{.common_name = "leaf", .ends = -10}, &f.middle};
    CHECK(f.judge(read(expired), {middle}) == chain_state::bad);
    const issued weak{{.common_name = "leaf", .digest = "SHA1"}, &f.middle};
    CHECK(f.judge(read(weak), {middle}) == chain_state::bad);
}

TEST_CASE("certificate: roots that cannot be read are told of") {
    const test::temp_dir dir;
    std::string why;
    CHECK_FALSE(trust_store::read(dir / "none.pem", why));
    CHECK(why.find("none.pem") != why.npos);
    std::ofstream{dir / "empty.pem"} << "nothing";
    CHECK_FALSE(trust_store::read(dir / "empty.pem", why));
}
