#pragma once
// What is wrong with a configuration, and where. Problems are collected, all of them, so that one run of a
// check shows everything there is to mend. No problem's text ever holds a secret's bytes: fields of that kind
// describe, they do not quote. Used on the control thread only.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mira::config {

// In a document, both from 1, columns in characters. Zero: no place in a document, for instance a command
// line's.
struct place {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    bool operator==(const place&) const = default;
};

enum class severity { error, warning };

struct problem {
    severity level = severity::error;
    std::string file;
    place at;
    std::string path; // dotted, for instance sources[2].tolerance; empty for the document as a whole
    std::string what;

    // "conf/mira.json:12:5: sources[2].tolerance: ..."; parts that are not known are left out.
    std::string text() const;
};

// Collects problems. Bounded: past `most` of a kind they are only counted, and the last entry says how many
// there were.
class problems {
  public:
    static constexpr std::size_t most = 100;

    void add(problem p);
    // True when one more error would only be counted: time to stop working out helpful suggestions.
    bool full() const { return errors_.size() >= most; }
    bool any_error() const { return !errors_.empty(); }

    // Both in the order of their places; those of one place in the order in which they were found.
    std::vector<problem> take_errors();
    std::vector<problem> take_warnings();

  private:
    std::vector<problem> errors_;
    std::vector<problem> warnings_;
    std::size_t errors_left_out_ = 0;
    std::size_t warnings_left_out_ = 0;
};

} // namespace mira::config
