#include "handlers/errors.hpp"

#include <array>
#include <charconv>
#include <string>

namespace mira {
namespace {

constexpr std::array<error_row, 21> rows{{
    {error::unknown_source, "unknown_source", 404, "Unknown source"},
    {error::missing_signature, "missing_signature", 401, "Missing signature"},
    {error::invalid_signature, "invalid_signature", 403, "Invalid signature"},
    {error::stale_signature, "stale_signature", 403, "Stale signature"},
    {error::rate_limited, "rate_limited", 429, "Rate limited"},
    {error::quota_exceeded, "quota_exceeded", 429, "Daily quota exceeded"},
    {error::payload_too_large, "payload_too_large", 413, "Payload too large"},
    {error::malformed_request, "malformed_request", 400, "Malformed request"},
    {error::overloaded, "overloaded", 503, "Overloaded"},
    {error::storage_unavailable, "storage_unavailable", 503, "Storage unavailable"},
    {error::unauthenticated, "unauthenticated", 401, "Not authenticated"},
    {error::forbidden, "forbidden", 403, "Forbidden"},
    {error::not_found, "not_found", 404, "Not found"},
    {error::conflict, "conflict", 409, "Conflict"},
    {error::feature_not_available, "feature_not_available", 403, "Feature not available"},
    {error::limit_reached, "limit_reached", 403, "Limit reached"},
    {error::invalid_request, "invalid_request", 400, "Invalid request"},
    {error::method_not_allowed, "method_not_allowed", 405, "Method not allowed"},
    {error::not_implemented, "not_implemented", 501, "Not implemented"},
    {error::request_timeout, "request_timeout", 408, "Request timeout"},
    {error::internal_error, "internal_error", 500, "Internal error"},
}};

// Appends to a fixed buffer and drops what does not fit: only a detail can be that long.
class text {
  public:
    text& operator<<(std::string_view s) {
        const std::size_t n = std::min(s.size(), buffer_.size() - size_);
        s.copy(buffer_.data() + size_, n);
        size_ += n;
        return *this;
    }
    text& operator<<(std::int64_t n) {
        std::array<char, 20> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), n).ptr;
        return *this << std::string_view{digits.data(), static_cast<std::size_t>(end - digits.data())};
    }
    text& escaped(std::string_view s, std::size_t at_most) {
        for (const char c : s.substr(0, at_most)) {
            const auto u = static_cast<unsigned char>(c);
            if (c == '"' || c == '\\') {
                *this << "\\" << std::string_view{&c, 1};
            } else if (u < 0x20 || u >= 0x7F) {
                constexpr std::string_view hex = "0123456789abcdef";
                *this << "\\u00" << hex.substr(u >> 4, 1) << hex.substr(u & 15, 1);
            } else {
                *this << std::string_view{&c, 1};
            }
        }
        return *this;
    }
    std::string_view view() const { return {buffer_.data(), size_}; }

  private:
    std::array<char, 2048> buffer_;
    std::size_t size_ = 0;
};

constexpr std::size_t longest_detail = 300; // escaped, six times as many still fit

} // namespace

const error_row& row_of(error e) { return rows[static_cast<std::size_t>(e)]; }

void refuse(http::exchange& x, const refusal& r) {
    const error_row& row = row_of(r.what);
    const int status = r.status != 0 ? r.status : row.status;
    text body;
    body << R"({"type":"urn:mira:problem:)" << row.code << R"(","title":")" << row.title << R"(","status":)"
         << std::int64_t{status} << R"(,"detail":")";
    body.escaped(r.detail, longest_detail)
        << R"(","error":")" << row.code << R"(","request_id":")" << x.request_id() << "\"";
    if (r.retry_after > 0) body << R"(,"retry_after":)" << r.retry_after;
    body << "}";
    if (r.retry_after == 0 && r.fields.empty()) {
        x.respond(status, "application/problem+json", body.view());
        return;
    }
    text fields;
    if (r.retry_after > 0) fields << "Retry-After: " << r.retry_after << "\r\n";
    fields << r.fields;
    x.respond(status, "application/problem+json", body.view(), fields.view());
}

void problem_policy::answer(http::exchange& x, http::condition c, http::fault why, std::string_view allow) {
    using http::condition;
    switch (c) {
    case condition::malformed:
        refuse(x, {.what = error::malformed_request, .detail = sentence_of(why), .status = status_of(why)});
        return;
    case condition::not_found:
        refuse(x, {.what = error::not_found, .detail = "There is nothing at this path."});
        return;
    case condition::method_not_allowed:
        refuse(x, {.what = error::method_not_allowed,
                   .detail = "This path does not take this method; see the Allow field.",
                   .fields = "Allow: " + std::string{allow} + "\r\n"});
        return;
    case condition::not_implemented:
        refuse(x, {.what = error::not_implemented, .detail = "This server does not know this method."});
        return;
    case condition::body_too_large:
        refuse(x,
               {.what = error::payload_too_large, .detail = "The content is larger than is accepted here."});
        return;
    case condition::head_timeout:
        refuse(x, {.what = error::request_timeout, .detail = "The header section did not arrive in time."});
        return;
    case condition::body_timeout:
        refuse(x, {.what = error::request_timeout, .detail = "The content did not arrive in time."});
        return;
    case condition::overloaded:
        refuse(
            x,
            {.what = error::overloaded, .detail = "Too much is being received at once.", .retry_after = 1});
        return;
    case condition::internal: break;
    }
    refuse(x,
           {.what = error::internal_error,
            .detail = "Something went wrong here; the server's log has the cause under the request's id."});
}

} // namespace mira
