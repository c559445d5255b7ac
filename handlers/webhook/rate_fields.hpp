#pragma once
// The RateLimit-Policy and RateLimit lines of an answer, in a buffer of its own.
#include "handlers/limits/answer_fields.hpp"
#include "handlers/webhook/ingest.hpp"

#include <array>
#include <string_view>

namespace mira::webhook {

class rate_fields {
  public:
    // Nothing where the request was held to no limit.
    void add(const ingest& in);
    void line(std::string_view name, std::string_view value);
    std::string_view view() const { return {text_.data(), size_}; }

  private:
    void put(std::string_view s);
    std::array<char, 2 * limits::answer_field_size + 256> text_;
    std::size_t size_ = 0;
};

} // namespace mira::webhook
