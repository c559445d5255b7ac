// The half of body_check that reads headers: signature, timestamp, and what the message takes from the
// request.
#include "engine/base/encoding.hpp"
#include "handlers/signatures/header_shape.hpp"
#include "handlers/signatures/host_rule.hpp"
#include "handlers/signatures/hubspot_url.hpp"
#include "handlers/signatures/query.hpp"
#include "handlers/signatures/timestamp.hpp"
#include "handlers/signatures/verifier.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace mira::signatures {
namespace {

constexpr std::size_t longest_id = 256;

bool is_mac(algorithm a) { return a == algorithm::hmac || a == algorithm::digest; }

std::optional<std::size_t> decode(encoding e, std::string_view text, std::span<unsigned char> out) {
    switch (e) {
    case encoding::hex: return from_hex(text, out);
    case encoding::base64: return from_base64(text, out);
    case encoding::base64url: return from_base64(text, out, base64_alphabet::url);
    case encoding::base64_of_hex: {
        std::array<unsigned char, 2 * crypto::max_digest_size> hex;
        const auto n = from_base64(text, hex);
        if (!n) return std::nullopt;
        return from_hex(as_text({hex.data(), *n}), out);
    }
    case encoding::percent_base64: {
        const auto plain = percent_decoded(text, false);
        if (!plain) return std::nullopt;
        const bool url = plain->find_first_of("-_") != std::string::npos;
        return from_base64(*plain, out, url ? base64_alphabet::url : base64_alphabet::standard);
    }
    case encoding::text: break;
    }
    return std::nullopt;
}

} // namespace

bool body_check::pieces::add(std::string_view s) {
    if (count == most_pieces) return false;
    list[count++] = {s.data(), s.size()};
    return true;
}

bool body_check::pieces::add_made(std::string&& s) {
    if (!made.empty()) return false;
    made = std::move(s);
    return add(made);
}

bool body_check::refuse(outcome o, const char* reason) {
    verdict_.result = o;
    verdict_.reason = reason;
    return false;
}

bool body_check::read_head(const signed_request& r) {
    row_ = owner_->scheme_.get();
    std::string_view ignored;
    if (row_->otherwise != nullptr &&
        find_header(*r.headers, row_->signature.name, ignored) == lookup::absent)
        row_ = row_->otherwise;
    signatures_size_ = signature_count_ = tail_size_ = lane_count_ = 0;
    secret_first_ = secret_last_ = behind_body_ = false;
    verdict_ = {};
    if (!read_signature(r) || !read_timestamp(r)) return false;
    bool any = false;
    for (std::size_t i = 0; i < owner_->credentials_.size(); ++i) {
        usable_[i] = owner_->credentials_[i].active(r.now);
        any |= usable_[i];
    }
    return any || find_key(r);
}

bool body_check::read_signature(const signed_request& r) {
    const signature_place& at = row_->signature;
    if (at.where == place::numbered_headers) return read_numbered(r);
    std::string_view value;
    if (at.where == place::query) {
        switch (find_parameter(r.query, at.name, value)) {
        case parameter::absent: return refuse(outcome::missing, "the query has no signature");
        case parameter::many:
            return refuse(outcome::invalid, "the signature's parameter stands more than once");
        case parameter::one: return add_signature(value);
        }
    }
    switch (find_header(*r.headers, at.name, value)) {
    case lookup::absent: return refuse(outcome::missing, "the signature's header is missing");
    case lookup::many: return refuse(outcome::invalid, "the signature's header stands more than once");
    case lookup::one: break;
    }
    signature_header_ = value;
    if (at.where == place::header_list) return read_list(value);
    if (at.where == place::header_pairs) return read_pairs(value);
    const auto text = behind_prefix(value, at.prefix);
    if (!text)
        return refuse(outcome::invalid, "the signature's header does not begin with the scheme's prefix");
    return add_signature(*text);
}

bool body_check::read_list(std::string_view value) {
    entries all{value, row_->signature.separator};
    std::string_view entry;
    while (all.next(entry)) {
        const auto text = behind_prefix(entry, row_->signature.prefix);
        if (text && !add_signature(*text)) return false;
    }
    return signature_count_ > 0 ||
           refuse(outcome::invalid, "the signature's header lists none of a known version");
}

