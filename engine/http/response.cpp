#include "engine/http/response.hpp"

#include <charconv>
#include <cstring>
#include <ctime>

namespace mira::http {
namespace {

constexpr std::string_view days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::string_view hsts = "Strict-Transport-Security: max-age=63072000\r\n";

// RFC 9112 section 6.3: answers with these end with their head, whatever it says. RFC 9110 section 8.6:
// neither 1xx nor 204 carry Content-Length, and 304 only what a 200 would have had, which nobody here knows.
bool has_content(int status) { return status >= 200 && status != 204 && status != 304; }

// Appends to memory that is known to be large enough.
class writer {
  public:
    explicit writer(char* p) : p_{p} {}
    writer& operator<<(std::string_view s) {
        p_ += s.copy(p_, s.size()); // unlike memcpy, sound for an empty view of nothing
        return *this;
    }
    writer& number(std::size_t n) {
        p_ = std::to_chars(p_, p_ + 20, n).ptr;
        return *this;
    }
    char* end() const { return p_; }

  private:
    char* p_;
};

// An upper bound of what all but the variable parts take.
constexpr std::size_t fixed_bytes = 320;

} // namespace

std::string_view reason_phrase(int status) {
    switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "";
    }
}

std::string_view date_line::at(wall_time now) {
    const std::int64_t s = unix_seconds(now);
    if (s != second_) {
        second_ = s;
        const std::time_t t = s;
        std::tm utc{};
        ::gmtime_r(&t, &utc);
        char* p = text_.data();
        const auto put = [&](std::string_view v) {
            std::memcpy(p, v.data(), v.size());
            p += v.size();
        };
        const auto two = [&](int n) {
            *p++ = static_cast<char>('0' + n / 10 % 10);
            *p++ = static_cast<char>('0' + n % 10);
        };
        put("Date: ");
        put(days[utc.tm_wday]);
        put(", ");
        two(utc.tm_mday);
        put(" ");
        put(months[utc.tm_mon]);
        put(" ");
        two((utc.tm_year + 1900) / 100);
        two((utc.tm_year + 1900) % 100);
        put(" ");
        two(utc.tm_hour);
        put(":");
        two(utc.tm_min);
        put(":");
        two(utc.tm_sec);
        put(" GMT\r\n");
    }
    return {text_.data(), text_.size()};
}

void response_bytes::render(const response_parts& p) {
    const bool bodyless = !has_content(p.status);
    const std::string_view content = p.head_only || bodyless ? std::string_view{} : p.body;
    const std::size_t bound =
        fixed_bytes + p.content_type.size() + p.fields.size() + p.request_id.size() + content.size();
    if (bound > inside) large_.resize(bound);
    char* const begin = bound > inside ? large_.data() : small_.data();
    writer w{begin};
    w << "HTTP/1.1 ";
    w.number(static_cast<std::size_t>(p.status)) << " " << reason_phrase(p.status) << "\r\n" << p.date;
    if (!p.content_type.empty()) w << "Content-Type: " << p.content_type << "\r\n";
    if (!bodyless) {
        w << "Content-Length: ";
        w.number(p.body.size()) << "\r\n";
    }
    if (!p.request_id.empty()) w << "X-Request-Id: " << p.request_id << "\r\n";
    if (p.secure) w << hsts;
    if (p.close)
        w << "Connection: close\r\n";
    else if (p.keep_alive_10)
        w << "Connection: keep-alive\r\n";
    w << p.fields << "\r\n" << content;
    const auto size = static_cast<std::size_t>(w.end() - begin);
    if (bound > inside)
        large_.resize(size);
    else
        size_ = static_cast<std::uint16_t>(size);
}

} // namespace mira::http
