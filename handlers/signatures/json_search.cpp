#include "handlers/signatures/json_search.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <array>
#include <charconv>
#include <cstdint>

namespace mira::signatures {
namespace {

constexpr std::size_t deepest = 32;
constexpr std::size_t most_tokens = 16;

using boost::system::error_code;
using text = boost::json::string_view;

std::optional<std::string> unescaped(std::string_view token) {
    std::string out;
    for (std::size_t i = 0; i < token.size(); ++i) {
        if (token[i] != '~') {
            out += token[i];
            continue;
        }
        if (++i == token.size() || (token[i] != '0' && token[i] != '1')) return std::nullopt;
        out += token[i] == '0' ? '~' : '/';
    }
    return out;
}

// The index that a token means in an array, or none.
std::optional<std::uint64_t> index_of(std::string_view token) {
    std::uint64_t n = 0;
    if (token.empty() || (token[0] == '0' && token.size() > 1)) return std::nullopt;
    const auto r = std::from_chars(token.data(), token.data() + token.size(), n);
    if (r.ec != std::errc{} || r.ptr != token.data() + token.size()) return std::nullopt;
    return n;
}

// Follows the parser with a stack of containers; matched_ is the number of leading tokens that the path to
// the current container agrees with.
class finder {
  public:
    static constexpr std::size_t max_object_size = SIZE_MAX, max_array_size = SIZE_MAX,
                                 max_key_size = SIZE_MAX, max_string_size = SIZE_MAX;

    finder(const std::vector<std::string>& path, std::string& room, std::size_t at_most)
        : path_{path}, room_{room}, at_most_{at_most} {}
    bool found() const { return found_; }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code& ec) { return enter(false, ec); }
    bool on_array_begin(error_code& ec) { return enter(true, ec); }
    bool on_object_end(std::size_t, error_code& ec) { return leave(ec); }
    bool on_array_end(std::size_t, error_code& ec) { return leave(ec); }

    bool on_key_part(text s, std::size_t, error_code&) {
        if (level().on_path && key_.size() <= longest_key) key_.append(s.data(), s.size());
        return true;
    }
    bool on_key(text s, std::size_t, error_code&) {
        if (!level().on_path) return true;
        if (key_.size() <= longest_key) key_.append(s.data(), s.size());
        level().here = key_ == path_[depth_ - 1];
        key_.clear();
        return true;
    }
    bool on_string_part(text s, std::size_t, error_code& ec) { return piece(s, ec); }
    bool on_string(text s, std::size_t, error_code& ec) { return piece(s, ec) && finish(ec); }
    bool on_number_part(text s, error_code& ec) { return piece(s, ec); }
    bool on_int64(std::int64_t, text s, error_code& ec) { return piece(s, ec) && finish(ec); }
    bool on_uint64(std::uint64_t, text s, error_code& ec) { return piece(s, ec) && finish(ec); }
    bool on_double(double, text s, error_code& ec) { return piece(s, ec) && finish(ec); }
    bool on_bool(bool b, error_code& ec) { return piece(b ? "true" : "false", ec) && finish(ec); }
    bool on_null(error_code& ec) {
        if (!begin_value()) return true;
        return stop(ec); // null is no value to tell an event by
    }
    bool on_comment_part(text, error_code&) { return true; }
    bool on_comment(text, error_code&) { return true; }

  private:
    static constexpr std::size_t longest_key = 1024;

    struct container {
        bool array = false;
        bool on_path = false;   // the path leads into this container
        bool here = false;      // the next value is the one that the path's token means
        std::uint64_t next = 0; // array: index of the next value
    };
    container& level() { return stack_[depth_]; }

    // Called when a value begins: is it on the path?
    bool begin_value() {
        if (depth_ == 0) return path_.empty();
        container& c = level();
        if (!c.on_path) return false;
        if (c.array) c.here = index_of(path_[depth_ - 1]) == c.next;
        return c.here;
    }
    void end_value() {
        if (depth_ == 0) return;
        container& c = level();
        if (c.array) ++c.next;
    }
    bool enter(bool array, error_code& ec) {
        const bool on_path = depth_ == 0 || begin_value();
        if (depth_ == deepest) return stop(ec);
        if (on_path && depth_ == path_.size()) return stop(ec); // the value is a container
        ++depth_;
        stack_[depth_] = {array, on_path, false, 0};
        return true;
    }
    bool leave(error_code& ec) {
        const bool was_on_path = level().on_path;
        --depth_;
        if (was_on_path) return stop(ec); // whatever else comes, it is not below the path
        end_value();
        return true;
    }
    bool piece(text s, error_code& ec) {
        if (!begin_value() || depth_ != path_.size()) return true;
        if (room_.size() + s.size() > at_most_) return stop(ec);
        room_.append(s.data(), s.size());
        return true;
    }
    bool finish(error_code& ec) {
        if (begin_value()) {
            found_ = depth_ == path_.size();
            return stop(ec); // found, or a scalar where the path goes on
        }
        end_value();
        return true;
    }
    bool stop(error_code& ec) {
        ec = boost::json::error::exception; // any error ends the parser; found() tells what it means
        return false;
    }

    const std::vector<std::string>& path_;
    std::string& room_;
    std::size_t at_most_;
    std::size_t depth_ = 0;
    std::array<container, deepest + 1> stack_{};
    std::string key_;
    bool found_ = false;
};

} // namespace

std::optional<json_pointer> json_pointer::parse(std::string_view s) {
    if (s.empty() || s[0] != '/') return std::nullopt;
    json_pointer p;
    while (!s.empty()) {
        s.remove_prefix(1);
        const auto end = s.find('/');
        auto token = unescaped(s.substr(0, end));
        if (!token || p.tokens_.size() == most_tokens) return std::nullopt;
        p.tokens_.push_back(std::move(*token));
        s.remove_prefix(end == std::string_view::npos ? s.size() : end);
    }
    return p;
}

bool find_scalar(std::string_view json, const json_pointer& where, std::string& room, std::size_t at_most) {
    room.clear();
    boost::json::basic_parser<finder> parser{boost::json::parse_options{}, where.tokens(), room, at_most};
    error_code ec;
    parser.write_some(false, json.data(), json.size(), ec);
    if (!parser.handler().found()) room.clear();
    return parser.handler().found();
}

} // namespace mira::signatures