bool body_check::read_pairs(std::string_view value) {
    entries all{value, row_->signature.separator, row_->signature.sets ? ' ' : '\0'};
    std::string_view entry;
    while (all.next(entry)) {
        const auto p = split_pair(entry);
        if (!p) return refuse(outcome::invalid, "the signature's header is no list of key=value");
        if (p->key == row_->signature.prefix && !add_signature(p->value)) return false;
    }
    return signature_count_ > 0 ||
           refuse(outcome::invalid, "the signature's header has none of a known version");
}

bool body_check::read_numbered(const signed_request& r) {
    const std::string_view front = row_->signature.name;
    std::array<bool, 101> seen{};
    bool any = false;
    for (const http::field& f : r.headers->all()) {
        if (f.name.size() <= front.size() ||
            !http::equal_ignoring_case(f.name.substr(0, front.size()), front))
            continue;
        const std::string_view digits = f.name.substr(front.size());
        unsigned n = 0;
        const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), n);
        if (end.ec != std::errc{} || end.ptr != digits.data() + digits.size() || digits[0] == '0' || n > 100)
            continue;
        any = true;
        if (seen[n]) return refuse(outcome::invalid, "a numbered signature header stands more than once");
        seen[n] = true;
        if (!add_signature(f.value)) return false;
    }
    return any || refuse(outcome::missing, "the signature's header is missing");
}

bool body_check::add_signature(std::string_view text) {
    std::span<unsigned char> room{signatures_.data() + signatures_size_, signature_room - signatures_size_};
    const bool mac = is_mac(row_->algo);
    const std::size_t exact = mac                                ? crypto::digest_size(row_->hash)
                              : row_->algo == algorithm::ed25519 ? 64
                                                                 : 0;
    if ((!mac && signature_count_ == most_public_signatures) || room.size() < exact)
        return refuse(outcome::invalid, "the request has too many signatures");
    room = room.first(exact != 0 ? exact : std::min<std::size_t>(room.size(), 1024));
    const auto n = decode(row_->text, text, room);
    if (!n || *n == 0 || (exact != 0 && *n != exact))
        return refuse(outcome::invalid,
                      "the signature is not encoded as the scheme has it, or has another length");
    signatures_size_ += *n;
    if (!mac) signature_ends_[signature_count_] = static_cast<std::uint16_t>(signatures_size_);
    ++signature_count_;
    return true;
}

bool body_check::read_timestamp(const signed_request& r) {
    const timestamp_rule& rule = row_->time;
    if (rule.where == time_place::none || rule.where == time_place::json) return true;
    if (rule.where == time_place::pair) {
        switch (find_pair(signature_header_, row_->signature.separator, row_->signature.sets, rule.name,
                          timestamp_text_)) {
        case pair_lookup::absent: return refuse(outcome::invalid, "the signature's header has no timestamp");
        case pair_lookup::conflict: return refuse(outcome::invalid, "the timestamp stands more than once");
        case pair_lookup::one: break;
        }
    } else {
        switch (find_header(*r.headers, rule.name, timestamp_text_)) {
        case lookup::absent: return refuse(outcome::missing, "the timestamp's header is missing");
        case lookup::many: return refuse(outcome::invalid, "the timestamp's header stands more than once");
        case lookup::one: break;
        }
    }
    const auto at = parse_timestamp(timestamp_text_, rule.format);
    if (!at) return refuse(outcome::invalid, "the timestamp is not in the scheme's form");
    return owner_->fresh(*row_, *at, r.now, verdict_);
}

bool body_check::find_key(const signed_request& r) {
    if (!uses_public_key() || row_->keys.origin == key_origin::configured || owner_->options_.keys == nullptr)
        return refuse(outcome::invalid, "the source has no valid secret");
    std::string_view name;
    switch (find_header(*r.headers, row_->keys.header, name)) {
    case lookup::absent: return refuse(outcome::missing, "the header that names the key is missing");
    case lookup::many: return refuse(outcome::invalid, "the header that names the key stands more than once");
    case lookup::one: break;
    }
    const bool by_url = row_->keys.origin == key_origin::by_url;
    fetched_ =
        owner_->fetched_key(by_url ? std::string_view{} : name, by_url ? name : std::string_view{}, verdict_);
    return fetched_.has_value();
}

