#pragma once
// What no row can say: providers that sign fields of their JSON, sorted form parameters, or wrap signature
// and key id in a text of their own. One function a provider reads what was claimed (which message, which
// signature, whose key); the verifier does the rest as for every scheme. They work on the whole body, may
// allocate, and must stand any input. No state.
#include "handlers/signatures/request.hpp"
#include "handlers/signatures/scheme.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mira::signatures {

using option_map = std::map<std::string, std::string, std::less<>>;

struct claims_request {
    const signed_request& request;
    const option_map& options;
    std::string_view public_url; // the effective one, with its query; empty where unknown
};

struct claim {
    std::string message;
    std::string signature; // decoded
};

struct claims {
    std::vector<claim> list;
    bool all = false; // every claim must hold, else any one
    std::optional<wall_time> signed_at;
    std::optional<crypto::hash> hash; // where the claim names another than the row
    std::string key_url;              // by_url
    std::string key_id;               // by_id
};

reading read_twilio(const claims_request&, claims&);
reading read_adyen(const claims_request&, claims&);
reading read_exact_online(const claims_request&, claims&);
reading read_paymob(const claims_request&, claims&);
reading read_praxis(const claims_request&, claims&);
reading read_treezor(const claims_request&, claims&);
reading read_mailgun(const claims_request&, claims&);
reading read_favro(const claims_request&, claims&);
reading read_usps(const claims_request&, claims&);
reading read_sns(const claims_request&, claims&);
reading read_ebay(const claims_request&, claims&);

} // namespace mira::signatures
