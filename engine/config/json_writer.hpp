#pragma once
// Writes JSON for people: two spaces a level, one member a line, lists of plain values on one line. Numbers
// are handed in as text. A plain value type; the caller keeps begin and end in balance.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mira::config {

class value;

class json_writer {
  public:
    enum class layout { pretty, compact };
    explicit json_writer(layout l = layout::pretty) : layout_{l} {}

    void begin_object() { begin('{', false); }
    void end_object() { end('}'); }
    // on_one_line: for lists of plain values.
    void begin_array(bool on_one_line = false) { begin('[', on_one_line); }
    void end_array() { end(']'); }

    void key(std::string_view name);
    void string(std::string_view s);
    void raw(std::string_view json); // a number, true, false, null
    void any(const value& v);        // as it was read

    const std::string& text() const { return out_; }

  private:
    struct level {
        bool empty = true;
        bool on_one_line = false;
    };
    void begin(char c, bool on_one_line);
    void end(char c);
    void before_value();
    void new_line();

    layout layout_;
    std::string out_;
    std::vector<level> levels_;
    bool after_key_ = false;
};

} // namespace mira::config
