#pragma once
// The types of settings that only Mira has: see engine/config/fields.hpp for the others and property.hpp for
// their use.
#include "engine/config/fields.hpp"
#include "handlers/settings/settings.hpp"

#include <map>
#include <string>
#include <vector>

namespace mira::settings {

// A preset's name, or an object: a scheme of one's own, which the scheme catalogue checks.
class scheme_field final : public config::bound_field<scheme_choice> {
  public:
    using bound_field::bound_field;
    std::string type() const override { return "scheme"; }
    std::string bounds() const override { return "a preset's name, or an object: a scheme of your own"; }
    void read(const config::value& v, config::reading& r) const override;
    void write(config::json_writer& w) const override;
};

// null, "none", {"header": NAME} or {"pointer": JSON POINTER}.
class locator_field final : public config::bound_field<locator> {
  public:
    using bound_field::bound_field;
    std::string type() const override { return "place in the request"; }
    std::string bounds() const override { return R"("none", {"header": "X-Name"} or {"pointer": "/a/b"})"; }
    void read(const config::value& v, config::reading& r) const override;
    void write(config::json_writer& w) const override;
};

// null, "all" or a list of names.
class kept_headers_field final : public config::bound_field<kept_headers> {
  public:
    using bound_field::bound_field;
    std::string type() const override { return "headers"; }
    std::string bounds() const override;
    void read(const config::value& v, config::reading& r) const override;
    void write(config::json_writer& w) const override;
};

// An object of strings, each of which may be a secret and is treated as one.
class options_field final : public config::bound_field<std::map<std::string, config::secret>> {
  public:
    using bound_field::bound_field;
    std::string type() const override { return "object of strings"; }
    std::string bounds() const override;
    bool is_secret() const override { return true; }
    void read(const config::value& v, config::reading& r) const override;
    void write(config::json_writer& w) const override;
};

// An object of host names, each with an address and, where it is another than the URL's, a port.
class hosts_field final : public config::bound_field<std::map<std::string, host_address>> {
  public:
    using bound_field::bound_field;
    std::string type() const override { return "object of addresses"; }
    std::string bounds() const override;
    void read(const config::value& v, config::reading& r) const override;
    void write(config::json_writer& w) const override;
};

// A list of {"do": HANDLER}.
class pipeline_field final : public config::bound_field<std::vector<step>> {
  public:
    using bound_field::bound_field;
    std::string type() const override { return "list of steps"; }
    std::string bounds() const override;
    void read(const config::value& v, config::reading& r) const override;
    void write(config::json_writer& w) const override;
};

// memory, written or fsync; replicated exists on paper only, and is refused with a sentence that says so.
class durability_field final : public config::bound_field<durability> {
  public:
    using bound_field::bound_field;
    std::string type() const override { return "choice"; }
    std::string bounds() const override;
    void read(const config::value& v, config::reading& r) const override;
    void write(config::json_writer& w) const override;
};

// A source's or tenant's name.
extern const config::text_rule name_rule;  // [a-z0-9][a-z0-9._-]{0,62}
extern const config::text_rule title_rule; // a name for people
extern const config::text_rule instance_rule;
extern const config::text_rule address_rule;     // an IP address, or localhost
extern const config::text_rule header_name_rule; // RFC 9110 token
extern const config::text_rule media_type_rule;
extern const config::text_rule body_rule;
extern const config::text_rule url_rule; // http or https, absolute
extern const config::text_rule redis_url_rule;
extern const config::text_rule accounts_url_rule;

} // namespace mira::settings
