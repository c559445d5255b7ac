#pragma once
// Secrets that a provider handed over in its handshake (Asana, Clio, Notion) to a source that was configured
// to learn: one file a source in DATA/learned, readable by the owner only. Control thread and blocking pool,
// guarded by a mutex.
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mira::app {

class learned_secrets {
  public:
    // Reads what is there; a directory that does not exist holds nothing.
    explicit learned_secrets(std::filesystem::path dir);

    std::optional<std::string> find(std::string_view tenant, std::string_view source) const;
    // Writes and syncs it; false where the source has one already or the disk refuses. Blocks.
    bool learn(std::string_view tenant, std::string_view source, std::string_view secret);

  private:
    std::filesystem::path file_of(std::string_view tenant, std::string_view source) const;

    const std::filesystem::path dir_;
    mutable std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, std::string, std::less<>> all_;
};

} // namespace mira::app
