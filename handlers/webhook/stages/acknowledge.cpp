#include "handlers/webhook/ingest.hpp"
#include "handlers/webhook/rate_fields.hpp"
#include "handlers/webhook/reply.hpp"
#include "handlers/webhook/stages.hpp"

namespace mira::webhook::stages {
namespace {

// {"status":"accepted","id":"evt_...","service":"github"}
std::string_view own_body(const ingest& in, std::array<char, 160>& room) {
    char* p = room.data();
    const auto put = [&p](std::string_view s) {
        s.copy(p, s.size());
        p += s.size();
    };
    put(R"({"status":"accepted","id":")");
    in.id.write(p);
    p += event_id::text_size;
    put(R"(","service":")");
    put(in.from->name); // at most 63 characters that need no escape
    put("\"}");
    return {room.data(), static_cast<std::size_t>(p - room.data())};
}

} // namespace

http::verdict acknowledge(http::exchange& x) {
    ingest& in = ingest_of(x);
    core& c = in.reactor_core;
    const source& s = *in.from;
    rate_fields fields;
    fields.line("Mira-Durability", to_string(s.level));
    fields.add(in);
    in.count(outcome::accepted);
    if (in.ack) {
        send_reply(x, *in.ack);
    } else if (s.own_ack) {
        x.respond(s.ack_status, s.ack_type, s.ack_body, fields.view());
    } else {
        std::array<char, 160> room;
        x.respond(s.ack_status, s.ack_type, own_body(in, room), fields.view());
    }
    if (s.logs) c.logging.run(c.home.now(), in.id, s.tenant, s.name, in.bytes, x.request_id());
    return http::verdict::respond;
}

} // namespace mira::webhook::stages
