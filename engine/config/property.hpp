#pragma once
// A setting, described once. A section of settings is a plain struct and one function
//
//     void walk(config::visitor& v, server_limits& s) {
//         v.visit({"max_body", "Largest body of a webhook.", applies::at_once}, size_field{s.max_body, 1,
//         32_MiB});
//         ...
//
// and everything else follows from it: the reader (reader.hpp), the dump (renderer.hpp), the reference
// (reference.hpp) and what a reload changes (changes.hpp) are visitors. So a setting cannot exist without a
// type, bounds, a default and a description, and the bounds in the reference are those that are checked.
// Control thread only.
#include "engine/config/environment.hpp"
#include "engine/config/json_writer.hpp"
#include "engine/config/problem.hpp"
#include "engine/config/value.hpp"

#include <any>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mira::config {

enum class applies {
    at_once,    // a reload puts it into force
    at_restart, // a reload leaves the running value in place and says so
};

// Views of literals: a property is cheap to make and outlives the visit.
struct property {
    std::string_view name; // within its section
    std::string_view description;
    applies when = applies::at_once;
    bool required = false;
    std::string_view unset = {}; // what null or absence means, where the setting may be left out: "no TLS"
};

// Where a field is being read: tells problems, knows the way there and what lies outside the document.
class reading {
  public:
    reading(std::string_view file, const environment& e) : file_{file}, environment_{&e} {}

    const environment& surroundings() const { return *environment_; }
    void error(const value& at, std::string what) { add(severity::error, at.at(), std::move(what)); }
    void error(place at, std::string what) { add(severity::error, at, std::move(what)); }
    // A member whose name nobody knows; says which was probably meant.
    void unknown(const member& m, std::span<const std::string_view> known);
    void warn(const value& at, std::string what) { add(severity::warning, at.at(), std::move(what)); }
    problems& found() { return found_; }
    const std::string& path() const { return path_; }

    // Adds a step to the path for its own life: ".name" or "[3]".
    class step {
      public:
        step(reading& r, std::string_view name);
        step(reading& r, std::size_t index);
        step(const step&) = delete;
        step& operator=(const step&) = delete;
        ~step() { reading_.path_.resize(size_); }

      private:
        reading& reading_;
        std::size_t size_;
    };
    // The same for steps that are not nested in the code; returns what to hand to retrace().
    std::size_t enter(std::string_view name);
    std::size_t enter(std::size_t index);
    void retrace(std::size_t size) { path_.resize(size); }

  private:
    void add(severity level, place at, std::string what);

    std::string file_;
    const environment* environment_;
    std::string path_;
    problems found_;
};

// A setting's type and bounds, tied to the variable that holds it.
class field {
  public:
    virtual ~field() = default;

    virtual std::string type() const = 0;   // "duration"
    virtual std::string bounds() const = 0; // "1s to 1h"; empty where the type says it all
    virtual bool is_secret() const { return false; }
    // Sets the variable, or tells r what is wrong and leaves it.
    virtual void read(const value& v, reading& r) const = 0;
    virtual void write(json_writer& w) const = 0;
    // The variable's value, for comparing and restoring.
    virtual std::any get() const = 0;
    virtual void set(const std::any& a) const = 0;
    virtual bool same(const std::any& a) const = 0;
};

// The part of a field that follows from the variable's type, which can be copied and compared.
template <class T>
class bound_field : public field {
  public:
    explicit bound_field(T& target) : target_{&target} {}
    std::any get() const override { return *target_; }
    void set(const std::any& a) const override { *target_ = std::any_cast<const T&>(a); }
    bool same(const std::any& a) const override {
        const T* other = std::any_cast<T>(&a);
        return other && *other == *target_;
    }

  protected:
    T& target() const { return *target_; }

  private:
    T* target_;
};

enum class presence {
    untouched, // leave the optional as it is
    absent,    // empty it
    present,   // fill it if it is empty, and visit it
};

struct list_visit {
    std::size_t size = 0;
    bool fresh = false; // forget what is there
};

class visitor {
  public:
    virtual ~visitor() = default;

    virtual void visit(const property& p, const field& f) = 0;

    // A section within this one.
    template <class S>
    void section(const property& p, S& s) {
        if (!enter(p)) return;
        walk(*this, s);
        leave();
    }

    // A section that may be null.
    template <class S>
    void optional_section(const property& p, std::optional<S>& s) {
        switch (enter_optional(p, s.has_value())) {
        case presence::untouched: return;
        case presence::absent: s.reset(); return;
        case presence::present: break;
        }
        if (!s) s.emplace();
        walk(*this, *s);
        leave();
    }

    // A list of sections. Where a function label_of(const S&) exists, it says what an item is called in
    // changes.
    template <class S>
    void list(const property& p, std::vector<S>& items, std::size_t most) {
        const auto visiting = enter_list(p, items.size(), most);
        if (!visiting) return;
        if (visiting->fresh) items.clear();
        items.resize(visiting->size);
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (!enter_item(i, label(items[i], i))) continue;
            walk(*this, items[i]);
            leave();
        }
        leave_list();
    }

    // A list that may be null.
    template <class S>
    void optional_list(const property& p, std::optional<std::vector<S>>& items, std::size_t most) {
        switch (enter_optional_list(p, items.has_value())) {
        case presence::untouched: return;
        case presence::absent: items.reset(); return;
        case presence::present: break;
        }
        if (!items) items.emplace();
        list(p, *items, most);
    }

  protected:
    // False: pass over it; leave() is then not called.
    virtual bool enter(const property& p) = 0;
    virtual presence enter_optional(const property& p, bool present) = 0;
    virtual std::optional<list_visit> enter_list(const property& p, std::size_t size, std::size_t most) = 0;
    virtual presence enter_optional_list(const property& p, bool present) = 0;
    virtual bool enter_item(std::size_t index, const std::string& label) = 0;
    virtual void leave() = 0; // of a section or an item
    virtual void leave_list() = 0;

  private:
    template <class S>
    static std::string label(const S& s, std::size_t index) {
        if constexpr (requires { label_of(s); })
            return label_of(s);
        else
            return std::to_string(index);
    }
};

} // namespace mira::config
