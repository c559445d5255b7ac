#pragma once
// An answer as bytes. Small answers live inside the exchange; the Date line is rendered once a second per
// reactor.
#include "engine/base/clock.hpp"
#include "engine/http/buffer.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace mira::http {

// "OK", "Too Many Requests"…; for a status that is not listed the phrase is empty.
std::string_view reason_phrase(int status);

// "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n" (RFC 9110 section 5.6.7), renewed when the second changes.
class date_line {
  public:
    std::string_view at(wall_time now);

  private:
    std::int64_t second_ = -1;
    std::array<char, 37> text_{};
};

struct response_parts {
    int status = 200;
    std::string_view content_type{}; // empty: no Content-Type field
    std::string_view body{};
    std::string_view fields{};     // further field lines, each with its CR LF
    std::string_view date{};       // date_line::at()
    std::string_view request_id{}; // empty: no X-Request-Id field
    bool close = false;            // adds "Connection: close"
    bool keep_alive_10 = false;    // adds "Connection: keep-alive", which HTTP/1.0 needs
    bool secure = false;           // adds Strict-Transport-Security
    bool head_only = false;        // HEAD: all fields of the answer, none of its content
};

// The bytes of one answer: inside for what fits, a string of its own otherwise.
class response_bytes {
  public:
    static constexpr std::size_t inside = 1024;

    void render(const response_parts& p);
    std::string_view view() const { return large_.empty() ? std::string_view{small_.data(), size_} : large_; }
    bool empty() const { return size_ == 0 && large_.empty(); }

  private:
    std::uint16_t size_ = 0;
    std::array<char, inside> small_;
    std::string large_;
};

} // namespace mira::http
