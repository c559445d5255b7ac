#include "handlers/webhook/log_step.hpp"

#include "engine/base/log.hpp"

namespace mira::webhook {

void log_step::run(mono_time now, const event_id& id, std::string_view tenant, std::string_view source,
                   std::size_t bytes, std::string_view request_id) {
    if (now - second_ >= seconds{1}) {
        if (left_out_ > 0) log::info("event.accepted_unlogged", {{"events", left_out_}});
        second_ = now;
        written_ = 0;
        left_out_ = 0;
    }
    if (written_ == lines_per_second) {
        ++left_out_;
        return;
    }
    ++written_;
    if (!log::enabled(log::level::info)) return;
    char text[event_id::text_size];
    id.write(text);
    log::info("event.accepted", {{"id", std::string_view{text, sizeof text}},
                                 {"tenant", tenant},
                                 {"source", source},
                                 {"bytes", bytes},
                                 {"request_id", request_id}});
}

} // namespace mira::webhook
