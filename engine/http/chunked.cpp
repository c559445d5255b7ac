#include "engine/http/chunked.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace mira::http {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char l = static_cast<char>(c | 0x20);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// *( ";" token [ "=" ( token / quoted-string ) ] ), without the optional white space of the grammar: nobody
// sends it and parsers differ on it.
bool extensions_sound(std::string_view s) {
    while (!s.empty()) {
        if (s.front() != ';') return false;
        s.remove_prefix(1);
        const auto name_end = s.find_first_of(";=");
        if (!is_token(s.substr(0, name_end))) return false;
        if (name_end == std::string_view::npos) return true;
        s.remove_prefix(name_end);
        if (s.front() == ';') continue;
        s.remove_prefix(1);
        if (!s.starts_with('"')) {
            const auto end = std::min(s.find(';'), s.size());
            if (!is_token(s.substr(0, end))) return false;
            s.remove_prefix(end);
            continue;
        }
        std::size_t i = 1;
        while (i < s.size() && s[i] != '"') i += s[i] == '\\' ? 2 : 1;
        if (i >= s.size() || !is_field_value(s.substr(0, i))) return false;
        s.remove_prefix(i + 1);
    }
    return true;
}

// RFC 9110 section 6.5.1: framing, routing, authentication and content semantics do not belong into a
// trailer.
bool may_be_trailer(std::string_view name) {
    constexpr std::array<std::string_view, 14> forbidden{
        "content-length",   "transfer-encoding", "host",          "authorization",  "content-type",
        "content-encoding", "content-range",     "connection",    "expect",         "te",
        "trailer",          "set-cookie",        "cache-control", "x-forwarded-for"};
    return std::ranges::none_of(forbidden, [&](std::string_view f) { return equal_ignoring_case(f, name); });
}

} // namespace

// Moves bytes up to and including a line's end into line_, without the CR LF.
fault chunked_decoder::take_line_bytes(std::string_view& input, bool& complete) {
    complete = false;
    while (!input.empty()) {
        const char c = input.front();
        if (line_size_ > 0 && line_[line_size_ - 1U] == '\r') {
            if (c != '\n') return fault::bare_carriage_return;
            input.remove_prefix(1);
            --line_size_;
            complete = true;
            return fault::none;
        }
        if (c == '\n') return fault::bare_line_feed;
        if (line_size_ == longest_line)
            return state_ == state::trailer_line ? fault::trailer_too_large : fault::chunk_extension_too_long;
        line_[line_size_++] = c;
        input.remove_prefix(1);
    }
    return fault::none;
}

fault chunked_decoder::end_size_line() {
    const std::string_view line{line_.data(), line_size_};
    line_size_ = 0;
    std::size_t digits = 0;
    std::uint64_t size = 0;
    while (digits < line.size() && hex_value(line[digits]) >= 0) {
        if (digits == 16) return fault::malformed_chunk;
        size = size << 4 | static_cast<std::uint64_t>(hex_value(line[digits]));
        ++digits;
    }
    // More than 2^60 cannot be meant, and later sums must not overflow.
    if (digits == 0 || size >> 60 != 0) return fault::malformed_chunk;
    const std::string_view extensions = line.substr(digits);
    if (extension_bytes_ + extensions.size() > extension_bytes_in_all) return fault::chunk_extension_too_long;
    extension_bytes_ = static_cast<std::uint16_t>(extension_bytes_ + extensions.size());
    if (!extensions_sound(extensions)) return fault::malformed_chunk;
    left_ = size;
    state_ = size == 0 ? state::trailer_line : state::data;
    return fault::none;
}

fault chunked_decoder::end_trailer_line() {
    const std::string_view line{line_.data(), line_size_};
    if (line.empty()) {
        state_ = state::done;
        return fault::none;
    }
    if (trailer_bytes_ + line.size() + 2 > trailer_bytes) return fault::trailer_too_large;
    trailer_bytes_ = static_cast<std::uint16_t>(trailer_bytes_ + line.size() + 2);
    line_size_ = 0;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) ||
        !is_field_value(line.substr(colon + 1)))
        return fault::malformed_field;
    return may_be_trailer(line.substr(0, colon)) ? fault::none : fault::forbidden_trailer;
}

chunked_decoder::step chunked_decoder::next(std::string_view input) {
    const std::size_t all = input.size();
    const auto consumed = [&] { return all - input.size(); };
    while (!input.empty() && state_ != state::done) {
        fault why = fault::none;
        bool complete = false;
        switch (state_) {
        case state::size_line:
            why = take_line_bytes(input, complete);
            if (why == fault::none && complete) why = end_size_line();
            break;
        case state::data: {
            const std::string_view data = input.substr(0, std::min<std::uint64_t>(left_, input.size()));
            input.remove_prefix(data.size());
            left_ -= data.size();
            if (left_ == 0) state_ = state::data_cr;
            return {consumed(), data, fault::none};
        }
        case state::data_cr:
        case state::data_lf: {
            const bool cr = state_ == state::data_cr;
            if (input.front() != (cr ? '\r' : '\n')) return {consumed(), {}, fault::malformed_chunk};
            input.remove_prefix(1);
            state_ = cr ? state::data_lf : state::size_line;
            break;
        }
        case state::trailer_line:
            why = take_line_bytes(input, complete);
            if (why == fault::none && complete) why = end_trailer_line();
            break;
        case state::done: break;
        }
        if (why != fault::none) return {consumed(), {}, why};
    }
    return {consumed(), {}, fault::none};
}

} // namespace mira::http
