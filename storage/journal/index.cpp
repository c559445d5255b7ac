#include "storage/journal/index.hpp"

#include "engine/base/bytes.hpp"
#include "engine/base/crc32c.hpp"
#include "storage/journal/segment_file.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace mira::journal {
namespace {

constexpr char magic[8] = {'M', 'I', 'R', 'A', 'I', 'D', 'X', '\n'};
constexpr std::size_t head_bytes = 32; // magic, epoch, count, CRC of the entries, CRC of the head
constexpr std::size_t entry_bytes = 20;

error_code damaged() { return make_error_code(boost::system::errc::bad_message); }

// An index whose head is sound and fits the segment.
result<mapped_file> open_index(const std::filesystem::path& dir, const segment_header& of) {
    auto file = mapped_file::open(dir / index_name(of.number));
    if (!file) return file.error();
    const std::string_view bytes = file->bytes();
    if (bytes.size() < head_bytes || std::memcmp(bytes.data(), magic, sizeof magic) != 0 ||
        load_le<std::uint32_t>(bytes.data() + 28) != crc32c(0, bytes.data(), 28) ||
        load_le<std::uint32_t>(bytes.data() + 8) != of.epoch ||
        bytes.size() != head_bytes + load_le<std::uint64_t>(bytes.data() + 16) * entry_bytes)
        return damaged();
    return file;
}

bool entries_sound(std::string_view bytes) {
    return load_le<std::uint32_t>(bytes.data() + 24) ==
           crc32c(0, bytes.data() + head_bytes, bytes.size() - head_bytes);
}

} // namespace

error_code write_index(const std::filesystem::path& dir, const segment_header& of,
                       std::vector<index_entry>& entries) {
    std::ranges::sort(entries, {}, &index_entry::id);
    std::string bytes(head_bytes + entries.size() * entry_bytes, '\0');
    char* p = bytes.data() + head_bytes;
    for (const index_entry& e : entries) {
        std::memcpy(p, e.id.bytes.data(), 16);
        store_le(p + 16, e.offset);
        p += entry_bytes;
    }
    std::memcpy(bytes.data(), magic, sizeof magic);
    store_le(bytes.data() + 8, of.epoch);
    store_le(bytes.data() + 16, static_cast<std::uint64_t>(entries.size()));
    store_le(bytes.data() + 24, crc32c(0, bytes.data() + head_bytes, bytes.size() - head_bytes));
    store_le(bytes.data() + 28, crc32c(0, bytes.data(), 28));

    const auto name = dir / index_name(of.number);
    const unique_fd fd{::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (!fd) return {errno, boost::system::system_category()};
    error_code ec = write_fully(fd.get(), bytes.data(), bytes.size(), 0);
    if (!ec) ec = sync_data(fd.get());
    if (ec) ::unlink(name.c_str()); // half an index is worse than none
    return ec;
}

bool index_fits(const std::filesystem::path& dir, const segment_header& of) {
    const auto file = open_index(dir, of);
    return file && entries_sound(file->bytes());
}

result<std::optional<std::uint32_t>> find_in_index(const std::filesystem::path& dir, const segment_header& of,
                                                   const event_id& id) {
    const auto file = open_index(dir, of);
    if (!file) return file.error();
    const char* const entries = file->bytes().data() + head_bytes;
    std::uint64_t low = 0;
    std::uint64_t high = (file->bytes().size() - head_bytes) / entry_bytes;
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        const int order = std::memcmp(entries + middle * entry_bytes, id.bytes.data(), 16);
        if (order == 0) return std::optional{load_le<std::uint32_t>(entries + middle * entry_bytes + 16)};
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    // "Not here" is an answer only where every entry is as it was written.
    if (!entries_sound(file->bytes())) return damaged();
    return std::optional<std::uint32_t>{};
}

} // namespace mira::journal
