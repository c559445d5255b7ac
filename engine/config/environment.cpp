#include "engine/config/environment.hpp"

#include <climits>

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mira::config {
namespace {

class descriptor {
  public:
    explicit descriptor(int fd) : fd_{fd} {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }

  private:
    int fd_;
};

class of_process final : public environment {
  public:
    std::optional<std::string> variable(const std::string& name) const override {
        const char* v = std::getenv(name.c_str());
        return v ? std::optional<std::string>{v} : std::nullopt;
    }

    boost::system::result<file_contents, file_fault> read_file(const std::string& path,
                                                               std::size_t most) const override {
        if (path.find('\0') != std::string::npos) return file_fault::missing;
        // Not blocking: opening a pipe that nobody writes to would wait for ever.
        const descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
        if (file.get() < 0)
            return errno == ENOENT || errno == ENOTDIR ? file_fault::missing : file_fault::unreadable;
        struct stat status {};
        if (::fstat(file.get(), &status) != 0) return file_fault::unreadable;
        if (!S_ISREG(status.st_mode)) return file_fault::not_a_file;
        // The room is taken once: a string that grows leaves copies of a secret behind.
        file_contents out{std::string(most + 1, '\0'), (status.st_mode & S_IROTH) != 0};
        std::size_t size = 0;
        while (size <= most) {
            const ssize_t n = ::read(file.get(), out.bytes.data() + size, most + 1 - size);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return file_fault::unreadable;
            if (n == 0) break;
            size += static_cast<std::size_t>(n);
        }
        if (size > most) return file_fault::too_large;
        out.bytes.resize(size);
        return out;
    }

    std::string host_name() const override {
        char name[HOST_NAME_MAX + 1] = "";
        return ::gethostname(name, sizeof name) == 0 ? name : "";
    }

    wall_time now() const override { return system_clocks().wall(); }
};

} // namespace

const environment& process_environment() {
    static const of_process e;
    return e;
}

} // namespace mira::config
