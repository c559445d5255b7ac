#include "storage/ports/token_bucket.hpp"

#include <algorithm>

namespace mira::ports {
namespace {

// A level has up to 53 bits and a period up to 55: their products need more than 64.
using wide = unsigned __int128;

wide micro_refill(const bucket_spec& spec) {
    return static_cast<wide>(spec.refill) * static_cast<wide>(micro_tokens);
}

// The time in which that many micro-tokens come in when a part of the first is there already.
nanoseconds time_for(const bucket_spec& spec, std::int64_t micros, std::uint64_t part) {
    if (micros <= 0) return nanoseconds{0};
    if (spec.refill == 0) return never;
    const wide numerator = static_cast<wide>(micros) * static_cast<wide>(spec.period.count()) - part;
    const wide rate = micro_refill(spec);
    const wide time = (numerator + rate - 1) / rate;
    if (time >= static_cast<wide>(never.count())) return never;
    return nanoseconds{static_cast<std::int64_t>(time)};
}

} // namespace

nanoseconds time_to_refill(const bucket_spec& spec, std::int64_t tokens) {
    return time_for(spec, tokens * micro_tokens, 0);
}

void token_bucket::refill(const bucket_spec& spec, mono_time now, std::int64_t lent) {
    if (now <= stamp_) return;
    const auto elapsed = static_cast<wide>((now - stamp_).count());
    stamp_ = now;
    if (spec.refill == 0) return;
    const std::int64_t ceiling = (spec.capacity - lent) * micro_tokens;
    if (level_ >= ceiling) {
        part_ = 0;
        return;
    }
    const wide gained = elapsed * micro_refill(spec) + part_;
    const auto period = static_cast<wide>(spec.period.count());
    const wide whole = gained / period;
    if (whole >= static_cast<wide>(ceiling - level_)) {
        level_ = ceiling;
        part_ = 0;
    } else {
        level_ += static_cast<std::int64_t>(whole);
        part_ = static_cast<std::uint64_t>(gained - whole * period);
    }
}

void token_bucket::credit(const bucket_spec& spec, std::int64_t n, std::int64_t lent) {
    level_ = std::min(level_ + n * micro_tokens, (spec.capacity - lent) * micro_tokens);
}

nanoseconds token_bucket::until(const bucket_spec& spec, std::int64_t n) const {
    if (n > spec.capacity) return never;
    return time_for(spec, n * micro_tokens - level_, part_);
}

void token_bucket::respec(const bucket_spec& from, const bucket_spec& to, std::int64_t lent) {
    if (from.refill == 0 && to.refill == 0) level_ += (to.capacity - from.capacity) * micro_tokens;
    level_ = std::min(level_, (to.capacity - lent) * micro_tokens);
    part_ = 0;
}

} // namespace mira::ports
