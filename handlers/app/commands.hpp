#pragma once
// What the command line can do, a function a command; each returns the process's exit code: 0 done, 1 it
// failed or what was looked at is unsound, 2 the call or the configuration is wrong.
#include <cstdint>
#include <optional>
#include <string>

namespace mira::app {

struct serve_options {
    std::string config = "conf/mira.json";
    std::optional<std::uint16_t> port;
    std::optional<std::string> data_dir;
    bool salvage = false;
    bool takeover = false;
};
int serve(const serve_options& o);

struct check_options {
    std::string config = "conf/mira.json";
    bool list_settings = false;
    bool quiet = false;
};
int check(const check_options& o);

int verify_journal(const std::string& dir);
int dump_journal(const std::string& dir, bool json);
int find_in_journal(const std::string& dir, const std::string& id);
int salvage_journal(const std::string& dir);

} // namespace mira::app
