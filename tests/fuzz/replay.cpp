// The main of a fuzz target where there is no libFuzzer: runs every file of the given folders once. No file
// at all is a failure, since then nothing was tried.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

bool replay(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    if (!in) return false;
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return true;
}

} // namespace

int main(int argc, char** argv) {
    std::size_t files = 0;
    for (int i = 1; i < argc; ++i) {
        if (std::filesystem::is_regular_file(argv[i])) {
            files += replay(argv[i]) ? 1 : 0;
            continue;
        }
        if (!std::filesystem::is_directory(argv[i])) continue;
        for (const auto& entry : std::filesystem::recursive_directory_iterator{argv[i]})
            if (entry.is_regular_file()) files += replay(entry.path()) ? 1 : 0;
    }
    std::printf("%zu inputs replayed\n", files);
    return files > 0 ? 0 : 1;
}