bool body_check::read_message(const signed_request& r, pieces& before) {
    form_ = body_form::none;
    pieces after;
    for (const part& p : row_->message) {
        switch (p.kind) {
        case part_kind::body: form_ = body_form::raw; break;
        case part_kind::body_sha256_hex: form_ = body_form::sha256_hex; break;
        case part_kind::body_crc32: form_ = body_form::crc32; break;
        case part_kind::secret: (&p == row_->message.begin() ? secret_first_ : secret_last_) = true; continue;
        default:
            if (!append_part(p, r, behind_body_ ? after : before)) return false;
            continue;
        }
        behind_body_ = true;
    }
    for (const piece& a : after.all()) {
        const std::string_view s = a.view();
        if (s.size() > tail_room - tail_size_)
            return refuse(outcome::invalid, "what is signed behind the body is too long");
        std::memcpy(tail_.data() + tail_size_, s.data(), s.size());
        tail_size_ += s.size();
    }
    return true;
}

bool body_check::append_part(const part& p, const signed_request& r, pieces& out) {
    std::string_view value;
    switch (p.kind) {
    case part_kind::literal:
        return out.add(p.text) || refuse(outcome::invalid, "the message has too many parts");
    case part_kind::timestamp: value = timestamp_text_; break;
    case part_kind::method: value = r.method; break;
    case part_kind::target: value = r.target; break;
    case part_kind::option: value = owner_->option(p.text); break;
    case part_kind::url: return append_url(false, r, out);
    case part_kind::url_decoded: return append_url(true, r, out);
    case part_kind::listed_headers: return append_listed_headers(p.text, r, out);
    case part_kind::pair:
        switch (
            find_pair(signature_header_, row_->signature.separator, row_->signature.sets, p.text, value)) {
        case pair_lookup::one: break;
        default:
            return refuse(outcome::invalid,
                          "a part of the signature's header is missing or stands more than once");
        }
        break;
    case part_kind::id:
    case part_kind::header_value:
        switch (find_header(*r.headers, p.text, value)) {
        case lookup::absent: return refuse(outcome::missing, "a header that is signed is missing");
        case lookup::many: return refuse(outcome::invalid, "a header that is signed stands more than once");
        case lookup::one: break;
        }
        if (value.empty()) return refuse(outcome::invalid, "a header that is signed is empty");
        // '.' separates the id from what follows: with one inside, two requests would have one message.
        if (p.kind == part_kind::id &&
            (value.size() > longest_id || value.find('.') != std::string_view::npos))
            return refuse(outcome::invalid, "the id is too long or contains '.'");
        break;
    case part_kind::body:
    case part_kind::body_sha256_hex:
    case part_kind::body_crc32:
    case part_kind::secret: return true; // read_message's own
    }
    return out.add(value) || refuse(outcome::invalid, "the message has too many parts");
}

bool body_check::append_listed_headers(std::string_view pair, const signed_request& r, pieces& out) {
    std::string_view names;
    if (find_pair(signature_header_, row_->signature.separator, false, pair, names) != pair_lookup::one)
        return refuse(outcome::invalid, "the list of signed headers is missing or stands more than once");
    entries all{names, ' '};
    std::string_view name;
    bool first = true;
    while (all.next(name)) {
        std::string_view value;
        if (find_header(*r.headers, name, value) != lookup::one)
            return refuse(outcome::invalid, "a header that is signed is missing or stands more than once");
        if ((!first && !out.add(".")) || !out.add(value))
            return refuse(outcome::invalid, "too many headers are signed");
        first = false;
    }
    return true;
}

bool body_check::append_url(bool decode_it, const signed_request& r, pieces& out) {
    std::string url = owner_->effective_url(r);
    if (url.empty())
        return refuse(outcome::invalid, "the public URL, which is signed, is not known: set public_url");
    if (decode_it) url = hubspot_decoded(url);
    return out.add_made(std::move(url)) || refuse(outcome::invalid, "the message has too many parts");
}

} // namespace mira::signatures
