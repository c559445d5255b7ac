#include "engine/base/event_id.hpp"

#include <random>

namespace mira {
namespace {

constexpr std::string_view prefix = "evt_";
// Crockford's alphabet: no i, l, o, u.
constexpr char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::uint64_t low_40 = (std::uint64_t{1} << 40) - 1;

std::uint64_t load_be(const unsigned char* p, int n) {
    std::uint64_t v = 0;
    for (int i = 0; i < n; ++i) v = v << 8 | p[i];
    return v;
}
void store_be(unsigned char* p, std::uint64_t v, int n) {
    for (int i = n - 1; i >= 0; --i, v >>= 8) p[i] = static_cast<unsigned char>(v);
}

std::uint64_t random_40() {
    // The kernel's generator, by way of the standard library; drawn twice a reactor and process.
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32 | device()) & low_40;
}

} // namespace

std::int64_t event_id::millis() const { return static_cast<std::int64_t>(load_be(bytes.data(), 6)); }

void event_id::write(char* out) const {
    prefix.copy(out, prefix.size());
    out += prefix.size();
    // 130 bits in 26 digits: two zero bits in front, then 128. Done as 5-bit groups from the end.
    std::uint64_t hi = load_be(bytes.data(), 8);
    std::uint64_t lo = load_be(bytes.data() + 8, 8);
    for (int i = 25; i >= 0; --i) {
        out[i] = digits[lo & 31];
        lo = lo >> 5 | hi << 59;
        hi >>= 5;
    }
}

std::string event_id::text() const {
    std::string s(text_size, '\0');
    write(s.data());
    return s;
}

std::optional<event_id> event_id::parse(std::string_view text) {
    if (text.size() != text_size || !text.starts_with(prefix)) return std::nullopt;
    text.remove_prefix(prefix.size());
    std::uint64_t hi = 0;
    std::uint64_t lo = 0;
    for (const char c : text) {
        const auto v = std::string_view{digits, 32}.find(c);
        if (v == std::string_view::npos || hi >> 59 != 0) return std::nullopt;
        hi = hi << 5 | lo >> 59;
        lo = lo << 5 | v;
    }
    event_id id;
    store_be(id.bytes.data(), hi, 8);
    store_be(id.bytes.data() + 8, lo, 8);
    return id;
}

event_id_generator::event_id_generator() : prefix_{random_40()}, counter_{random_40()} {}

event_id event_id_generator::next(wall_time now) {
    event_id id;
    counter_ = (counter_ + 1) & low_40;
    store_be(id.bytes.data(), static_cast<std::uint64_t>(unix_millis(now)), 6);
    store_be(id.bytes.data() + 6, prefix_, 5);
    store_be(id.bytes.data() + 11, counter_, 5);
    return id;
}

} // namespace mira
