#pragma once
// What a reload changes: visitors that remember a configuration and compare another with it. Settings that
// apply only at a restart can be put back to their running values, so that what is published never mixes the
// two.
#include "engine/config/property.hpp"

#include <any>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace mira::config {

struct change {
    enum class kind { changed, added, removed };
    std::string path; // items of lists by their label: sources[default/github].tolerance
    kind what = kind::changed;
    applies when = applies::at_once;
    bool operator==(const change&) const = default;
};
// "server.port changed", "sources[default/github] added"
std::string to_text(const change& c);

// The values of a configuration by their paths.
struct remembered {
    struct entry {
        std::any value;
        applies when;
    };
    std::map<std::string, entry> values;
    std::map<std::string, applies> sections; // optional ones that are there, and items of lists
};

// Shared by the two visitors below: keeps the path.
class path_visitor : public visitor {
  protected:
    bool enter(const property& p) override;
    presence enter_optional_list(const property& p, bool present) override;
    std::optional<list_visit> enter_list(const property& p, std::size_t size, std::size_t most) override;
    void leave() override;
    void leave_list() override;

    std::string path_of(const property& p) const;
    void down(std::string path);
    const std::string& path() const { return path_; }
    applies list_applies() const { return lists_.back(); }

  private:
    std::string path_;
    std::vector<std::string> above_;
    std::vector<applies> lists_;
};

class rememberer final : public path_visitor {
  public:
    template <class S>
    static remembered remember(S& s) {
        rememberer r;
        walk(r, s);
        return std::move(r.all_);
    }

    void visit(const property& p, const field& f) override;

  protected:
    presence enter_optional(const property& p, bool present) override;
    bool enter_item(std::size_t index, const std::string& label) override;

  private:
    remembered all_;
};

class comparison final : public path_visitor {
  public:
    enum class mode {
        only_compare,
        keep_running, // also put what needs a restart back to what is remembered
    };

    // What s has that differs from what is remembered, in the order of the paths.
    template <class S>
    static std::vector<change> compare(const remembered& before, S& s, mode m = mode::only_compare) {
        comparison c{before, m};
        walk(c, s);
        return c.finish();
    }

    void visit(const property& p, const field& f) override;

  protected:
    presence enter_optional(const property& p, bool present) override;
    bool enter_item(std::size_t index, const std::string& label) override;
    void leave() override;

  private:
    comparison(const remembered& before, mode m) : before_{before}, mode_{m} {}
    std::vector<change> finish();
    bool keeps(applies when) const { return mode_ == mode::keep_running && when == applies::at_restart; }

    const remembered& before_;
    mode mode_;
    std::set<std::string> seen_;
    std::string restoring_; // the section that came back whole; empty: none
    std::vector<change> changes_;
};

} // namespace mira::config
