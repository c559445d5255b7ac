#include "engine/telemetry/prometheus.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>

namespace mira::telemetry {
namespace {

constexpr std::uint64_t us = 1'000;
constexpr std::uint64_t ms = 1'000 * us;
constexpr std::uint64_t s = 1'000 * ms;
constexpr std::array<std::uint64_t, 22> bounds_of_latency{
    1 * us,   us * 5 / 2, 5 * us,     10 * us,   25 * us, 50 * us, 100 * us, 250 * us,
    500 * us, 1 * ms,     ms * 5 / 2, 5 * ms,    10 * ms, 25 * ms, 50 * ms,  100 * ms,
    250 * ms, 500 * ms,   1 * s,      s * 5 / 2, 5 * s,   10 * s};
constexpr std::array<double, 5> quantiles_of_latency{0.5, 0.9, 0.95, 0.99, 0.999};

// Room for any 64-bit integer and for the shortest exact form of any double.
class number {
  public:
    explicit number(std::uint64_t v) { put(v); }
    explicit number(std::int64_t v) { put(v); }
    explicit number(double v) {
        if (std::isnan(v)) {
            size_ = std::string_view{"NaN"}.copy(text_.data(), text_.size());
        } else if (std::isinf(v)) {
            size_ = std::string_view{v > 0 ? "+Inf" : "-Inf"}.copy(text_.data(), text_.size());
        } else {
            put(v);
        }
    }
    std::string_view text() const { return {text_.data(), size_}; }

  private:
    template <class T>
    void put(T v) {
        const char* end = std::to_chars(text_.data(), text_.data() + text_.size(), v).ptr;
        size_ = static_cast<std::size_t>(end - text_.data());
    }
    std::array<char, 32> text_{};
    std::size_t size_ = 0;
};

number in_seconds(std::uint64_t nanos) { return number{static_cast<double>(nanos) / 1e9}; }

// How many bytes the UTF-8 sequence at the start of the text has; 0 where there is none (RFC 3629 section 4).
std::size_t utf8_length(std::string_view text) {
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto tail = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
    const unsigned first = at(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const bool overlong = first == 0xE0 && at(1) < 0xA0;
        const bool surrogate = first == 0xED && at(1) >= 0xA0;
        return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const bool overlong = first == 0xF0 && at(1) < 0x90;
        const bool too_great = first == 0xF4 && at(1) >= 0x90;
        return tail(1) && tail(2) && tail(3) && !overlong && !too_great ? 4 : 0;
    }
    return 0;
}

void append_escaped(std::string& out, std::string_view text, bool in_quotes) {
    while (!text.empty()) {
        const std::size_t n = utf8_length(text);
        if (n == 0) {
            out += "\xEF\xBF\xBD";
        } else if (text.front() == '\\') {
            out += "\\\\";
        } else if (text.front() == '\n') {
            out += "\\n";
        } else if (text.front() == '"' && in_quotes) {
            out += "\\\"";
        } else {
            out += text.substr(0, n);
        }
        text.remove_prefix(n == 0 ? 1 : n);
    }
}

void append_label(std::string& out, label l, char before) {
    out += before;
    out += l.name;
    out += "=\"";
    append_escaped(out, l.value, true);
    out += '"';
}

std::string_view name_of(metric type) {
    switch (type) {
    case metric::counter: return "counter";
    case metric::gauge: return "gauge";
    case metric::histogram: return "histogram";
    case metric::summary: return "summary";
    }
    return "untyped";
}

} // namespace

std::span<const std::uint64_t> latency_bounds() { return bounds_of_latency; }
std::span<const double> latency_quantiles() { return quantiles_of_latency; }

void exposition::metric_family::line(std::string_view suffix, labels l, label extra, std::string_view value) {
    out_ += name_;
    out_ += suffix;
    char before = '{';
    for (const label& each : l) {
        append_label(out_, each, before);
        before = ',';
    }
    if (!extra.name.empty()) {
        append_label(out_, extra, before);
        before = ',';
    }
    if (before == ',') out_ += '}';
    out_ += ' ';
    out_ += value;
    out_ += '\n';
}

void exposition::metric_family::sample(std::uint64_t value, labels l) {
    line("", l, {}, number{value}.text());
}
void exposition::metric_family::sample(std::int64_t value, labels l) {
    line("", l, {}, number{value}.text());
}
void exposition::metric_family::sample(double value, labels l) { line("", l, {}, number{value}.text()); }

void exposition::metric_family::histogram(const histogram_snapshot& h, labels l,
                                          std::span<const std::uint64_t> bounds) {
    for (const std::uint64_t bound : bounds) {
        line("_bucket", l, {"le", in_seconds(bound).text()}, number{h.count_up_to(bound)}.text());
    }
    line("_bucket", l, {"le", "+Inf"}, number{h.count()}.text());
    sum_and_count(h, l);
}

void exposition::metric_family::summary(const histogram_snapshot& h, labels l,
                                        std::span<const double> quantiles) {
    for (const double q : quantiles) {
        // The quantile of nothing is no number, as the client libraries have it.
        const number value = h.count() == 0 ? number{std::nan("")} : in_seconds(h.quantile(q));
        line("", l, {"quantile", number{q}.text()}, value.text());
    }
    sum_and_count(h, l);
}

void exposition::metric_family::sum_and_count(const histogram_snapshot& h, labels l) {
    line("_sum", l, {}, in_seconds(h.sum()).text());
    line("_count", l, {}, number{h.count()}.text());
}

exposition::metric_family exposition::family(std::string_view name, metric type, std::string_view help) {
    auto at = families_.find(name);
    if (at == families_.end()) at = families_.emplace(name, block{type, std::string{help}, {}}).first;
    assert(at->second.type == type);
    return {at->first, at->second.samples};
}

std::string exposition::text() const {
    std::string out;
    for (const auto& [name, b] : families_) {
        out += "# HELP " + name + ' ';
        append_escaped(out, b.help, false);
        out += "\n# TYPE " + name + ' ';
        out += name_of(b.type);
        out += '\n';
        out += b.samples;
    }
    return out;
}

} // namespace mira::telemetry
