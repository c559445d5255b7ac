#include "engine/config/document.hpp"

#include "engine/config/utf8.hpp"
#include "engine/config/wording.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace mira::config {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || is_digit(c);
}
constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string show(place p) {
    return "line " + std::to_string(p.line) + ", column " + std::to_string(p.column);
}

// Recursive descent; every parse function returns false once a mistake is noted, and nobody goes on after
// that.
class parser {
  public:
    parser(std::string_view text, std::string_view file, const document_limits& limits)
        : text_{text}, file_{file}, limits_{limits} {}

    boost::system::result<value, std::vector<problem>> run() {
        value root;
        if (check_bytes() && document(root) && !found_.any_error()) return root;
        return found_.take_errors();
    }

  private:
    bool check_bytes() {
        if (text_.size() > limits_.bytes)
            return fail({}, "the document has " + std::to_string(text_.size()) + " bytes; at most " +
                                std::to_string(limits_.bytes) + " are read");
        if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3; // a byte order mark, as some editors leave it
        const std::size_t bad = first_invalid(text_);
        if (bad == text_.npos) return true;
        while (at_ < bad) advance();
        return fail(here(), "not UTF-8; the document must be saved in that encoding");
    }

    bool document(value& root) {
        if (!space()) return false;
        if (done()) return fail(here(), "the document is empty; it must hold one object: {...}");
        if (!any(root, 0) || !space()) return false;
        if (!done()) return fail(here(), "nothing may follow the document's end, but here is " + seen());
        return true;
    }

    bool any(value& out, std::size_t depth) {
        if (++values_ > limits_.values)
            return fail(here(), "more than " + std::to_string(limits_.values) + " values");
        if (done()) return fail(here(), "the document ends where a value is due");
        const place start = here();
        const char c = peek();
        if (c == '{') return object(out, depth, start);
        if (c == '[') return array(out, depth, start);
        if (c == '"') {
            std::string s;
            if (!string(s)) return false;
            out = value::of_string(std::move(s), start);
            return true;
        }
        if (is_digit(c) || c == '-') return number(out, start);
        return word(out, start);
    }

    bool object(value& out, std::size_t depth, place start) {
        if (!deeper(depth)) return false;
        advance();
        std::vector<member> members;
        for (;;) {
            if (!space() || !inside(start, '}')) return false;
            if (peek() == '}') break;
            member m;
            if (!key(m) || !any(m.value, depth + 1)) return false;
            members.push_back(std::move(m));
            if (!separator(start, '}')) return false;
        }
        advance();
        note_duplicates(members);
        out = value::of_object(std::move(members), start);
        return true;
    }

    bool array(value& out, std::size_t depth, place start) {
        if (!deeper(depth)) return false;
        advance();
        std::vector<value> items;
        for (;;) {
            if (!space() || !inside(start, ']')) return false;
            if (peek() == ']') break;
            if (!any(items.emplace_back(), depth + 1) || !separator(start, ']')) return false;
        }
        advance();
        out = value::of_array(std::move(items), start);
        return true;
    }

    bool deeper(std::size_t depth) {
        if (depth < limits_.depth) return true;
        return fail(here(), "nested more than " + std::to_string(limits_.depth) + " deep");
    }

    bool inside(place opened, char closer) {
        if (!done()) return true;
        return fail(here(), std::string{"the document ends before the '"} + closer + "' for " + show(opened));
    }

    bool key(member& m) {
        m.at = here();
        if (peek() != '"') {
            const std::string name = take_word();
            return fail(m.at, name.empty() ? "expected a name in double quotes or '}', but here is " + seen()
                                           : "names stand in double quotes: write " + quoted(name));
        }
        if (!string(m.name) || !space()) return false;
        if (done() || peek() != ':')
            return fail(here(), "expected ':' after the name " + quoted(m.name) + but());
        advance();
        return space();
    }

    // A comma, which may also stand after the last, or the closer, which is left for the caller.
    bool separator(place opened, char closer) {
        if (!space() || !inside(opened, closer)) return false;
        if (peek() == closer) return true;
        if (peek() != ',') return fail(here(), std::string{"expected ',' or '"} + closer + "'" + but());
        advance();
        return true;
    }

    bool string(std::string& out) {
        const place start = here();
        advance();
        for (;;) {
            if (done() || peek() == '\n')
                return fail(start, "the string that begins here has no closing quote");
            const char c = peek();
            if (c == '"') break;
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
                return fail(here(), "a control character in a string; write it as \\n, \\t or \\u00..");
            if (c == '\\') {
                if (!escape(out)) return false;
            } else {
                out += c;
                advance();
            }
        }
        advance();
        return true;
    }

    bool escape(std::string& out) {
        const place start = here();
        advance();
        if (done()) return fail(start, "the document ends inside a string");
        const char c = peek();
        constexpr std::string_view letters = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
        if (const auto i = letters.find(c); i != letters.npos) {
            out += meant[i];
            advance();
            return true;
        }
        if (c != 'u')
            return fail(
                start,
                R"(no escape of JSON; write \\ for a backslash, or one of \" \/ \b \f \n \r \t \uXXXX)");
        std::uint32_t code = 0;
        if (!code_unit(code, start)) return false;
        if (code >= 0xD800 && code <= 0xDBFF) {
            std::uint32_t low = 0;
            if (!text_.substr(at_).starts_with("\\u")) return lone_surrogate(start);
            advance();
            if (!code_unit(low, start)) return false;
            if (low < 0xDC00 || low > 0xDFFF) return lone_surrogate(start);
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        } else if (code >= 0xDC00 && code <= 0xDFFF) {
            return lone_surrogate(start);
        }
        append_utf8(out, code);
        return true;
    }

