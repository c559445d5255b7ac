#pragma once
// The types of settings that any program has: each reads a document's value into a variable, checks the
// bounds and says what would be right. Bounds are inclusive. See property.hpp for how they are used.
#include "engine/config/network.hpp"
#include "engine/config/property.hpp"
#include "engine/config/secret.hpp"
#include "engine/config/units.hpp"

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mira::config {

class boolean_field final : public bound_field<bool> {
  public:
    using bound_field::bound_field;
    std::string type() const override { return "boolean"; }
    std::string bounds() const override { return {}; }
    void read(const value& v, reading& r) const override;
    void write(json_writer& w) const override;
};

// What zero stands for where it is more than a figure ("off", "unlimited"); empty: zero is a figure like
// others.
using zero_meaning = std::string_view;

namespace detail {
std::optional<std::int64_t> read_integer(const value& v, std::int64_t least, std::int64_t most,
                                         zero_meaning zero, reading& r);
std::string integer_bounds(std::int64_t least, std::int64_t most, zero_meaning zero);
} // namespace detail

template <std::integral I>
class integer_field final : public bound_field<I> {
  public:
    integer_field(I& target, std::int64_t least, std::int64_t most, zero_meaning zero = {})
        : bound_field<I>{target}, least_{least}, most_{most}, zero_{zero} {}
    std::string type() const override { return "integer"; }
    std::string bounds() const override { return detail::integer_bounds(least_, most_, zero_); }
    void read(const value& v, reading& r) const override {
        if (const auto n = detail::read_integer(v, least_, most_, zero_, r))
            this->target() = static_cast<I>(*n);
    }
    void write(json_writer& w) const override { w.raw(std::to_string(this->target())); }

  private:
    std::int64_t least_;
    std::int64_t most_;
    zero_meaning zero_;
};

class number_field final : public bound_field<double> {
  public:
    number_field(double& target, double least, double most)
        : bound_field{target}, least_{least}, most_{most} {}
    std::string type() const override { return "number"; }
    std::string bounds() const override;
    void read(const value& v, reading& r) const override;
    void write(json_writer& w) const override;

  private:
    double least_;
    double most_;
};

// What a text must look like. check returns what is wrong with it, as the rest of the sentence "the value
// ...", or nothing. It must not repeat the text: the field does, where it may.
struct text_rule {
    std::string_view type = "string";
    std::string_view bounds = {};
    std::optional<std::string> (*check)(std::string_view) = nullptr;
    std::size_t most = 4096; // bytes
};

class text_field final : public bound_field<std::string> {
  public:
    text_field(std::string& target, const text_rule& rule) : bound_field{target}, rule_{rule} {}
    std::string type() const override { return std::string{rule_.type}; }
    std::string bounds() const override { return std::string{rule_.bounds}; }
    void read(const value& v, reading& r) const override;
    void write(json_writer& w) const override { w.string(target()); }

  private:
    text_rule rule_;
};

// A path as the system takes it; relative ones count from the working directory.
extern const text_rule path_rule;

template <class E>
struct choice {
    std::string_view name;
    E value;
};

namespace detail {
// The index of the name that v holds.
std::optional<std::size_t> read_choice(const value& v, std::span<const std::string_view> names, reading& r);
std::string choice_bounds(std::span<const std::string_view> names);
} // namespace detail

template <class E, std::size_t N>
class choice_field final : public bound_field<E> {
  public:
    // choices outlive the field: a constant.
    choice_field(E& target, const std::array<choice<E>, N>& choices)
        : bound_field<E>{target}, choices_{choices} {
        for (std::size_t i = 0; i < N; ++i) names_[i] = choices[i].name;
    }
    std::string type() const override { return "choice"; }
    std::string bounds() const override { return detail::choice_bounds(names_); }
    void read(const value& v, reading& r) const override {
        if (const auto i = detail::read_choice(v, names_, r)) this->target() = choices_[*i].value;
    }
    void write(json_writer& w) const override {
        for (const auto& c : choices_)
            if (c.value == this->target()) return w.string(c.name);
        w.raw("null");
    }

  private:
    const std::array<choice<E>, N>& choices_;
    std::array<std::string_view, N> names_;
};

class duration_field final : public bound_field<milliseconds> {
  public:
    duration_field(milliseconds& target, milliseconds least, milliseconds most, zero_meaning zero = {})
        : bound_field{target}, least_{least}, most_{most}, zero_{zero} {}
    std::string type() const override { return "duration"; }
    std::string bounds() const override;
    void read(const value& v, reading& r) const override;
    void write(json_writer& w) const override { w.string(format_duration(target())); }

  private:
    milliseconds least_;
    milliseconds most_;
    zero_meaning zero_;
};

class size_field final : public bound_field<std::uint64_t> {
  public:
    size_field(std::uint64_t& target, std::uint64_t least, std::uint64_t most)
        : bound_field{target}, least_{least}, most_{most} {}
    std::string type() const override { return "size"; }
    std::string bounds() const override;
    void read(const value& v, reading& r) const override;
    void write(json_writer& w) const override { w.string(format_size(target())); }

  private:
    std::uint64_t least_;
    std::uint64_t most_;
};

class byte_rate_field final : public bound_field<std::uint64_t> {
  public:
    byte_rate_field(std::uint64_t& target, std::uint64_t least, std::uint64_t most, zero_meaning zero)
        : bound_field{target}, least_{least}, most_{most}, zero_{zero} {}
    std::string type() const override { return "byte rate"; }
    std::string bounds() const override;
    void read(const value& v, reading& r) const override;
    void write(json_writer& w) const override { w.string(format_byte_rate(target())); }

  private:
    std::uint64_t least_;
    std::uint64_t most_;
    zero_meaning zero_;
};

// Zero is always allowed: none.
class rate_field final : public bound_field<rate> {
  public:
    rate_field(rate& target, std::uint64_t most) : bound_field{target}, most_{most} {}
    std::string type() const override { return "rate"; }
    std::string bounds() const override;
    void read(const value& v, reading& r) const override;
    void write(json_writer& w) const override { w.string(format_rate(target())); }

  private:
    std::uint64_t most_;
};

class time_field final : public bound_field<wall_time> {
  public:
    using bound_field::bound_field;
    std::string type() const override { return "time"; }
    std::string bounds() const override { return "RFC 3339"; }
    void read(const value& v, reading& r) const override;
    void write(json_writer& w) const override { w.string(format_time(target())); }
};

class networks_field final : public bound_field<std::vector<network>> {
  public:
    networks_field(std::vector<network>& target, std::size_t most) : bound_field{target}, most_{most} {}
    std::string type() const override { return "list of networks"; }
    std::string bounds() const override;
    void read(const value& v, reading& r) const override;
    void write(json_writer& w) const override;

  private:
    std::size_t most_;
};

// One secret; null is none.
class secret_field final : public bound_field<secret> {
  public:
    using bound_field::bound_field;
    std::string type() const override { return "secret"; }
    std::string bounds() const override { return "literal, env:NAME or file:PATH"; }
    bool is_secret() const override { return true; }
    void read(const value& v, reading& r) const override;
    void write(json_writer& w) const override;
};

// Several that hold at once, in a list or a single one by itself: each a string, or {"value": ...,
// "not_after": ...}.
class secrets_field final : public bound_field<std::vector<expiring_secret>> {
  public:
    secrets_field(std::vector<expiring_secret>& target, std::size_t most)
        : bound_field{target}, most_{most} {}
    std::string type() const override { return "list of secrets"; }
    std::string bounds() const override;
    bool is_secret() const override { return true; }
    void read(const value& v, reading& r) const override;
    void write(json_writer& w) const override;

  private:
    std::size_t most_;
};

// A URL in which a password may stand, or env:NAME or file:PATH of one; null is none. The password is masked
// in dumps.
class secret_url_field final : public bound_field<secret> {
  public:
    // check: of the URL itself, as in text_rule.
    secret_url_field(secret& target, const text_rule& rule) : bound_field{target}, rule_{rule} {}
    std::string type() const override { return std::string{rule_.type}; }
    std::string bounds() const override { return std::string{rule_.bounds}; }
    bool is_secret() const override { return true; }
    void read(const value& v, reading& r) const override;
    void write(json_writer& w) const override;

  private:
    text_rule rule_;
};

// Reads a secret in either of its forms: a string here.
std::optional<secret> read_secret(const value& v, reading& r);
// A reference as it was written, else ***.
void write_secret(const secret& s, json_writer& w);
// The URL with *** in place of a password: redis://user:***@host/0.
std::string without_password(std::string_view url);

// A field that may be null: make(T&) returns the field for a value that is there. Deduced: optional_field
// f{target, make}.
template <class T, class Make>
class optional_field final : public bound_field<std::optional<T>> {
  public:
    optional_field(std::optional<T>& target, Make make)
        : bound_field<std::optional<T>>{target}, make_{make} {}
    std::string type() const override {
        return sample([](const auto& f) { return f.type(); });
    }
    std::string bounds() const override {
        return sample([](const auto& f) { return f.bounds(); });
    }
    void read(const value& v, reading& r) const override {
        if (v.is_null()) return this->target().reset();
        T there = std::move(this->target()).value_or(T{});
        make_(there).read(v, r);
        this->target() = std::move(there);
    }
    void write(json_writer& w) const override {
        if (this->target())
            make_(*this->target()).write(w);
        else
            w.raw("null");
    }

  private:
    template <class F>
    std::string sample(F f) const {
        T unused{};
        return f(make_(unused));
    }
    Make make_;
};

} // namespace mira::config
