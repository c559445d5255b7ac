#include "engine/base/crc32.hpp"
#include "engine/base/encoding.hpp"
#include "engine/crypto/secure.hpp"
#include "handlers/signatures/verifier.hpp"

#include <charconv>

namespace mira::signatures {

bool body_check::uses_public_key() const {
    return row_->algo == algorithm::ecdsa || row_->algo == algorithm::rsa || row_->algo == algorithm::rsa_pss;
}

void body_check::start_body() {
    body_text_size_ = 0;
    body_crc_ = 0;
    if (form_ == body_form::sha256_hex) body_digest_ = crypto::digester{crypto::hash::sha256};
}

void body_check::open(const credential* c, const pieces& before) {
    lane& l = lanes_[lane_count_];
    lane_keys_[lane_count_] = c;
    ++lane_count_;
    const auto feed_front = [&](auto& sink) {
        if (secret_first_) sink.update(c->bytes.bytes());
        for (const piece& p : before.all()) sink.update(as_bytes(p.view()));
    };
    if (row_->algo == algorithm::hmac)
        feed_front(l.emplace<crypto::hmac_stream>(*c->mac));
    else
        feed_front(l.emplace<crypto::digester>(row_->hash));
}

void body_check::feed(std::span<const unsigned char> bytes) {
    switch (form_) {
    case body_form::none: return;
    case body_form::sha256_hex: body_digest_.update(bytes); return;
    case body_form::crc32: body_crc_ = crc32(bytes, body_crc_); return;
    case body_form::raw: break;
    }
    for (std::size_t i = 0; i < lane_count_; ++i) {
        if (auto* mac = std::get_if<crypto::hmac_stream>(&lanes_[i]))
            mac->update(bytes);
        else if (auto* plain = std::get_if<crypto::digester>(&lanes_[i]))
            plain->update(bytes);
    }
}

void body_check::end_body() {
    if (form_ == body_form::sha256_hex) {
        std::array<unsigned char, 32> digest;
        body_digest_.finish(digest);
        to_hex(digest, body_text_.data());
        body_text_size_ = 64;
    } else if (form_ == body_form::crc32) {
        const auto r = std::to_chars(body_text_.data(), body_text_.data() + body_text_.size(), body_crc_);
        body_text_size_ = static_cast<std::size_t>(r.ptr - body_text_.data());
    }
}

std::span<const unsigned char> body_check::close(std::size_t i, std::span<unsigned char> out) {
    const auto feed_end = [&](auto& sink) {
        sink.update(as_bytes({body_text_.data(), body_text_size_}));
        sink.update(as_bytes(tail()));
        if (secret_last_) sink.update(lane_keys_[i]->bytes.bytes());
        return sink.finish(out);
    };
    std::size_t n = 0;
    if (auto* mac = std::get_if<crypto::hmac_stream>(&lanes_[i]))
        n = feed_end(*mac);
    else if (auto* plain = std::get_if<crypto::digester>(&lanes_[i]))
        n = feed_end(*plain);
    if (row_->double_digest && n != 0) n = crypto::digest(row_->hash, out.first(n), out);
    return out.first(n);
}

bool body_check::lane_matches(std::size_t i) {
    std::array<unsigned char, crypto::max_digest_size> out;
    const auto code = close(i, out);
    if (code.empty()) return false;
    bool same = false;
    for (std::size_t k = 0; k < signature_count_; ++k)
        same |= crypto::equal_constant_time(code, signature(k));
    return same;
}

std::span<const unsigned char> body_check::signature(std::size_t i) const {
    const std::span<const unsigned char> all{signatures_.data(), signatures_size_};
    if (row_->algo == algorithm::hmac || row_->algo == algorithm::digest) {
        const std::size_t size = crypto::digest_size(row_->hash);
        return all.subspan(i * size, size);
    }
    const std::size_t from = i == 0 ? 0 : signature_ends_[i - 1];
    return all.subspan(from, signature_ends_[i] - from);
}

verdict body_check::accept(std::uint8_t secret) {
    verdict_.result = outcome::accepted;
    verdict_.secret = secret;
    verdict_.reason = "the signature is good";
    return verdict_;
}

verdict body_check::judge_public_keys() {
    std::array<unsigned char, crypto::max_digest_size> out;
    const auto digest = close(0, out);
    const auto good = [&](const crypto::public_key& key) {
        for (std::size_t k = 0; k < signature_count_; ++k) {
            const auto padding =
                row_->algo == algorithm::rsa ? crypto::rsa_padding::pkcs1 : crypto::rsa_padding::pss;
            const bool ok = row_->algo == algorithm::ecdsa
                                ? key.verify_ecdsa(row_->hash, digest, signature(k))
                                : key.verify_rsa(row_->hash, padding, digest, signature(k));
            if (ok) return true;
        }
        return false;
    };
    if (fetched_) return good(*fetched_) ? accept(0) : verdict_;
    for (std::size_t i = 0; i < owner_->credentials_.size(); ++i) {
        const credential& c = owner_->credentials_[i];
        if (usable_[i] && c.pub && good(*c.pub)) return accept(c.index);
    }
    return verdict_;
}

verdict body_check::judge_ed25519(const pieces& before, std::string_view body) {
    std::array<std::span<const unsigned char>, most_pieces + 2> message;
    std::size_t n = 0;
    for (const piece& p : before.all()) message[n++] = as_bytes(p.view());
    if (form_ == body_form::raw) message[n++] = as_bytes(body);
    message[n++] = as_bytes(tail());
    for (std::size_t i = 0; i < owner_->credentials_.size(); ++i) {
        const credential& c = owner_->credentials_[i];
        if (!usable_[i] || !c.pub) continue;
        for (std::size_t k = 0; k < signature_count_; ++k)
            if (c.pub->verify_ed25519({message.data(), n}, signature(k))) return accept(c.index);
    }
    return verdict_;
}

std::optional<verdict> body_check::begin(const verifier& v, const signed_request& r) {
    owner_ = &v;
    if (v.needs_whole_body()) {
        refuse(outcome::invalid, "the scheme needs the whole body");
        return verdict_;
    }
    pieces before;
    if (!read_head(r) || !read_message(r, before)) return verdict_;
    start_body();
    if (uses_public_key()) {
        open(nullptr, before);
        return std::nullopt;
    }
    for (std::size_t i = 0; i < v.credentials_.size(); ++i)
        if (usable_[i]) open(&v.credentials_[i], before);
    return std::nullopt;
}

void body_check::update(std::span<const unsigned char> bytes) { feed(bytes); }

verdict body_check::finish() {
    end_body();
    verdict_.result = outcome::invalid;
    verdict_.reason = "the signature does not match";
    if (uses_public_key()) return judge_public_keys();
    for (std::size_t i = 0; i < lane_count_; ++i)
        if (lane_matches(i)) return accept(lane_keys_[i]->index);
    return verdict_;
}

// The whole request at once: the same steps, one secret after the other, so that the newest, which nearly
// always is the one, costs one hash.
verdict verifier::check_message(const signed_request& r) const {
    body_check b;
    b.owner_ = this;
    body_check::pieces before;
    if (!b.read_head(r) || !b.read_message(r, before)) return b.verdict_;
    b.verdict_.result = outcome::invalid;
    b.verdict_.reason = "the signature does not match";
    if (b.row_->algo == algorithm::ed25519) return b.judge_ed25519(before, r.body);
    const bool raw = b.form_ == body_check::body_form::raw;
    b.start_body();
    if (b.uses_public_key()) b.open(nullptr, before);
    if (b.uses_public_key() || !raw) b.feed(as_bytes(r.body));
    b.end_body();
    if (b.uses_public_key()) return b.judge_public_keys();
    for (std::size_t i = 0; i < credentials_.size(); ++i) {
        if (!b.usable_[i]) continue;
        b.lane_count_ = 0;
        b.open(&credentials_[i], before);
        if (raw) b.feed(as_bytes(r.body));
        if (b.lane_matches(0)) return b.accept(credentials_[i].index);
    }
    return b.verdict_;
}

} // namespace mira::signatures