    bool lone_surrogate(place start) {
        return fail(start,
                    "half of a surrogate pair; characters above U+FFFF take two escapes, as \\ud83d\\ude00");
    }

    // Stands on the 'u'.
    bool code_unit(std::uint32_t& code, place start) {
        advance();
        code = 0;
        for (int i = 0; i < 4; ++i) {
            const char c = done() ? '\0' : peek();
            const char lower = static_cast<char>(c | 0x20);
            if (is_digit(c))
                code = code * 16 + static_cast<std::uint32_t>(c - '0');
            else if (lower >= 'a' && lower <= 'f')
                code = code * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
            else
                return fail(start, "\\u takes four hexadecimal digits");
            advance();
        }
        return true;
    }

    std::size_t digits() {
        std::size_t n = 0;
        for (; !done() && is_digit(peek()); ++n) advance();
        return n;
    }

    bool number(value& out, place start) {
        const std::size_t from = at_;
        if (peek() == '-') advance();
        const std::size_t whole = at_;
        if (digits() == 0) return fail(start, "expected digits after the '-'");
        if (text_[whole] == '0' && at_ - whole > 1) return fail(start, "a number has no leading zeros");
        if (!done() && peek() == '.') {
            advance();
            if (digits() == 0) return fail(start, "expected digits after the decimal point");
        }
        if (!done() && (peek() == 'e' || peek() == 'E')) {
            advance();
            if (!done() && (peek() == '+' || peek() == '-')) advance();
            if (digits() == 0) return fail(start, "expected digits in the exponent");
        }
        if (!done() && (is_word(peek()) || peek() == '.' || peek() == '/')) return not_a_number(start);
        out = value::of_number(std::string{text_.substr(from, at_ - from)}, start);
        return true;
    }

    // 10s or 100/s without their quotes, the likeliest slip of all. The text is not repeated: it may be a
    // secret.
    bool not_a_number(place start) {
        if (text_.substr(at_).starts_with("//") || text_.substr(at_).starts_with("/*"))
            return fail(here(), "put a space between a number and a comment");
        return fail(
            start, R"(no number; a figure with a unit is a string: write "10s" or "100/s" in double quotes)");
    }

    bool word(value& out, place start) {
        const std::string w = take_word();
        if (w == "true" || w == "false") {
            out = value{w == "true", start};
            return true;
        }
        if (w == "null") {
            out = value::of_null(start);
            return true;
        }
        if (w.empty()) return fail(start, not_a_value());
        constexpr std::string_view words[] = {"true", "false", "null"};
        if (const auto meant = nearest(w, words))
            return fail(start, "did you mean " + std::string{*meant} + "?");
        return fail(start, "strings stand in double quotes");
    }

    std::string not_a_value() {
        switch (peek()) {
        case '\'': return "strings stand in double quotes, not in single ones";
        case ',': return "a comma with no value before it";
        case '+': return "a number has no leading '+'";
        case '.': return "a number begins with a digit: write 0.5, not .5";
        default: return "expected a value, but here is " + seen();
        }
    }

    std::string take_word() {
        const std::size_t from = at_;
        while (!done() && is_word(peek())) advance();
        return std::string{text_.substr(from, at_ - from)};
    }

    // White space and comments.
    bool space() {
        while (!done()) {
            if (is_space(peek())) {
                advance();
            } else if (text_.substr(at_).starts_with("//")) {
                while (!done() && peek() != '\n') advance();
            } else if (text_.substr(at_).starts_with("/*")) {
                const place start = here();
                const std::size_t end = text_.find("*/", at_ + 2);
                if (end == text_.npos) return fail(start, "the comment that begins here has no closing */");
                while (at_ < end + 2) advance();
            } else {
                break;
            }
        }
        return true;
    }

    void note_duplicates(const std::vector<member>& members) {
        std::vector<const member*> sorted;
        sorted.reserve(members.size());
        for (const member& m : members) sorted.push_back(&m);
        // By name, and equal names in the order of the document.
        std::ranges::sort(sorted, [](const member* a, const member* b) {
            return a->name != b->name ? a->name < b->name : std::less<>{}(a, b);
        });
        for (std::size_t i = 1; i < sorted.size(); ++i)
            if (sorted[i]->name == sorted[i - 1]->name)
                fail(sorted[i]->at, quoted(sorted[i]->name) + " stands twice in this object: on line " +
                                        std::to_string(sorted[i - 1]->at.line) + " and on line " +
                                        std::to_string(sorted[i]->at.line));
    }

    bool done() const { return at_ >= text_.size(); }
    char peek() const { return text_[at_]; }
    void advance() {
        const auto c = static_cast<unsigned char>(text_[at_++]);
        if (c == '\n') {
            ++where_.line;
            where_.column = 1;
        } else if (done() || (static_cast<unsigned char>(text_[at_]) & 0xC0) != 0x80) {
            ++where_.column; // once a character: bytes that are followed by the rest of theirs do not count
        }
    }
    place here() const { return where_; }
    std::string seen() const { return done() ? "the end of the document" : quoted(first_character()); }
    std::string_view first_character() const {
        return text_.substr(at_, next_character(text_.substr(at_)).size);
    }
    std::string but() const { return ", but here is " + seen(); }

    bool fail(place at, std::string what) {
        found_.add({severity::error, std::string{file_}, at, {}, std::move(what)});
        return false;
    }

    std::string_view text_;
    std::string_view file_;
    document_limits limits_;
    std::size_t at_ = 0;
    std::size_t values_ = 0;
    place where_{1, 1};
    problems found_;
};

} // namespace

boost::system::result<value, std::vector<problem>>
parse_document(std::string_view text, std::string_view file, const document_limits& limits) {
    return parser{text, file, limits}.run();
}

} // namespace mira::config
