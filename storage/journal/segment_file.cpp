#include "storage/journal/segment_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <random>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mira::journal {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t fill_bytes =
    1024 * 1024;                      // written at a time, so that the journal's own syncs get through
constexpr mode_t private_file = 0600; // bodies may hold anything

error_code last_error() { return {errno, boost::system::system_category()}; }

std::string hex16(std::uint64_t n) {
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(n));
    return text.data();
}

unique_fd open_file(const fs::path& p, int flags) {
    return unique_fd{::open(p.c_str(), flags | O_CLOEXEC, private_file)};
}

struct freed {
    void operator()(char* p) const { std::free(p); }
};

// Zeroes [from, to); how far it came, and the error that stopped it. Past the page cache where the file
// system can: a third of the processor time, and what is hot stays cached. The writer never needs the zeros
// in memory (see writer::put_vectors).
std::uint64_t fill_with_zeros(const fs::path& file, std::uint64_t from, std::uint64_t to, error_code& ec) {
    if (from >= to) return from;
    const std::unique_ptr<char, freed> zeros{static_cast<char*>(std::aligned_alloc(page_bytes, fill_bytes))};
    if (!zeros) {
        ec = make_error_code(boost::system::errc::not_enough_memory);
        return from;
    }
    std::memset(zeros.get(), 0, fill_bytes);
    unique_fd fd = open_file(file, O_WRONLY | O_DIRECT);
    bool direct = static_cast<bool>(fd);
    while (from < to) {
        if (!direct && !fd) fd = open_file(file, O_WRONLY);
        if (!fd) {
            ec = last_error();
            return from;
        }
        const std::size_t n = std::min<std::uint64_t>(fill_bytes - from % fill_bytes, to - from);
        ec = write_fully(fd.get(), zeros.get(), n, from);
        if (ec == boost::system::errc::invalid_argument && direct) {
            direct = false; // odd alignment, or a file system that refuses only now
            fd.reset();
            continue;
        }
        if (ec) return from;
        from += n;
    }
    ec = sync_data(fd.get());
    return from;
}

bool is_out_of_space(const error_code& ec) {
    return ec == boost::system::errc::no_space_on_device || ec.value() == EDQUOT;
}

} // namespace

std::string segment_name(std::uint64_t number) { return hex16(number) + ".seg"; }
std::string index_name(std::uint64_t number) { return hex16(number) + ".idx"; }

result<std::vector<std::uint64_t>> list_segments(const fs::path& dir) {
    std::error_code ec;
    std::vector<std::uint64_t> all;
    for (fs::directory_iterator it{dir, ec}; !ec && it != fs::directory_iterator{}; it.increment(ec)) {
        const std::string name = it->path().filename().string();
        if (name.size() != 20 || !name.ends_with(".seg")) continue;
        std::uint64_t n = 0;
        const auto [end, parse] = std::from_chars(name.data(), name.data() + 16, n, 16);
        if (parse == std::errc{} && end == name.data() + 16) all.push_back(n);
    }
    if (ec) return error_code{ec.value(), boost::system::system_category()};
    std::ranges::sort(all);
    return all;
}

std::vector<fs::path> list_spares(const fs::path& dir) {
    std::error_code ec;
    std::vector<fs::path> all;
    for (fs::directory_iterator it{dir, ec}; !ec && it != fs::directory_iterator{}; it.increment(ec))
        if (it->path().filename().string().starts_with("spare-")) all.push_back(it->path());
    return all;
}

