#pragma once
// The files of a journal directory and the system calls on them. Every function that can meet a full or
// failing disk returns its error_code; none of them is for a reactor's thread.
//
//   0000000000000001.seg   a segment; its number, in hex, is in its name
//   0000000000000001.idx   the index of a sealed segment (index.hpp)
//   spare-<n>.seg          a deleted segment's file, kept for its blocks
//   LOCK                   held by the process that writes here
#include "engine/base/result.hpp"
#include "engine/base/unique_fd.hpp"
#include "storage/journal/format.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mira::journal {

inline constexpr std::size_t page_bytes = 4096;

std::string segment_name(std::uint64_t number);
std::string index_name(std::uint64_t number);
// The numbers of the segments in dir, ascending.
result<std::vector<std::uint64_t>> list_segments(const std::filesystem::path& dir);
std::vector<std::filesystem::path> list_spares(const std::filesystem::path& dir);

// No value: not a segment, or its header is damaged.
std::optional<segment_header> read_header(const std::filesystem::path& dir, std::uint64_t number);

// Retries short writes and EINTR; false and errno's code otherwise.
error_code write_fully(int fd, const char* p, std::size_t n, std::uint64_t offset);
error_code sync_data(int fd);
error_code sync_directory(const std::filesystem::path& dir);
std::uint64_t file_size(int fd);

// Makes segment `number`, its bytes zero and their blocks written, so that later writes change no metadata:
// renamed into place and synced when it returns. Uses a spare where there is one. The file may come out
// shorter than asked, but not below least, where the disk has no more.
struct prepared_segment {
    unique_fd fd;
    std::uint64_t size = 0;
    segment_header header;
};
result<prepared_segment> prepare_segment(const std::filesystem::path& dir, const journal_id& id,
                                         std::uint64_t number, std::uint64_t size, std::uint64_t least);

// Turns a segment's file into a spare, or removes it where enough are kept. Also removes its index.
error_code retire_segment(const std::filesystem::path& dir, std::uint64_t number, std::size_t spares_kept);

// A whole file, mapped for reading.
class mapped_file {
  public:
    static result<mapped_file> open(const std::filesystem::path& p);
    mapped_file(mapped_file&& o) noexcept;
    mapped_file& operator=(mapped_file&& o) noexcept;
    ~mapped_file();
    std::string_view bytes() const { return {data_, size_}; }

  private:
    mapped_file(const char* d, std::size_t n) : data_{d}, size_{n} {}
    const char* data_ = nullptr;
    std::size_t size_ = 0;
};

// The right to write into dir, for as long as the object lives.
class directory_lock {
  public:
    // No value: another process holds it; holder says which, as far as it is known.
    static result<std::optional<directory_lock>> take(const std::filesystem::path& dir, std::string& holder);

  private:
    explicit directory_lock(unique_fd fd) : fd_{std::move(fd)} {}
    unique_fd fd_;
};

} // namespace mira::journal
