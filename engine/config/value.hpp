#pragma once
// A JSON value that knows where it stands in its document. Made by parse_document; a plain value type,
// immutable in use. Numbers keep their text, so that no figure is changed by passing through a double.
#include "engine/config/problem.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mira::config {

struct member;

class value {
  public:
    enum class kind { null, boolean, number, string, array, object };

    value(); // null
    explicit value(bool b, place at = {});
    static value of_number(std::string text, place at = {});
    static value of_string(std::string text, place at = {});
    static value of_array(std::vector<value> items, place at = {});
    static value of_object(std::vector<member> members, place at = {});
    static value of_null(place at = {});

    value(const value&);
    value(value&&) noexcept;
    value& operator=(const value&);
    value& operator=(value&&) noexcept;
    ~value();

    kind type() const { return static_cast<kind>(content_.index()); }
    // "a string", "an object": for messages.
    std::string_view type_name() const;
    place at() const { return at_; }

    bool is(kind k) const { return type() == k; }
    bool is_null() const { return is(kind::null); }
    // Nothing where the value is of another type, or a number does not fit.
    std::optional<bool> boolean() const;
    std::optional<std::int64_t> integer() const; // written without fraction and exponent
    std::optional<double> number() const;
    std::optional<std::string_view> string() const;
    // A number as it was written; empty for any other type.
    std::string_view number_text() const;
    // Empty for any other type.
    std::span<const value> items() const;
    std::span<const member> members() const;
    const value* find(std::string_view name) const;

    // What a dotted path such as sources[2].tolerance leads to, or the last value on the way that exists.
    const value& nearest_to(std::string_view path) const;

    // The same content, wherever it stands. Members may be in another order.
    bool operator==(const value& other) const;

  private:
    struct number_literal {
        std::string text;
    };
    using content = std::variant<std::monostate, bool, number_literal, std::string, std::vector<value>,
                                 std::vector<member>>;
    value(content c, place at);

    content content_;
    place at_;
};

struct member {
    std::string name;
    place at; // of the name
    config::value value;
};

} // namespace mira::config