std::optional<segment_header> read_header(const fs::path& dir, std::uint64_t number) {
    const unique_fd fd = open_file(dir / segment_name(number), O_RDONLY);
    std::array<char, segment_header_bytes> bytes{};
    if (!fd || ::pread(fd.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return std::nullopt;
    return decode_segment_header({bytes.data(), bytes.size()});
}

error_code write_fully(int fd, const char* p, std::size_t n, std::uint64_t offset) {
    while (n > 0) {
        const ssize_t w = ::pwrite(fd, p, n, static_cast<off_t>(offset));
        if (w < 0 && errno == EINTR) continue;
        if (w < 0) return last_error();
        if (w == 0) return {ENOSPC, boost::system::system_category()};
        p += w;
        n -= static_cast<std::size_t>(w);
        offset += static_cast<std::uint64_t>(w);
    }
    return {};
}

error_code sync_data(int fd) {
    // Never retried on an error: the kernel may have marked the pages clean and would report success for lost
    // data.
    return ::fdatasync(fd) == 0 ? error_code{} : last_error();
}

error_code sync_directory(const fs::path& dir) {
    const unique_fd fd = open_file(dir, O_RDONLY | O_DIRECTORY);
    if (!fd || ::fsync(fd.get()) != 0) return last_error();
    return {};
}

std::uint64_t file_size(int fd) {
    struct stat s {};
    return ::fstat(fd, &s) == 0 ? static_cast<std::uint64_t>(s.st_size) : 0;
}

result<prepared_segment> prepare_segment(const fs::path& dir, const journal_id& id, std::uint64_t number,
                                         std::uint64_t size, std::uint64_t least) {
    const fs::path final_name = dir / segment_name(number);
    fs::path working = dir / ("spare-" + hex16(number) + ".seg");
    const auto spares = list_spares(dir);
    if (!spares.empty()) working = spares.front();

    // Whatever goes wrong, the file goes: its room is given back, and nothing is synced a second time after
    // an error.
    const auto give_up = [&working](error_code why) {
        ::unlink(working.c_str());
        return why;
    };
    prepared_segment s;
    s.fd = open_file(working, O_RDWR | O_CREAT);
    if (!s.fd) return last_error();
    // Blocks that a spare already has are written blocks; only what is missing is filled.
    const std::uint64_t had = std::min(file_size(s.fd.get()), size);
    if (::ftruncate(s.fd.get(), static_cast<off_t>(had)) != 0) return give_up(last_error());
    // Contiguous where the file system can; whether there is room, the fill finds out.
    if (had < size) [[maybe_unused]]
        const int r = ::fallocate(s.fd.get(), 0, 0, static_cast<off_t>(size));
    error_code ec;
    s.size = fill_with_zeros(working, had, size, ec);
    if (ec) {
        s.size -= s.size % segment_header_bytes;
        if (!is_out_of_space(ec) || s.size < least) return give_up(ec);
    }
    if (::ftruncate(s.fd.get(), static_cast<off_t>(s.size)) != 0) return give_up(last_error());

    std::random_device random;
    s.header = {id, number, random(), system_clocks().wall()};
    std::array<char, segment_header_bytes> header{};
    encode(s.header, header.data());
    if ((ec = write_fully(s.fd.get(), header.data(), header.size(), 0))) return give_up(ec);
    // The first record's place must be zero or hold what no epoch fits; a spare's old records do not fit the
    // new one.
    if (::fsync(s.fd.get()) != 0) return give_up(last_error());
    if (::rename(working.c_str(), final_name.c_str()) != 0) return give_up(last_error());
    working = final_name;
    if ((ec = sync_directory(dir))) return give_up(ec);
    return s;
}

error_code retire_segment(const fs::path& dir, std::uint64_t number, std::size_t spares_kept) {
    ::unlink((dir / index_name(number)).c_str());
    const fs::path p = dir / segment_name(number);
    const bool keep = list_spares(dir).size() < spares_kept;
    const int r =
        keep ? ::rename(p.c_str(), (dir / ("spare-" + hex16(number) + ".seg")).c_str()) : ::unlink(p.c_str());
    if (r != 0 && errno != ENOENT) return last_error(); // not there: so far an earlier attempt came
    return sync_directory(dir);
}

result<mapped_file> mapped_file::open(const fs::path& p) {
    const unique_fd fd = open_file(p, O_RDONLY);
    if (!fd) return last_error();
    const std::size_t n = file_size(fd.get());
    if (n == 0) return mapped_file{nullptr, 0};
    void* const m = ::mmap(nullptr, n, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (m == MAP_FAILED) return last_error();
    ::madvise(m, n, MADV_SEQUENTIAL);
    return mapped_file{static_cast<const char*>(m), n};
}

mapped_file::mapped_file(mapped_file&& o) noexcept
    : data_{std::exchange(o.data_, nullptr)}, size_{std::exchange(o.size_, 0)} {}

mapped_file& mapped_file::operator=(mapped_file&& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    return *this;
}

mapped_file::~mapped_file() {
    if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

result<std::optional<directory_lock>> directory_lock::take(const fs::path& dir, std::string& holder) {
    unique_fd fd = open_file(dir / "LOCK", O_RDWR | O_CREAT);
    if (!fd) return last_error();
    std::array<char, 32> text{};
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return last_error();
        const ssize_t n = ::pread(fd.get(), text.data(), text.size() - 1, 0);
        holder = n > 0 ? std::string{text.data(), static_cast<std::size_t>(n)} : "unknown";
        while (!holder.empty() && holder.back() == '\n') holder.pop_back();
        return std::optional<directory_lock>{};
    }
    const int n = std::snprintf(text.data(), text.size(), "%d\n", static_cast<int>(::getpid()));
    if (::ftruncate(fd.get(), 0) != 0) return last_error();
    // For people only; a full disk must not keep the journal from opening.
    write_fully(fd.get(), text.data(), static_cast<std::size_t>(n), 0);
    return std::optional<directory_lock>{directory_lock{std::move(fd)}};
}

} // namespace mira::journal
