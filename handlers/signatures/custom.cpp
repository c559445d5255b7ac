#include "handlers/signatures/custom.hpp"

#include "engine/http/head.hpp"
#include "handlers/signatures/json_search.hpp"

#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <string>

namespace mira::signatures {
namespace {

using boost::json::object;
using boost::json::value;
using crypto::hash;

struct owned_scheme {
    std::deque<std::string> text; // a deque: views into it stay
    scheme row;
};

struct algorithm_name {
    std::string_view name;
    algorithm algo;
    hash digest;
};
constexpr std::array<algorithm_name, 14> algorithms{{
    {"hmac-sha1", algorithm::hmac, hash::sha1},
    {"hmac-sha256", algorithm::hmac, hash::sha256},
    {"hmac-sha384", algorithm::hmac, hash::sha384},
    {"hmac-sha512", algorithm::hmac, hash::sha512},
    {"sha1", algorithm::digest, hash::sha1},
    {"sha256", algorithm::digest, hash::sha256},
    {"sha384", algorithm::digest, hash::sha384},
    {"sha512", algorithm::digest, hash::sha512},
    {"ed25519", algorithm::ed25519, hash::sha512},
    {"ecdsa-p256-sha256", algorithm::ecdsa, hash::sha256},
    {"rsa-sha256", algorithm::rsa, hash::sha256},
    {"rsa-sha512", algorithm::rsa, hash::sha512},
    {"rsa-pss-sha512", algorithm::rsa_pss, hash::sha512},
    {"token", algorithm::token, hash::sha256},
}};

template <class T, std::size_t N>
using choices = std::array<std::pair<std::string_view, T>, N>;

template <class List>
std::string listed(const List& all) {
    std::string out;
    for (const auto& each : all) {
        if (!out.empty()) out += ", ";
        if constexpr (requires { each.name; })
            out += each.name;
        else if constexpr (requires { each.first; })
            out += each.first;
        else
            out += each;
    }
    return out;
}

class builder {
  public:
    builder(const object& o, std::string_view path)
        : o_{o}, path_{path}, out_{std::make_shared<owned_scheme>()} {}

    boost::system::result<std::shared_ptr<const scheme>, config_errors> build() {
        constexpr std::array<std::string_view, 14> known{
            "algorithm", "header",    "query", "prefix", "list", "pairs", "encoding",
            "message",   "timestamp", "key",   "id",     "type", "ack",   "retries"};
        refuse_unknown(o_, "", known);
        row().name = "custom";
        read_algorithm();
        read_place();
        read_choice(
            "encoding", row().text,
            choices<encoding, 3>{
                {{"hex", encoding::hex}, {"base64", encoding::base64}, {"base64url", encoding::base64url}}});
        read_choice("key", row().key,
                    choices<key_decoding, 4>{{{"utf8", key_decoding::utf8},
                                              {"base64", key_decoding::base64},
                                              {"whsec", key_decoding::whsec},
                                              {"hex", key_decoding::hex}}});
        read_choice("retries", row().after_failure,
                    choices<retries, 4>{{{"never", retries::never},
                                         {"minutes", retries::minutes},
                                         {"hours", retries::hours},
                                         {"days", retries::days}}});
        row().id = read_field("id");
        row().type = read_field("type");
        read_timestamp();
        read_message();
        read_ack();
        check_whole();
        if (!errors_.empty()) return std::move(errors_);
        return std::shared_ptr<const scheme>{out_, &out_->row};
    }

  private:
    scheme& row() { return out_->row; }
    void complain(std::string_view key, std::string what) {
        errors_.push_back({path_ + (key.empty() ? "" : ".") + std::string{key}, std::move(what)});
    }
    std::string_view keep(std::string_view s) { return out_->text.emplace_back(s); }

