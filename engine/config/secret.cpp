#include "engine/config/secret.hpp"

#include "engine/config/environment.hpp"
#include "engine/config/wording.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mira::config {

struct secret::buffer {
    explicit buffer(std::string_view s) : bytes{std::make_unique<char[]>(s.size() + 1)}, size{s.size()} {
        if (size > 0) std::memcpy(bytes.get(), s.data(), size);
    }
    buffer(const buffer&) = delete;
    buffer& operator=(const buffer&) = delete;
    ~buffer() { ::explicit_bzero(bytes.get(), size); }

    std::unique_ptr<char[]> bytes;
    std::size_t size;
};

secret::secret(std::string_view bytes, std::string origin)
    : bytes_{std::make_shared<const buffer>(bytes)}, origin_{std::move(origin)} {}

std::string_view secret::expose() const {
    return bytes_ ? std::string_view{bytes_->bytes.get(), bytes_->size} : std::string_view{};
}

std::string secret::masked() const {
    if (!bytes_) return "none";
    return origin_.empty() ? std::string{mask} : std::string{mask} + " (" + origin_ + ")";
}

bool secret::operator==(const secret& other) const {
    return (bytes_ == nullptr) == (other.bytes_ == nullptr) && expose() == other.expose() &&
           origin_ == other.origin_;
}

void wipe(std::string& s) {
    s.resize(s.capacity());
    ::explicit_bzero(s.data(), s.size());
    s.clear();
}

namespace {

constexpr std::size_t largest_secret = std::size_t{64} << 10;

bool is_variable_name(std::string_view s) {
    const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
    const auto any = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
    return !s.empty() && letter(s.front()) && std::ranges::all_of(s, any);
}

resolved_secret failed(std::string error) { return {{}, std::move(error), {}}; }

resolved_secret from_variable(std::string_view name, const environment& e) {
    // The text is not repeated here: a secret that happens to begin with env: must not reach a log.
    if (!is_variable_name(name))
        return failed("env: takes the name of an environment variable, as in env:WEBHOOK_SECRET");
    auto bytes = e.variable(std::string{name});
    if (!bytes) return failed("the environment variable " + std::string{name} + " is not set");
    if (bytes->empty()) return failed("the environment variable " + std::string{name} + " is empty");
    resolved_secret out{secret{*bytes, "env:" + std::string{name}}, {}, {}};
    wipe(*bytes);
    return out;
}

std::string explain(file_fault fault) {
    switch (fault) {
    case file_fault::missing: return "does not exist";
    case file_fault::unreadable: return "cannot be read by this process";
    case file_fault::not_a_file: return "is no regular file";
    case file_fault::too_large: return "has more than " + std::to_string(largest_secret) + " bytes";
    }
    return "cannot be read";
}

resolved_secret from_file(std::string_view path, const environment& e) {
    if (path.empty()) return failed("file: takes a path, as in file:/run/secrets/webhook");
    auto read = e.read_file(std::string{path}, largest_secret);
    if (!read) return failed("the file " + quoted(path, 200) + " " + explain(read.error()));
    std::string& bytes = read->bytes;
    std::string_view content = bytes;
    if (content.ends_with('\n')) content.remove_suffix(content.ends_with("\r\n") ? 2 : 1);
    resolved_secret out;
    if (content.empty())
        out.error = "the file " + quoted(path, 200) + " is empty";
    else
        out.value = secret{content, "file:" + std::string{path}};
    if (read->readable_by_others)
        out.warning = "every user of this machine may read " + quoted(path, 200) +
                      "; take the permission from others (chmod o-r)";
    wipe(bytes);
    return out;
}

} // namespace

resolved_secret resolve_secret(std::string_view text, const environment& e) {
    if (text.starts_with("env:")) return from_variable(text.substr(4), e);
    if (text.starts_with("file:")) return from_file(text.substr(5), e);
    if (text.empty())
        return failed("an empty secret protects nothing; write the secret, env:NAME or file:PATH");
    if (text == mask)
        return failed("*** stands for a masked secret; write the secret, env:NAME or file:PATH");
    return {secret{text}, {}, {}};
}

} // namespace mira::config
