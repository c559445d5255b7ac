#include "handlers/webhook/ingest.hpp"

#include "handlers/errors.hpp"
#include "handlers/webhook/reply.hpp"

namespace mira::webhook {

ingest::ingest(http::exchange& e, core& c) : claim_waiter{c.home.mail()}, x{e}, reactor_core{c} {}

ingest::~ingest() {
    if (checking != nullptr) reactor_core.body_checks.destroy(checking);
}

void ingest::count(outcome o) {
    if (from != nullptr)
        reactor_core.counts.count(from->figures, o);
    else
        reactor_core.counts.count_unknown(o);
}

void ingest::refuse(const refusal& r, outcome o) {
    const mono_time now = reactor_core.home.now();
    if (quota_taken) reactor_core.limiter.give_back({&*quota, 1}, now);
    if (tokens_taken) reactor_core.limiter.give_back(taken(), now);
    quota_taken = tokens_taken = false;
    if (claimed) reactor_core.duplicates.release(key, id);
    claimed = false;
    count(o);
    mira::refuse(x, r);
}

// Always a 5xx: providers do not come back after a 4xx.
void ingest::refused_by_log(error_code ec) {
    using storage::log_errc;
    if (ec == log_errc::too_large) {
        refuse({.what = error::payload_too_large, .detail = "The event does not fit into a journal segment."},
               outcome::malformed);
        return;
    }
    if (ec == log_errc::overloaded) {
        refuse({.what = error::overloaded,
                .detail = "More events are waiting to be written than may.",
                .retry_after = 1},
               outcome::overloaded);
        return;
    }
    refuse({.what = error::storage_unavailable,
            .detail = "The event could not be made durable.",
            .retry_after = 5},
           outcome::storage_unavailable);
}

void ingest::on_appended(error_code ec) {
    if (ec) {
        refused_by_log(ec);
        return;
    }
    if (claimed) reactor_core.duplicates.confirm(key, id);
    claimed = false;
    x.resume();
}

void answer_duplicate(ingest& in, const event_id& first) {
    constexpr std::string_view front = R"({"status":"duplicate","id":")";
    std::array<char, front.size() + event_id::text_size + 2> body{};
    front.copy(body.data(), front.size());
    first.write(body.data() + front.size());
    body[body.size() - 2] = '"';
    body[body.size() - 1] = '}';
    in.count(outcome::duplicate);
    // The provider reads its own kind of answer only.
    if (in.ack)
        send_reply(in.x, *in.ack);
    else if (in.from->own_ack)
        in.x.respond(in.from->ack_status, in.from->ack_type, in.from->ack_body);
    else
        in.x.respond(200, "application/json", {body.data(), body.size()});
}

void ingest::on_claimed(const ports::claim_answer& a) {
    if (a.outcome == ports::claim_answer::duplicate)
        answer_duplicate(*this, a.id);
    else
        refuse({.what = error::storage_unavailable,
                .detail = "Another delivery of this event was not kept; send it again.",
                .retry_after = 1},
               outcome::storage_unavailable);
}

void ingest::decided(const limits::decision& d) noexcept {
    tokens = d;
    tokens_taken = d.outcome == limits::verdict::admitted;
    x.resume();
}

void ingest::on_body(std::string_view piece) {
    if (checking != nullptr)
        checking->update({reinterpret_cast<const unsigned char*>(piece.data()), piece.size()});
}

signatures::signed_request ingest::signed_view(std::string& room) const {
    const http::request_head& h = x.head();
    signatures::signed_request r;
    r.verb = h.verb;
    r.method = h.method_text;
    r.target = h.target;
    r.path = h.path;
    r.query = h.query;
    r.headers = &h.headers;
    r.body = x.body();
    r.now = reactor_core.home.wall();
    if (from->signs_url) {
        // What the provider called, as far as those whom we trust say; the source's public_url wins over it.
        const bool proxied = x.from_trusted_proxy();
        const std::string_view proto = proxied ? h.headers.only("X-Forwarded-Proto") : std::string_view{};
        const std::string_view host = proxied ? h.headers.only("X-Forwarded-Host") : std::string_view{};
        room.assign(!proto.empty() ? proto : x.secure() ? "https" : "http");
        room += "://";
        room += !host.empty() ? host : h.authority;
        room += h.path;
        if (!h.query.empty()) {
            room += '?';
            room += h.query;
        }
        r.public_url = room;
    }
    return r;
}

} // namespace mira::webhook
