#include "engine/crypto/certificate.hpp"

#include "engine/crypto/owned.hpp"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace mira::crypto {
namespace {

constexpr std::size_t longest_text = 64 * 1024;
constexpr int deepest_chain = 6;

using bio_ptr = owned<BIO, BIO_free>;
using names_ptr = owned<GENERAL_NAMES, GENERAL_NAMES_free>;
using access_ptr = owned<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free>;
using context_ptr = owned<X509_STORE_CTX, X509_STORE_CTX_free>;

struct stack_deleter {
    void operator()(STACK_OF(X509) * s) const { sk_X509_free(s); } // the certificates are not its own
};
using stack_ptr = std::unique_ptr<STACK_OF(X509), stack_deleter>;

X509* raw(const std::shared_ptr<void>& x) { return static_cast<X509*>(x.get()); }

std::shared_ptr<void> share(X509* x) {
    return {x, [](void* p) { X509_free(static_cast<X509*>(p)); }};
}

int no_pass_phrase(char*, int, int, void*) { return -1; }

// What a peer wrote as text: visible ASCII without NUL, which some have hidden a second name behind.
std::optional<std::string> text_of(const ASN1_STRING* s) {
    const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(s));
    const std::string_view text{bytes, static_cast<std::size_t>(std::max(0, ASN1_STRING_length(s)))};
    if (text.empty() || !std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; }))
        return std::nullopt;
    return std::string{text};
}

std::string lower(std::string s) {
    std::ranges::transform(s, s.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return s;
}

std::optional<std::string> common_name(X509* x) {
    X509_NAME* const subject = X509_get_subject_name(x);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    // Several common names are one too many to know which is meant.
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) return std::nullopt;
    return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

} // namespace

std::vector<certificate> certificate::read_all(std::string_view text) {
    std::vector<certificate> all;
    if (text.empty() || text.size() > longest_text) return all;
    if (text.find("-----BEGIN CERTIFICATE-----") == std::string_view::npos) {
        const auto* at = reinterpret_cast<const unsigned char*>(text.data());
        const auto* const end = at + text.size();
        const auto x = share(d2i_X509(nullptr, &at, static_cast<long>(text.size())));
        if (x && at == end) all.push_back(certificate{x});
    } else {
        const bio_ptr in{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
        while (in) {
            const auto x = share(PEM_read_bio_X509(in.get(), nullptr, no_pass_phrase, nullptr));
            if (!x) {
                // The end of the text is an error of this kind; any other means a certificate that is none.
                const auto why = ERR_GET_REASON(ERR_peek_last_error());
                if (why != PEM_R_NO_START_LINE) all.clear();
                break;
            }
            if (all.size() == most_in_chain) {
                all.clear();
                break;
            }
            all.push_back(certificate{x});
        }
    }
    ERR_clear_error();
    return all;
}

std::vector<std::string> certificate::names() const {
    std::vector<std::string> out;
    bool any = false;
    const names_ptr list{
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(raw(x509_), NID_subject_alt_name, nullptr, nullptr))};
    for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
        const GENERAL_NAME* const n = sk_GENERAL_NAME_value(list.get(), i);
        if (n->type != GEN_DNS) continue;
        any = true;
        if (auto text = text_of(n->d.dNSName)) out.push_back(lower(std::move(*text)));
    }
    if (!any)
        if (auto text = common_name(raw(x509_))) out.push_back(lower(std::move(*text)));
    ERR_clear_error();
    return out;
}

public_key::result<public_key> certificate::key() const { return public_key::of_certificate(x509_); }

std::optional<wall_time> certificate::not_after() const {
    std::tm t{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(raw(x509_)), &t) != 1) return std::nullopt;
    return wall_time{seconds{::timegm(&t)}};
}

std::optional<std::string> certificate::issuer_url() const {
    const access_ptr list{
        static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(raw(x509_), NID_info_access, nullptr, nullptr))};
    std::optional<std::string> found;
    for (int i = 0; list && !found && i < sk_ACCESS_DESCRIPTION_num(list.get()); ++i) {
        const ACCESS_DESCRIPTION* const d = sk_ACCESS_DESCRIPTION_value(list.get(), i);
        if (OBJ_obj2nid(d->method) != NID_ad_ca_issuers || d->location->type != GEN_URI) continue;
        auto text = text_of(d->location->d.uniformResourceIdentifier);
        if (text && (text->starts_with("http://") || text->starts_with("https://"))) found = std::move(text);
    }
    ERR_clear_error();
    return found;
}

std::shared_ptr<const trust_store> trust_store::read(const std::string& file, std::string& why) {
    ERR_clear_error();
    const std::shared_ptr<void> store{X509_STORE_new(),
                                      [](void* p) { X509_STORE_free(static_cast<X509_STORE*>(p)); }};
    if (!store || X509_STORE_load_file(static_cast<X509_STORE*>(store.get()), file.c_str()) != 1) {
        std::array<char, 256> text{};
        ERR_error_string_n(ERR_get_error(), text.data(), text.size());
        ERR_clear_error();
        why = "root certificates " + file + ": " + text.data();
        return nullptr;
    }
    return std::shared_ptr<const trust_store>{new trust_store{store}};
}

chain_verdict trust_store::verify(const certificate& leaf, std::span<const certificate> others,
                                  wall_time now) const {
    const context_ptr c{X509_STORE_CTX_new()};
    const stack_ptr untrusted{sk_X509_new_null()};
    chain_verdict out;
    out.reason = "out of memory";
    if (!c || !untrusted) return out;
    for (const certificate& o : others)
        if (sk_X509_push(untrusted.get(), raw(o.x509_)) == 0) return out;
    if (X509_STORE_CTX_init(c.get(), static_cast<X509_STORE*>(store_.get()), raw(leaf.x509_),
                            untrusted.get()) != 1)
        return out;
    X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(c.get());
    X509_VERIFY_PARAM_set_time(rules, static_cast<std::time_t>(unix_seconds(now)));
    X509_VERIFY_PARAM_set_depth(rules, deepest_chain);
    // No SHA-1 and no key below 80 bits' worth anywhere in the chain.
    X509_VERIFY_PARAM_set_auth_level(rules, 1);
    const bool good = X509_verify_cert(c.get()) == 1;
    const int code = X509_STORE_CTX_get_error(c.get());
    out.reason = X509_verify_cert_error_string(code);
    if (good) {
        out.state = chain_state::good;
    } else if (code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
               code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
               code == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE) {
        out.state = chain_state::issuer_unknown;
        if (X509* const at = X509_STORE_CTX_get_current_cert(c.get()); at != nullptr && X509_up_ref(at) == 1)
            out.without_issuer = certificate{share(at)};
    }
    ERR_clear_error();
    return out;
}

} // namespace mira::crypto