    template <std::size_t N>
    void refuse_unknown(const object& o, std::string_view inside,
                        const std::array<std::string_view, N>& known) {
        for (const auto& member : o) {
            const std::string_view name = member.key();
            if (std::find(known.begin(), known.end(), name) != known.end()) continue;
            complain((inside.empty() ? "" : std::string{inside} + ".") + std::string{name},
                     "unknown key; known are " + listed(known));
        }
    }
    std::optional<std::string_view> text(const object& o, std::string_view inside, std::string_view name,
                                         std::size_t at_most = 1024) {
        const value* v = o.if_contains(name);
        if (v == nullptr) return std::nullopt;
        const std::string where = (inside.empty() ? "" : std::string{inside} + ".") + std::string{name};
        if (!v->is_string()) {
            complain(where, "must be a string");
            return std::nullopt;
        }
        if (v->get_string().size() > at_most) {
            complain(where, "is longer than " + std::to_string(at_most) + " bytes");
            return std::nullopt;
        }
        return keep(v->get_string());
    }
    const object* part_of(std::string_view name) {
        const value* v = o_.if_contains(name);
        if (v == nullptr) return nullptr;
        if (!v->is_object()) complain(name, "must be an object");
        return v->if_object();
    }
    template <class T, std::size_t N>
    void read_choice(std::string_view name, T& out, const choices<T, N>& all) {
        const auto t = text(o_, "", name);
        if (!t) return;
        for (const auto& [word, meaning] : all) {
            if (word != *t) continue;
            out = meaning;
            return;
        }
        complain(name, "must be one of " + listed(all));
    }
    std::optional<std::string_view> header_name(const object& o, std::string_view inside,
                                                std::string_view key) {
        const auto t = text(o, inside, key, 256);
        if (t && !http::is_token(*t)) {
            complain((inside.empty() ? "" : std::string{inside} + ".") + std::string{key},
                     "is no header name");
            return std::nullopt;
        }
        return t;
    }

    void read_algorithm() {
        const auto t = text(o_, "", "algorithm");
        const auto it =
            std::find_if(algorithms.begin(), algorithms.end(), [&](const auto& a) { return t == a.name; });
        if (it == algorithms.end()) {
            complain("algorithm", "must be one of " + listed(algorithms));
            return;
        }
        row().algo = it->algo;
        row().hash = it->digest;
    }

    char separator(const object& o, std::string_view inside, char otherwise) {
        const auto t = text(o, inside, "separator");
        if (!t) return otherwise;
        if (t->size() != 1 || (*t)[0] < ' ' || (*t)[0] > '~' || (*t)[0] == '=') {
            complain(std::string{inside} + ".separator",
                     "must be one visible character or a space, and not '='");
            return otherwise;
        }
        return (*t)[0];
    }

    void read_place() {
        const auto in_header_named = header_name(o_, "", "header");
        const auto in_query = text(o_, "", "query", 256);
        const bool has_header = o_.contains("header"), has_query = o_.contains("query");
        if (has_header == has_query)
            complain("", "one of \"header\" and \"query\" must say where the signature stands");
        if (in_query && in_query->empty()) complain("query", "must name a parameter");
        signature_place& at = row().signature;
        at.where = has_query ? place::query : place::header;
        at.name = has_query ? in_query.value_or("") : in_header_named.value_or("");
        at.prefix = text(o_, "", "prefix", 64).value_or("");
        const object *list = part_of("list"), *pairs = part_of("pairs");
        if (list && pairs) complain("", "\"list\" and \"pairs\" exclude each other");
        if ((list || pairs) && has_query)
            complain("", "\"list\" and \"pairs\" are forms of a header, not of \"query\"");
        if (list) {
            refuse_unknown(*list, "list", std::array<std::string_view, 1>{"separator"});
            at.where = place::header_list;
            at.separator = separator(*list, "list", ',');
        }
        if (pairs) {
            refuse_unknown(*pairs, "pairs", std::array<std::string_view, 2>{"separator", "key"});
            at.where = place::header_pairs;
            at.separator = separator(*pairs, "pairs", ',');
            if (o_.contains("prefix"))
                complain("prefix", "has no meaning with \"pairs\": the key says which value it is");
            at.prefix = text(*pairs, "pairs", "key", 64).value_or("");
            if (at.prefix.empty()) complain("pairs.key", "must name the key whose value is the signature");
        }
    }

