#pragma once
// Writes sections as a document that can be read again: the visitor that dumps. Secrets appear as the
// reference that they were given by, or as ***. The order is that of the walk, so two dumps of one
// configuration are the same text.
#include "engine/config/property.hpp"

#include <string>

namespace mira::config {

class renderer final : public visitor {
  public:
    // s is not changed; a walk takes what it walks by reference because the same one also reads.
    template <class S>
    static std::string render(S& s) {
        renderer r;
        r.out_.begin_object();
        walk(r, s);
        r.out_.end_object();
        return r.out_.text() + "\n";
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
    json_writer out_;
};

} // namespace mira::config
