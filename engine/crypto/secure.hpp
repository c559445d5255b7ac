#pragma once
// Handling of secret bytes: comparison that takes the same time wherever the difference lies, wiping that no
// optimiser removes, and random bytes. Stateless; every function may be called from any thread.
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace mira::crypto {

// Lengths are compared first and are no secret; of equal lengths every byte is looked at.
bool equal_constant_time(std::span<const unsigned char> a, std::span<const unsigned char> b);
bool equal_constant_time(std::string_view a, std::string_view b);

void wipe(std::span<unsigned char> bytes);

// From the operating system's generator, through OpenSSL. False where it has none to give: use nothing then.
[[nodiscard]] bool fill_random(std::span<unsigned char> out);

// A secret held in memory. Wiped when it goes; never printed: there is deliberately no stream operator.
class secret_bytes {
  public:
    secret_bytes() = default;
    explicit secret_bytes(std::string_view s) : bytes_{s} {}
    secret_bytes(const secret_bytes&) = default;
    secret_bytes(secret_bytes&& other) noexcept;
    secret_bytes& operator=(secret_bytes other) noexcept;
    ~secret_bytes();

    std::string_view view() const { return bytes_; }
    std::span<const unsigned char> bytes() const {
        return {reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size()};
    }
    bool empty() const { return bytes_.empty(); }

  private:
    std::string bytes_;
};

} // namespace mira::crypto