    field_rule read_field(std::string_view name) {
        const object* o = part_of(name);
        if (o == nullptr) return {};
        refuse_unknown(*o, name, std::array<std::string_view, 2>{"header", "json"});
        if (o->size() != 1) complain(name, "must have either \"header\" or \"json\"");
        if (const auto h = header_name(*o, name, "header")) return header(*h);
        const auto pointer = text(*o, name, "json", 512);
        if (!pointer) return {};
        if (!json_pointer::parse(*pointer))
            complain(std::string{name} + ".json", "must be a JSON pointer such as /data/id");
        return json(*pointer);
    }

    void read_timestamp() {
        const object* o = part_of("timestamp");
        if (o == nullptr) return;
        refuse_unknown(*o, "timestamp", std::array<std::string_view, 3>{"header", "pair", "unit"});
        timestamp_rule& t = row().time;
        if (o->contains("header") == o->contains("pair"))
            complain("timestamp", "must have either \"header\" or \"pair\"");
        if (const auto h = header_name(*o, "timestamp", "header")) t = {time_place::header, *h};
        if (const auto p = text(*o, "timestamp", "pair", 64)) {
            t = {time_place::pair, *p};
            if (row().signature.where != place::header_pairs)
                complain("timestamp.pair", "needs \"pairs\" in the scheme");
        }
        const auto unit = text(*o, "timestamp", "unit");
        if (!unit || unit == "s")
            t.format = time_format::seconds;
        else if (unit == "ms")
            t.format = time_format::milliseconds;
        else if (unit == "rfc3339")
            t.format = time_format::rfc3339;
        else
            complain("timestamp.unit", "must be one of s, ms, rfc3339");
    }

    void add(part p) {
        if (row().message.count == message_template::capacity) {
            if (!too_many_)
                complain("message", "has more than " + std::to_string(message_template::capacity) + " parts");
            too_many_ = true;
            return;
        }
        row().message.parts[row().message.count++] = p;
    }

    void add_placeholder(std::string_view name) {
        const auto argument = [&](std::string_view front) { return name.substr(front.size()); };
        if (name == "body")
            add({part_kind::body});
        else if (name == "body_sha256")
            add({part_kind::body_sha256_hex});
        else if (name == "timestamp")
            add({part_kind::timestamp});
        else if (name == "method")
            add({part_kind::method});
        else if (name == "url")
            add({part_kind::url});
        else if (name == "target")
            add({part_kind::target});
        else if (name == "secret")
            add({part_kind::secret});
        else if (name == "id")
            add({part_kind::id, row().id.name});
        else if (name.starts_with("header:") && http::is_token(argument("header:")))
            add({part_kind::header_value, argument("header:")});
        else if (name.starts_with("pair:") && name.size() > 5)
            add({part_kind::pair, argument("pair:")});
        else
            complain("message", "unknown part {" + std::string{name} +
                                    "}; known are {body} {body_sha256} {timestamp} {id} {method} "
                                    "{url} {target} {secret} {header:NAME} {pair:KEY}");
    }

