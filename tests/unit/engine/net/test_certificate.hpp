#pragma once
// A self-signed certificate and its key in PEM files of a temporary folder, made by OpenSSL; gone with the
// object.
#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

namespace mira::testing {

class test_certificate {
  public:
    explicit test_certificate(const std::string& name, const char* key_password = nullptr) {
        std::string pattern = (std::filesystem::temp_directory_path() / "mira-tls-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        folder_ = pattern;
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_EC_gen("P-256"), EVP_PKEY_free};
        const std::unique_ptr<X509, decltype(&X509_free)> x{X509_new(), X509_free};
        X509_set_version(x.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(x.get()), -60);
        X509_gmtime_adj(X509_getm_notAfter(x.get()), 3600);
        X509_set_pubkey(x.get(), key.get());
        X509_NAME* const subject = X509_get_subject_name(x.get());
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
        X509_set_issuer_name(x.get(), subject);
        REQUIRE(X509_sign(x.get(), key.get(), EVP_sha256()) > 0);
        std::FILE* f = std::fopen(certificate().c_str(), "w");
        REQUIRE(PEM_write_X509(f, x.get()) == 1);
        std::fclose(f);
        f = std::fopen(private_key().c_str(), "w");
        REQUIRE(PEM_write_PrivateKey(f, key.get(), key_password != nullptr ? EVP_aes_128_cbc() : nullptr,
                                     nullptr, 0, nullptr, const_cast<char*>(key_password)) == 1);
        std::fclose(f);
    }
    ~test_certificate() { std::filesystem::remove_all(folder_); }
    test_certificate(const test_certificate&) = delete;
    test_certificate& operator=(const test_certificate&) = delete;

    std::string certificate() const { return (folder_ / "certificate.pem").string(); }
    std::string private_key() const { return (folder_ / "key.pem").string(); }

  private:
    std::filesystem::path folder_;
};

} // namespace mira::testing
