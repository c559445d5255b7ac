#pragma once
// Every refusal that a client can meet: its stable code, status and title, and how it is written. The only
// table of its kind; RFC 9457 problem details, with the code in `error` and the request's id.
#include "engine/http/edge.hpp"
#include "engine/http/exchange.hpp"

#include <cstdint>
#include <string_view>

namespace mira {

enum class error : std::uint8_t {
    unknown_source,
    missing_signature,
    invalid_signature,
    stale_signature,
    rate_limited,
    quota_exceeded,
    payload_too_large,
    malformed_request,
    overloaded,
    storage_unavailable,
    unauthenticated,
    forbidden,
    not_found,
    conflict,
    feature_not_available,
    limit_reached,
    invalid_request,
    method_not_allowed,
    not_implemented,
    request_timeout,
    internal_error,
};

struct error_row {
    error what;
    std::string_view code;
    int status;
    std::string_view title;
};
const error_row& row_of(error e);

struct refusal {
    error what;
    std::string_view detail;      // a sentence; escaped as JSON
    std::int64_t retry_after = 0; // seconds; 0 = neither header nor member
    std::string_view fields{};    // further header lines, each with its CR LF
    int status = 0;               // where it differs from the row's
};
// Answers the exchange. Allocates nothing for details up to some 600 characters.
void refuse(http::exchange& x, const refusal& r);

// How the edge's own conditions are worded.
class problem_policy final : public http::edge_policy {
  public:
    void answer(http::exchange& x, http::condition c, http::fault why, std::string_view allow) override;
};

} // namespace mira
