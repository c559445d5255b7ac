#include "handlers/app/learned_secrets.hpp"

#include "engine/base/unique_fd.hpp"

#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace mira::app {
namespace {

// Names hold letters, digits, '.', '_' and '-' only, so "@" separates them without doubt.
constexpr char separator = '@';

} // namespace

learned_secrets::learned_secrets(std::filesystem::path dir) : dir_{std::move(dir)} {
    std::error_code ec;
    for (std::filesystem::directory_iterator it{dir_, ec}; !ec && it != std::filesystem::directory_iterator{};
         it.increment(ec)) {
        const std::string name = it->path().filename().string();
        const auto at = name.find(separator);
        if (at == std::string::npos || name.ends_with(".new")) continue;
        std::ifstream in{it->path(), std::ios::binary};
        std::stringstream bytes;
        bytes << in.rdbuf();
        all_[{name.substr(0, at), name.substr(at + 1)}] = bytes.str();
    }
}

std::filesystem::path learned_secrets::file_of(std::string_view tenant, std::string_view source) const {
    return dir_ / (std::string{tenant} + separator + std::string{source});
}

std::optional<std::string> learned_secrets::find(std::string_view tenant, std::string_view source) const {
    const std::lock_guard lock{mutex_};
    const auto it = all_.find({std::string{tenant}, std::string{source}});
    return it != all_.end() ? std::optional{it->second} : std::nullopt;
}

bool learned_secrets::learn(std::string_view tenant, std::string_view source, std::string_view secret) {
    const std::lock_guard lock{mutex_};
    std::pair key{std::string{tenant}, std::string{source}};
    if (all_.contains(key)) return false;
    std::error_code ec;
    std::filesystem::create_directories(dir_, ec);
    std::filesystem::permissions(dir_, std::filesystem::perms::owner_all, ec);
    const std::filesystem::path final_name = file_of(tenant, source);
    const std::filesystem::path working = std::filesystem::path{final_name}.concat(".new");
    {
        const unique_fd fd{::open(working.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
        if (!fd || ::write(fd.get(), secret.data(), secret.size()) != static_cast<ssize_t>(secret.size()) ||
            ::fsync(fd.get()) != 0)
            return false;
    }
    std::filesystem::rename(working, final_name, ec);
    if (ec) return false;
    const unique_fd dir{::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!dir || ::fsync(dir.get()) != 0) return false;
    all_.emplace(std::move(key), secret);
    return true;
}

} // namespace mira::app
