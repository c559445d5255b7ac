#include "engine/config/json_writer.hpp"

#include "engine/config/value.hpp"

#include <algorithm>

namespace mira::config {
namespace {

void append_quoted(std::string& out, std::string_view s) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    for (const char c : s) {
        const auto u = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (u < 0x20 || u == 0x7F) {
            out += "\\u00";
            out += digits[u >> 4];
            out += digits[u & 0xF];
        } else {
            out += c;
        }
    }
    out += '"';
}

} // namespace

void json_writer::begin(char c, bool on_one_line) {
    before_value();
    out_ += c;
    const bool inherited = !levels_.empty() && levels_.back().on_one_line;
    levels_.push_back({true, on_one_line || inherited || layout_ == layout::compact});
}

void json_writer::end(char c) {
    const level closed = levels_.back();
    levels_.pop_back();
    if (!closed.empty && !closed.on_one_line) new_line();
    out_ += c;
}

void json_writer::key(std::string_view name) {
    before_value();
    append_quoted(out_, name);
    out_ += ": ";
    after_key_ = true;
}

void json_writer::string(std::string_view s) {
    before_value();
    append_quoted(out_, s);
}

void json_writer::raw(std::string_view json) {
    before_value();
    out_ += json;
}

void json_writer::any(const value& v) {
    switch (v.type()) {
    case value::kind::null: return raw("null");
    case value::kind::boolean: return raw(*v.boolean() ? "true" : "false");
    case value::kind::number: return raw(v.number_text());
    case value::kind::string: return string(*v.string());
    case value::kind::array: {
        const auto plain = [](const value& i) {
            return !i.is(value::kind::array) && !i.is(value::kind::object);
        };
        begin_array(std::ranges::all_of(v.items(), plain));
        for (const value& item : v.items()) any(item);
        return end_array();
    }
    case value::kind::object: break;
    }
    begin_object();
    for (const member& m : v.members()) {
        key(m.name);
        any(m.value);
    }
    end_object();
}

void json_writer::before_value() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    if (levels_.empty()) return;
    level& l = levels_.back();
    if (!l.empty) out_ += l.on_one_line ? ", " : ",";
    if (!l.on_one_line) new_line();
    l.empty = false;
}

void json_writer::new_line() {
    out_ += '\n';
    out_.append(levels_.size() * 2, ' ');
}

} // namespace mira::config
