#pragma once
// Certificates as an authority would issue them, made by OpenSSL; good for tests only.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace mira::test {

struct certificate_form {
    std::string common_name = "somebody";
    std::vector<std::string> dns_names{};
    std::string issuer_url{}; // authority information access, caIssuers
    bool authority = false;
    std::int64_t begins = -3600; // seconds from now
    std::int64_t ends = 3600;
    const char* digest = "SHA256";
};

class issued {
  public:
    // issuer nullptr: self-signed.
    issued(const certificate_form& form, const issued* issuer);

    std::string pem() const;
    std::string der() const;
    std::string public_pem() const;

  private:
    std::shared_ptr<evp_pkey_st> key_;
    std::shared_ptr<x509_st> x509_;
};

} // namespace mira::test
