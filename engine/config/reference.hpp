#pragma once
// The table of all settings: the visitor that describes. Walks a section as it is before anything was read,
// so that the defaults in the table are those in force.
#include "engine/config/property.hpp"

#include <span>
#include <string>
#include <vector>

namespace mira::config {

struct setting_description {
    std::string name; // dotted; [] for any item of a list
    std::string type;
    std::string bounds;
    std::string fallback; // as JSON; "required", or what absence means
    applies when = applies::at_once;
    bool secret = false;
    std::string description;
    bool operator==(const setting_description&) const = default;
};

class reference final : public visitor {
  public:
    // defaults: one made for this; its lists get an item each.
    template <class S>
    static std::vector<setting_description> describe(S& defaults) {
        reference r;
        walk(r, defaults);
        return std::move(r.rows_);
    }

    void visit(const property& p, const field& f) override;

  protected:
    bool enter(const property& p) override;
    presence enter_optional(const property& p, bool present) override;
    std::optional<list_visit> enter_list(const property& p, std::size_t size, std::size_t most) override;
    presence enter_optional_list(const property& p, bool present) override;
    bool enter_item(std::size_t index, const std::string& label) override;
    void leave() override;
    void leave_list() override;

  private:
    void down(std::string_view name);
    void add(const property& p, std::string type, std::string bounds, std::string fallback, bool is_secret);

    std::string path_;
    std::vector<std::size_t> sizes_; // of the path, to go back to
    bool unset_list_ = false;
    std::vector<setting_description> rows_;
};

// For a terminal: one setting a paragraph.
std::string as_text(std::span<const setting_description> rows);

} // namespace mira::config