    void read_message() {
        const auto t = text(o_, "", "message");
        if (!t) return;
        row().message.count = 0;
        std::string literal;
        const auto flush = [&] {
            if (!literal.empty()) add({part_kind::literal, keep(literal)});
            literal.clear();
        };
        for (std::size_t i = 0; i < t->size(); ++i) {
            const char c = (*t)[i];
            if ((c == '{' || c == '}') && i + 1 < t->size() && (*t)[i + 1] == c) {
                literal += c;
                ++i;
            } else if (c == '{') {
                const auto end = t->find('}', i);
                if (end == std::string_view::npos)
                    return complain("message", "has a '{' that is not closed; \"{{\" is the brace itself");
                flush();
                add_placeholder(t->substr(i + 1, end - i - 1));
                i = end;
            } else if (c == '}') {
                return complain("message", "has a '}' that closes nothing; \"}}\" is the brace itself");
            } else {
                literal += c;
            }
        }
        flush();
    }

    void read_ack() {
        const object* o = part_of("ack");
        if (o == nullptr) return;
        refuse_unknown(*o, "ack", std::array<std::string_view, 3>{"status", "content_type", "body"});
        row().ack.status = 200;
        if (const value* v = o->if_contains("status")) {
            if (v->is_int64() && v->get_int64() >= 200 && v->get_int64() <= 299)
                row().ack.status = static_cast<int>(v->get_int64());
            else
                complain("ack.status", "must be a number from 200 to 299");
        }
        row().ack.content_type = text(*o, "ack", "content_type", 128).value_or("");
        if (!http::is_field_value(row().ack.content_type)) complain("ack.content_type", "is no header value");
        row().ack.body = text(*o, "ack", "body", 4096).value_or("");
    }

    std::size_t number_of(part_kind k) {
        return static_cast<std::size_t>(std::count_if(row().message.begin(), row().message.end(),
                                                      [k](const part& p) { return p.kind == k; }));
    }

    // What only the parts together show.
    void check_whole() {
        const scheme& s = row();
        if (s.algo == algorithm::token) {
            row().text = encoding::text;
            for (const std::string_view key : {"message", "encoding", "timestamp", "list", "pairs", "key"})
                if (o_.contains(key)) complain(key, "has no meaning with the algorithm token");
            return;
        }
        const bool shared = s.algo == algorithm::hmac || s.algo == algorithm::digest;
        if (!shared) {
            if (o_.contains("key"))
                complain("key", "has no meaning with a public key, whose form is recognised");
            row().key = key_decoding::public_key;
        }
        if (number_of(part_kind::body) + number_of(part_kind::body_sha256_hex) != 1)
            complain("message",
                     "must contain {body} or {body_sha256} exactly once: else anyone could change the body");
        if (number_of(part_kind::timestamp) > 0 && s.time.where == time_place::none)
            complain("message", "contains {timestamp}, but no \"timestamp\" says where it stands");
        if (number_of(part_kind::timestamp) == 0 && s.time.where != time_place::none)
            complain("timestamp", "is not part of the message: anyone could change it");
        if (number_of(part_kind::id) > 0 && s.id.where != field_place::header)
            complain("message", "contains {id}, but \"id\" names no header");
        if (number_of(part_kind::pair) > 0 && s.signature.where != place::header_pairs)
            complain("message", "contains {pair:...}, but the scheme has no \"pairs\"");
        check_secret_part();
    }

    void check_secret_part() {
        const message_template& m = row().message;
        const std::size_t n = number_of(part_kind::secret);
        if (row().algo != algorithm::digest) {
            if (n > 0) complain("message", "contains {secret}, which only a plain hash needs");
            return;
        }
        const bool at_end = m.count > 0 && (m.parts[0].kind == part_kind::secret ||
                                            m.parts[m.count - 1].kind == part_kind::secret);
        if (n != 1 || !at_end)
            complain("message",
                     "must have {secret} once, first or last: a plain hash without it is no proof");
    }

    const object& o_;
    std::string path_;
    std::shared_ptr<owned_scheme> out_;
    config_errors errors_;
    bool too_many_ = false;
};

} // namespace

boost::system::result<std::shared_ptr<const scheme>, config_errors> scheme_from_json(const object& o,
                                                                                     std::string_view path) {
    return builder{o, path}.build();
}

} // namespace mira::signatures
