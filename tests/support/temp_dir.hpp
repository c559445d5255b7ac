#pragma once
// A directory of a test's own under the system's temporary directory, removed with all that is in it when the
// object ends. Throws std::system_error where none can be made.
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

namespace mira::test {

class temp_dir {
  public:
    temp_dir() {
        std::string name = (std::filesystem::temp_directory_path() / "mira-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::system_error(errno, std::generic_category(), "mkdtemp " + name);
        path_ = name;
    }
    ~temp_dir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    temp_dir(const temp_dir&) = delete;
    temp_dir& operator=(const temp_dir&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

inline std::string read_file(const std::filesystem::path& p) {
    std::ifstream in{p, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}
inline void write_file(const std::filesystem::path& p, std::string_view bytes) {
    std::ofstream out{p, std::ios::binary | std::ios::trunc};
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}
// Inverts the bits of one byte that mask names.
inline void flip(const std::filesystem::path& p, std::size_t offset, unsigned char mask = 0x10) {
    std::string bytes = read_file(p);
    bytes.at(offset) = static_cast<char>(static_cast<unsigned char>(bytes[offset]) ^ mask);
    write_file(p, bytes);
}

} // namespace mira::test
