#include "tests/support/authority.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <stdexcept>

namespace mira::test {
namespace {

void must(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(what);
}

std::string drain(BIO* b) {
    char* p = nullptr;
    const long n = BIO_get_mem_data(b, &p);
    std::string s(p, static_cast<std::size_t>(n));
    BIO_free(b);
    return s;
}

void extend(X509* x, int nid, const std::string& value) {
    X509_EXTENSION* const e = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    must(e != nullptr && X509_add_ext(x, e, -1) == 1, "extension");
    X509_EXTENSION_free(e);
}

long next_serial() {
    static long n = 1000;
    return ++n;
}

} // namespace

issued::issued(const certificate_form& form, const issued* issuer)
    : key_{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free}, x509_{X509_new(), X509_free} {
    X509* const x = x509_.get();
    must(key_ && x != nullptr, "no memory");
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), next_serial());
    X509_gmtime_adj(X509_getm_notBefore(x), form.begins);
    X509_gmtime_adj(X509_getm_notAfter(x), form.ends);
    X509_set_pubkey(x, key_.get());
    X509_NAME* const subject = X509_get_subject_name(x);
    if (!form.common_name.empty())
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(form.common_name.data()),
                                   static_cast<int>(form.common_name.size()), -1, 0);
    X509_set_issuer_name(x, issuer != nullptr ? X509_get_subject_name(issuer->x509_.get()) : subject);
    if (form.authority) extend(x, NID_basic_constraints, "critical,CA:TRUE");
    std::string names;
    for (const std::string& n : form.dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + n;
    if (!names.empty()) extend(x, NID_subject_alt_name, names);
    if (!form.issuer_url.empty()) extend(x, NID_info_access, "caIssuers;URI:" + form.issuer_url);
    EVP_PKEY* const by = issuer != nullptr ? issuer->key_.get() : key_.get();
    must(X509_sign(x, by, EVP_get_digestbyname(form.digest)) > 0, "sign");
}

std::string issued::pem() const {
    BIO* const b = BIO_new(BIO_s_mem());
    must(PEM_write_bio_X509(b, x509_.get()) == 1, "pem");
    return drain(b);
}

std::string issued::der() const {
    BIO* const b = BIO_new(BIO_s_mem());
    must(i2d_X509_bio(b, x509_.get()) == 1, "der");
    return drain(b);
}

std::string issued::public_pem() const {
    BIO* const b = BIO_new(BIO_s_mem());
    must(PEM_write_bio_PUBKEY(b, key_.get()) == 1, "pem");
    return drain(b);
}

} // namespace mira::test
