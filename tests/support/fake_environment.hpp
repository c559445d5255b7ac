#pragma once
// An environment that a test fills: variables, files, a host's name and a clock.
#include "engine/config/environment.hpp"

#include <map>
#include <string>

namespace mira::test {

struct fake_environment final : config::environment {
    std::map<std::string, std::string> variables;
    std::map<std::string, config::file_contents> files;
    std::map<std::string, config::file_fault> faults;
    std::string host = "edge-1";
    wall_time time{seconds{1'700'000'000}}; // 2023-11-14T22:13:20Z

    std::optional<std::string> variable(const std::string& name) const override {
        const auto it = variables.find(name);
        return it == variables.end() ? std::nullopt : std::optional{it->second};
    }
    boost::system::result<config::file_contents, config::file_fault>
    read_file(const std::string& path, std::size_t most) const override {
        if (const auto it = faults.find(path); it != faults.end()) return it->second;
        const auto it = files.find(path);
        if (it == files.end()) return config::file_fault::missing;
        if (it->second.bytes.size() > most) return config::file_fault::too_large;
        return it->second;
    }
    std::string host_name() const override { return host; }
    wall_time now() const override { return time; }
};

} // namespace mira::test
