#pragma once
// A string that is never printed. It has no operator<<, renders as ***, is shared and not copied, and is
// wiped when the last owner goes. A value that was written into a configuration as env:NAME or file:PATH
// remembers that reference, which is no secret and may be shown. A literal has passed through the document's
// own memory, which is not wiped: prefer the references. Immutable once made; may be shared between threads.
#include "engine/base/clock.hpp"

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mira::config {

class secret {
  public:
    secret() = default; // none
    explicit secret(std::string_view bytes, std::string origin = {});

    explicit operator bool() const { return bytes_ != nullptr; }
    // The bytes themselves. Valid while a copy of this secret lives; never log, compare or store them
    // otherwise.
    std::string_view expose() const;
    // "env:GITHUB_WEBHOOK_SECRET", "file:/run/secrets/github", or empty for a literal.
    const std::string& origin() const { return origin_; }
    // For dumps and logs: "***", "*** (env:GITHUB_WEBHOOK_SECRET)", or "none".
    std::string masked() const;

    // Compares bytes and origin; for finding out what a reload changed, not for verifying anything.
    bool operator==(const secret& other) const;

  private:
    struct buffer;
    std::shared_ptr<const buffer> bytes_;
    std::string origin_;
};

std::ostream& operator<<(std::ostream&, const secret&) = delete;

// One of several secrets that hold at the same time, for rotation.
struct expiring_secret {
    secret value;
    std::optional<wall_time> not_after; // unset: for good
    bool operator==(const expiring_secret&) const = default;
};

// Overwrites the characters, in a way that no optimiser leaves out, and empties the string.
void wipe(std::string& s);

// What a masked secret looks like in a dump; refused when read back.
inline constexpr std::string_view mask = "***";

class environment;

struct resolved_secret {
    secret value;
    std::string error;   // empty: value is set. Never holds the secret.
    std::string warning; // for instance that everybody may read the file
};
// A literal, env:NAME or file:PATH. A file's one trailing line end is not part of the secret.
resolved_secret resolve_secret(std::string_view text, const environment& e);

} // namespace mira::config
