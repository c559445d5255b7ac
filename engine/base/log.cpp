#include "engine/base/log.hpp"

#include <spdlog/async.h>
#include <spdlog/fmt/fmt.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace mira::log {
namespace {

constexpr std::size_t queued_lines = 8192;
constexpr std::uint32_t burst_factor = 5;

std::atomic<level> threshold{level::info};
std::atomic<line_format> format{line_format::text};
std::atomic<std::uint32_t> lines_per_second{20};
std::atomic<std::uint64_t> suppressed{0};
std::shared_ptr<spdlog::logger> writer;

// How much of its allowance an event name has left.
struct allowance {
    double left = 0;
    std::chrono::steady_clock::time_point updated;
    std::uint64_t left_out = 0;
};
std::mutex allowances_mutex;
std::unordered_map<std::string_view, allowance>& allowances() {
    static std::unordered_map<std::string_view, allowance> a;
    return a;
}

// The number of lines left out since the last, or nothing where this one must be left out as well.
std::optional<std::uint64_t> admit(std::string_view event) {
    const auto now = std::chrono::steady_clock::now();
    const double rate = lines_per_second.load(std::memory_order_relaxed);
    const std::lock_guard lock{allowances_mutex};
    const auto [it, is_new] = allowances().try_emplace(event, allowance{rate * burst_factor, now, 0});
    allowance& a = it->second;
    a.left =
        std::min(rate * burst_factor, a.left + rate * std::chrono::duration<double>(now - a.updated).count());
    a.updated = now;
    if (a.left < 1) {
        ++a.left_out;
        suppressed.fetch_add(1, std::memory_order_relaxed);
        return std::nullopt;
    }
    a.left -= 1;
    return std::exchange(a.left_out, 0);
}

using line = fmt::memory_buffer;

void append(line& out, std::string_view s) { out.append(s.data(), s.data() + s.size()); }

// JSON string escapes serve both formats: nothing that a terminal or a parser acts on gets through.
void append_quoted(line& out, std::string_view s) {
    out.push_back('"');
    for (const char c : s) {
        const auto u = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (u < 0x20 || u >= 0x7F) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", u);
        } else {
            out.push_back(c);
        }
    }
    out.push_back('"');
}

void append_value(line& out, const field& f) {
    std::visit(
        [&](const auto& v) {
            using T = std::decay_t<decltype(v)>;
            if constexpr (std::is_same_v<T, std::string_view>)
                append_quoted(out, v);
            else if constexpr (std::is_same_v<T, bool>)
                append(out, v ? "true" : "false");
            else if constexpr (std::is_same_v<T, double>)
                fmt::format_to(std::back_inserter(out), "{}", std::isfinite(v) ? v : 0.0);
            else
                fmt::format_to(std::back_inserter(out), "{}", v);
        },
        f.value);
}

std::string_view name_of(level l) {
    switch (l) {
    case level::debug: return "debug";
    case level::info: return "info";
    case level::warn: return "warn";
    case level::error: return "error";
    case level::off: break;
    }
    return "off";
}

void append_time(line& out) {
    const auto now = std::chrono::system_clock::now();
    const auto s = std::chrono::floor<std::chrono::seconds>(now);
    const std::time_t t = std::chrono::system_clock::to_time_t(s);
    std::tm utc{};
    ::gmtime_r(&t, &utc);
    fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                   utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                   std::chrono::duration_cast<std::chrono::milliseconds>(now - s).count());
}

void append_line(line& out, level l, std::string_view event, std::initializer_list<field> fields,
                 std::uint64_t left_out) {
    const bool json = format.load(std::memory_order_relaxed) == line_format::json;
    append(out, json ? R"({"time":")" : "");
    append_time(out);
    append(out, json ? R"(","level":")" : " ");
    append(out, name_of(l));
    append(out, json ? R"(","event":")" : " ");
    append(out, event);
    append(out, json ? "\"" : "");
    const auto add = [&](const field& f) {
        append(out, json ? "," : " ");
        if (json)
            append_quoted(out, f.key);
        else
            append(out, f.key);
        out.push_back(json ? ':' : '=');
        append_value(out, f);
    };
    for (const field& f : fields) add(f);
    if (left_out > 0) add(field{"left_out", left_out});
    if (json) out.push_back('}');
}

} // namespace

void open(const settings& s) {
    reconfigure(s);
    spdlog::init_thread_pool(queued_lines, 1);
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    sink->set_pattern("%v");
    writer = std::make_shared<spdlog::async_logger>("mira", std::move(sink), spdlog::thread_pool(),
                                                    spdlog::async_overflow_policy::overrun_oldest);
    writer->set_level(spdlog::level::trace);
    writer->flush_on(spdlog::level::trace);
}

void reconfigure(const settings& s) {
    threshold.store(s.threshold, std::memory_order_relaxed);
    format.store(s.format, std::memory_order_relaxed);
    lines_per_second.store(s.lines_per_second, std::memory_order_relaxed);
}

void close() {
    spdlog::shutdown(); // first: it waits for the thread that writes
    writer.reset();
}

bool enabled(level l) { return l >= threshold.load(std::memory_order_relaxed); }

void write(level l, std::string_view event, std::initializer_list<field> fields) noexcept {
    if (!enabled(l)) return;
    try {
        const auto left_out = admit(event);
        if (!left_out) return;
        line out;
        append_line(out, l, event, fields, *left_out);
        if (writer) {
            writer->log(spdlog::level::info, spdlog::string_view_t{out.data(), out.size()});
        } else {
            out.push_back('\n');
            std::fwrite(out.data(), 1, out.size(), stderr);
        }
    } catch (...) {
        // Out of memory: a line is lost, the event that it tells of is not.
        suppressed.fetch_add(1, std::memory_order_relaxed);
    }
}

std::uint64_t suppressed_lines() { return suppressed.load(std::memory_order_relaxed); }

std::optional<level> parse_level(std::string_view s) {
    for (const level l : {level::debug, level::info, level::warn, level::error, level::off})
        if (s == name_of(l)) return l;
    return std::nullopt;
}

std::optional<line_format> parse_format(std::string_view s) {
    if (s == "text") return line_format::text;
    if (s == "json") return line_format::json;
    return std::nullopt;
}

} // namespace mira::log
