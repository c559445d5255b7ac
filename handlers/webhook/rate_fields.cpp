#include "handlers/webhook/rate_fields.hpp"

#include <algorithm>

namespace mira::webhook {

void rate_fields::put(std::string_view s) {
    const std::size_t n = std::min(s.size(), text_.size() - size_);
    s.copy(text_.data() + size_, n);
    size_ += n;
}

void rate_fields::line(std::string_view name, std::string_view value) {
    if (value.empty() || text_.size() - size_ < name.size() + value.size() + 4) return;
    put(name);
    put(": ");
    put(value);
    put("\r\n");
}

void rate_fields::add(const ingest& in) {
    if (in.limit_count == 0) return;
    line("RateLimit-Policy", in.from->rate_limit_policy);
    std::array<char, limits::answer_field_size> room;
    line("RateLimit", limits::rate_limit(room, in.from->limit_names, in.taken(), in.tokens));
}

} // namespace mira::webhook
