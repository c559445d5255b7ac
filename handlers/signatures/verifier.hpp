#pragma once
// The compiled form of one source's scheme: row, keys and options, ready to judge requests.
//
// Made once when the configuration is read, immutable, shared by all reactor threads; it must outlive every
// body_check begun with it (a request keeps the configuration it started with). Nothing here throws on what a
// peer sends. check() allocates nothing for schemes that sign headers and body by HMAC; public keys, JSON,
// forms and tokens may.
//
// Fails closed: no usable secret, a doubled header, a shape that is not the scheme's, a timestamp that cannot
// be read: refused. The shape of the headers and the timestamp are judged before anything is hashed.
#include "engine/crypto/digest.hpp"
#include "engine/crypto/hmac.hpp"
#include "handlers/signatures/claims.hpp"
#include "handlers/signatures/extractor.hpp"
#include "handlers/signatures/handshake.hpp"
#include "handlers/signatures/key_source.hpp"
#include "handlers/signatures/request.hpp"
#include "handlers/signatures/scheme.hpp"
#include "handlers/signatures/secrets.hpp"
#include "handlers/signatures/verdict.hpp"

#include <boost/system/result.hpp>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mira::signatures {

struct verifier_options {
    std::string where = "source"; // how errors name it
    // How far the timestamp may be from now, either way, both ends included. Unset: the scheme's own.
    // Negative: not checked.
    std::optional<seconds> tolerance{};
    // The URL as registered with the provider; wins over signed_request::public_url. The request's query is
    // added unless the URL has one of its own.
    std::string public_url{};
    option_map named{};         // what the scheme's option rules list (webhook_id, verify_token, ...)
    std::string delivery_id{};  // a header or a JSON pointer instead of the scheme's
    std::string event_type{};   // the same
    key_source* keys = nullptr; // for schemes whose keys the provider publishes; must outlive the verifier
};

class body_check;

class verifier {
  public:
    using made = boost::system::result<std::shared_ptr<const verifier>, config_errors>;
    // No secret at all is no error: such a verifier refuses everything. Secrets newest first, at most
    // most_secrets.
    static made make(const std::shared_ptr<const scheme>& s, std::span<const configured_secret> secrets,
                     verifier_options options);

    verdict check(const signed_request& r) const;
    // Whether check() needs the body whole; else body_check can hash it while it arrives.
    bool needs_whole_body() const;

    // For duplicates and for the log. A header's value is a view into the request, everything else is put
    // into room.
    std::optional<std::string_view> delivery_id(const signed_request& r, std::string& room) const;
    std::optional<std::string_view> event_type(const signed_request& r, std::string& room) const;

    // What to answer before verification, if this is a handshake at all. Costs next to nothing for a POST of
    // a scheme without.
    std::optional<reply> answer_unsigned(const signed_request& r) const;
    // What to answer once check() has accepted the request, if it is a handshake and no event.
    std::optional<reply> answer_signed(const signed_request& r) const;
    // Whether the route must be open for that method: POST always, GET and HEAD where the provider's
    // handshake needs them.
    bool wants(http::method m) const;
    // An acknowledgement that depends on the request, for the few providers that want one; else the scheme's
    // ack() is to be used.
    std::optional<reply> acknowledge(const signed_request& r) const;

    const scheme& row() const { return *scheme_; }
    const acknowledgement& ack() const { return scheme_->ack; }
    retries after_failure() const { return scheme_->after_failure; }
    // Whether any secret could verify anything at that time (or a key source could).
    bool has_secret(wall_time now) const;

  private:
    friend class body_check;
    friend struct handshakes;
    verifier() = default;

    verdict check_own(const signed_request& r) const;
    verdict check_token(const signed_request& r) const;
    verdict check_jwt(const signed_request& r) const;
    verdict check_claims(const signed_request& r) const;
    verdict check_message(const signed_request& r) const;
    verdict judge_claims(const claims& c, const signed_request& r) const;
    bool claim_holds(const claim& c, crypto::hash h, const credential& k) const;
    bool public_key_signed(const crypto::public_key& k, crypto::hash h, std::string_view message,
                           std::string_view signature) const;
    // The key that the request names; key_pending or invalid in the verdict where there is none.
    std::optional<crypto::public_key> fetched_key(std::string_view id, std::string_view url,
                                                  verdict& why) const;
    seconds tolerance_for(const scheme& row) const;
    // Sets the verdict to stale where the time is too far from now.
    bool fresh(const scheme& row, wall_time signed_at, wall_time now, verdict& v) const;
    std::string effective_url(const signed_request& r) const;
    const credential* newest(wall_time now) const;
    std::string_view option(std::string_view name) const;

