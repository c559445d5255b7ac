#pragma once
// Reads a document into sections: the visitor that sets. A name that no field of a section asked for is an
// error, with the nearest known one. What is absent keeps its default; what is wrong is a problem, and
// reading goes on, so that all problems come at once.
#include "engine/config/property.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mira::config {

class reader final : public visitor {
  public:
    // root and the names of every property outlive the reader.
    reader(const value& root, reading& r) : root_{root}, reading_{r} {}

    // The whole document as one section.
    template <class S>
    void read(S& s) {
        if (!open(root_)) return;
        walk(*this, s);
        leave();
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
    struct level {
        const value* at;
        std::size_t path; // to go back to
        std::vector<std::string_view> known = {};
    };
    // Makes v, an object, the section being read.
    bool open(const value& v);
    // The member, which from now on is a known one; nothing where it is absent.
    const value* take(const property& p);

    const value& root_;
    reading& reading_;
    std::vector<level> sections_;
    std::vector<level> lists_;
    std::size_t path_before_ = 0; // of the section or list that is about to be opened
};

} // namespace mira::config
