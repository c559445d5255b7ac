#pragma once
// The header fields of one request, in the order sent, as views into the connection's buffer. Lives in the
// reactor's scratch memory and is valid until the reactor parses its next head: copy what must outlive the
// call.
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace mira::http {

// ASCII only, as RFC 9110 section 5.1 compares names.
bool same_letters(const char* a, const char* b, std::size_t n);
inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && same_letters(a.data(), b.data(), a.size());
}

struct field {
    std::string_view name;
    std::string_view value; // without the white space around it
};

class fields {
  public:
    // The most that any limit can be set to.
    static constexpr std::size_t capacity = 256;

    void clear() { size_ = 0; }
    // False where there is no room.
    bool add(std::string_view name, std::string_view value) {
        if (size_ == capacity) return false;
        all_[size_++] = {name, value};
        return true;
    }

    std::span<const field> all() const { return {all_.data(), size_}; }
    std::size_t size() const { return size_; }

    // The first field of that name, or nullptr. Ask count() as well where a second one would matter.
    const field* find(std::string_view name) const;
    std::size_t count(std::string_view name) const;
    // The value of the only field of that name; empty where there is none or more than one.
    std::string_view only(std::string_view name) const;

  private:
    std::array<field, capacity> all_;
    std::size_t size_ = 0;
};

} // namespace mira::http