    std::shared_ptr<const scheme> scheme_;
    std::vector<credential> credentials_;
    verifier_options options_;
    extractor id_, type_;
    std::shared_ptr<const verifier> sibling_; // for the secrets that are public keys
    bool whole_body_ = false;
    bool get_handshake_ = false, head_handshake_ = false, post_handshake_ = false, signed_handshake_ = false;
};

// One body hashed while it arrives: begin, update, finish. A fixed number of bytes (about 8 KiB), no heap;
// what finish() needs of the request is copied, so headers may go while the body comes. Belongs to one
// request on one thread.
class body_check {
  public:
    // The verdict where the headers alone decide, nothing where the body is needed. r.body is ignored. The
    // verifier must not need the whole body.
    std::optional<verdict> begin(const verifier& v, const signed_request& r);
    void update(std::span<const unsigned char> bytes);
    // The verdict on all that came. Once.
    verdict finish();

  private:
    friend class verifier;
    static constexpr std::size_t signature_room = 3328; // DocuSign's 100 signatures of 32 bytes fit
    static constexpr std::size_t tail_room = 2048;      // what is signed behind the body: a URL at most
    static constexpr std::size_t most_pieces = 24;
    static constexpr std::size_t most_public_signatures = 4;

    // Left uninitialised on purpose: zeroing it would cost a tenth of a short message's hash.
    struct piece {
        const char* data;
        std::size_t size;
        std::string_view view() const { return {data, size}; }
    };
    struct pieces {
        std::array<piece, most_pieces> list;
        std::size_t count = 0;
        std::string made; // the one text that has no place in the request: the URL

        bool add(std::string_view s);
        bool add_made(std::string&& s);
        std::span<const piece> all() const { return {list.data(), count}; }
    };
    enum class body_form : std::uint8_t { none, raw, sha256_hex, crc32 };

    // The headers: signature, timestamp and what else the message takes from them. False: verdict_ says why.
    bool read_head(const signed_request& r);
    bool read_signature(const signed_request& r);
    bool read_list(std::string_view value);
    bool read_pairs(std::string_view value);
    bool read_numbered(const signed_request& r);
    bool add_signature(std::string_view text);
    bool read_timestamp(const signed_request& r);
    bool read_message(const signed_request& r, pieces& before);
    bool append_part(const part& p, const signed_request& r, pieces& out);
    bool append_listed_headers(std::string_view pair, const signed_request& r, pieces& out);
    bool append_url(bool decode, const signed_request& r, pieces& out);
    bool refuse(outcome o, const char* reason);

    // Looks for the key that the request names, where the source has none of its own.
    bool find_key(const signed_request& r);
    void start_body();
    void open(const credential* c, const pieces& before);
    void feed(std::span<const unsigned char> bytes);
    void end_body();
    // The code or digest of a lane, written to out.
    std::span<const unsigned char> close(std::size_t lane, std::span<unsigned char> out);
    bool lane_matches(std::size_t lane);
    verdict judge_public_keys();
    verdict judge_ed25519(const pieces& before, std::string_view body);
    verdict accept(std::uint8_t secret);
    bool uses_public_key() const;
    std::span<const unsigned char> signature(std::size_t i) const;
    std::string_view tail() const { return {tail_.data(), tail_size_}; }

    using lane = std::variant<std::monostate, crypto::hmac_stream, crypto::digester>;

    const verifier* owner_ = nullptr;
    const scheme* row_ = nullptr;
    verdict verdict_;
    std::string_view signature_header_;
    std::string_view timestamp_text_;
    body_form form_ = body_form::none;
    bool secret_first_ = false, secret_last_ = false;
    bool behind_body_ = false;
    std::array<lane, most_secrets> lanes_;
    std::array<const credential*, most_secrets> lane_keys_;
    std::size_t lane_count_ = 0;
    crypto::digester body_digest_;
    std::uint32_t body_crc_ = 0;
    std::array<char, 64> body_text_; // what stands for the body in the message, where its hash does
    std::size_t body_text_size_ = 0;
    std::array<unsigned char, signature_room> signatures_;
    std::size_t signatures_size_ = 0;
    std::array<std::uint16_t, most_public_signatures> signature_ends_;
    std::size_t signature_count_ = 0;
    std::array<char, tail_room> tail_;
    std::size_t tail_size_ = 0;
    std::array<bool, most_secrets> usable_{}; // credentials not yet expired
    std::optional<crypto::public_key> fetched_;
};

} // namespace mira::signatures
