#include "handlers/limits/answer_fields.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace mira::limits {
namespace {

// RFC 9651 section 3.3.1.
constexpr std::int64_t greatest_integer = 999'999'999'999'999;

std::int64_t whole_seconds(nanoseconds t) {
    return std::max<std::int64_t>(std::chrono::ceil<seconds>(t).count(), 1);
}

// Appends until something does not fit; then the whole is void.
class field_writer {
  public:
    explicit field_writer(std::span<char> buffer)
        : begin_{buffer.data()}, at_{begin_}, end_{begin_ + buffer.size()} {}

    void item(std::string_view name) {
        if (at_ != begin_) text(", ");
        text("\"");
        for (const char c : name) {
            if (c == '"' || c == '\\') text("\\");
            // An RFC 9651 string has no other characters than printable ASCII.
            const char shown = c >= ' ' && c <= '~' ? c : '_';
            text({&shown, 1});
        }
        text("\"");
    }
    void parameter(char name, std::int64_t value) {
        const char start[3] = {';', name, '='};
        text({start, 3});
        number(std::clamp<std::int64_t>(value, 0, greatest_integer));
    }
    void number(std::int64_t value) {
        const auto [end, error] = std::to_chars(at_, end_, value);
        fits_ = fits_ && error == std::errc{};
        at_ = end;
    }
    std::string_view value() const {
        return fits_ ? std::string_view{begin_, static_cast<std::size_t>(at_ - begin_)} : std::string_view{};
    }

  private:
    void text(std::string_view s) {
        fits_ = fits_ && s.size() <= static_cast<std::size_t>(end_ - at_);
        if (!fits_) return;
        std::memcpy(at_, s.data(), s.size());
        at_ += s.size();
    }
    char* begin_;
    char* at_;
    char* end_;
    bool fits_ = true;
};

} // namespace

std::string_view rate_limit_policy(std::span<char> buffer, std::span<const std::string_view> names,
                                   std::span<const limit_request> limits) {
    field_writer out{buffer};
    for (std::size_t i = 0; i < std::min(names.size(), limits.size()); ++i) {
        const limit_request& l = limits[i];
        if (l.spec.is_unlimited()) continue;
        out.item(names[i]);
        out.parameter('q', l.spec.capacity);
        if (l.window > nanoseconds{0}) {
            out.parameter('w', whole_seconds(l.window));
        } else if (l.spec.refill > 0) {
            out.parameter('w', whole_seconds(ports::time_to_refill(l.spec, l.spec.capacity)));
        }
    }
    return out.value();
}

std::string_view rate_limit(std::span<char> buffer, std::span<const std::string_view> names,
                            std::span<const limit_request> limits, const decision& d) {
    field_writer out{buffer};
    for (std::size_t i = 0; i < std::min({names.size(), limits.size(), max_limits}); ++i) {
        const limit_request& l = limits[i];
        const bool denied = d.outcome == verdict::denied;
        if (l.spec.is_unlimited() || (denied && i != d.limit)) continue;
        out.item(names[i]);
        const std::int64_t left = denied ? 0 : d.remaining[i];
        out.parameter('r', left);
        if (denied) {
            if (d.retry_after != ports::never) out.parameter('t', retry_after_seconds(d.retry_after));
        } else if (l.window > nanoseconds{0}) {
            out.parameter('t', whole_seconds(l.window_left));
        } else if (l.spec.refill > 0) {
            out.parameter('t', whole_seconds(ports::time_to_refill(l.spec, std::max<std::int64_t>(left, 1))));
        }
    }
    return out.value();
}

std::string_view retry_after(std::span<char> buffer, nanoseconds wait) {
    field_writer out{buffer};
    out.number(retry_after_seconds(wait));
    return out.value();
}

std::int64_t retry_after_seconds(nanoseconds wait) {
    return wait == ports::never ? seconds{std::chrono::days{1}}.count() : whole_seconds(wait);
}

} // namespace mira::limits
