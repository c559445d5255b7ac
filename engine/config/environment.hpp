#pragma once
// What a configuration may refer to outside its document, behind an interface so that tests bring their own.
// Called on the control thread at start and reload only: reading files blocks.
#include "engine/base/clock.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace mira::config {

enum class file_fault {
    missing,
    unreadable, // exists, but this process may not read it, or reading failed
    not_a_file, // a folder, a device, a pipe: reading it might never end
    too_large,
};

struct file_contents {
    std::string bytes;
    bool readable_by_others = false; // the permission o+r
};

class environment {
  public:
    virtual ~environment() = default;
    virtual std::optional<std::string> variable(const std::string& name) const = 0;
    virtual boost::system::result<file_contents, file_fault> read_file(const std::string& path,
                                                                       std::size_t most) const = 0;
    virtual std::string host_name() const = 0;
    virtual wall_time now() const = 0;
};

// This process's.
const environment& process_environment();

} // namespace mira::config
