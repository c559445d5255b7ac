#include "handlers/webhook/reply.hpp"

#include "engine/http/head.hpp"

namespace mira::webhook {

void send_reply(http::exchange& x, const signatures::reply& r) {
    std::string fields;
    for (const auto& [name, value] : r.headers) {
        if (!http::is_token(name) || !http::is_field_value(value))
            continue; // what was echoed must not break the answer
        fields += name;
        fields += ": ";
        fields += value;
        fields += "\r\n";
    }
    x.respond(r.status, r.content_type, r.body, fields);
}

} // namespace mira::webhook
