#include "handlers/ops/ops.hpp"

#include "engine/config/json_writer.hpp"
#include "engine/http/exchange.hpp"
#include "engine/reactor/reactor.hpp"
#include "handlers/errors.hpp"
#include "handlers/ops/figures_json.hpp"
#include "handlers/ops/metrics.hpp"
#include "handlers/ops/process.hpp"
#include "handlers/services.hpp"

#include <memory>

namespace mira::ops {
namespace {

constexpr std::string_view json = "application/json";
constexpr std::string_view not_cached = "Cache-Control: no-store\r\n";

process& process_of(http::exchange& x) { return *services_of(x).process; }

struct rendered {
    std::string type;
    std::string body;
    int status = 200;
};

// Makes the answer on the blocking pool and sends it from the request's reactor.
http::verdict answer_from_pool(http::exchange& x, std::function<rendered(const process&)> make) {
    process& p = process_of(x);
    reactor& home = x.home();
    auto inside = home.background().enter();
    if (inside) {
        // Shared, since std::function wants what it holds to be copyable; and moved all the way, since the
        // gate may be left on the reactor only.
        auto pass = std::make_shared<gate::pass>(std::move(*inside));
        const bool taken =
            p.pool->submit([&p, &x, &home, pass = std::move(pass), make = std::move(make)]() mutable {
                auto answer = std::make_shared<rendered>(make(p));
                home.post([&x, answer, pass = std::move(pass)] {
                    x.respond(answer->status, answer->type, answer->body, not_cached);
                });
            });
        if (taken) return http::verdict::suspend;
    }
    refuse(
        x,
        {.what = error::overloaded, .detail = "Too many of these requests are under way.", .retry_after = 1});
    return http::verdict::respond;
}

bool wants_json(const http::exchange& x) {
    const http::field* accept = x.head().headers.find("Accept");
    return accept != nullptr && accept->value.find("application/json") != std::string_view::npos;
}

rendered health_of(const process& p) {
    return {std::string{json}, health_json(p), p.why_not_ready().empty() ? 200 : 503};
}

} // namespace

http::verdict about(http::exchange& x) {
    config::json_writer w{config::json_writer::layout::compact};
    w.begin_object();
    w.key("service");
    w.string("mira-webhook");
    w.key("version");
    w.string(process_of(x).version);
    w.key("webhooks");
    w.begin_array();
    for (const std::string_view path : {"/webhook/{service}", "/webhook/{tenant}/{service}"}) w.string(path);
    w.end_array();
    w.key("operations");
    w.begin_array();
    for (const std::string_view path : {"/health", "/health/live", "/health/ready", "/metrics"})
        w.string(path);
    w.end_array();
    w.end_object();
    x.respond(200, json, w.text() + "\n");
    return http::verdict::respond;
}

http::verdict health(http::exchange& x) { return answer_from_pool(x, health_of); }

http::verdict live(http::exchange& x) {
    x.respond(200, json, "{\"status\":\"live\"}\n", not_cached);
    return http::verdict::respond;
}

http::verdict ready(http::exchange& x) {
    const std::string why = process_of(x).why_not_ready();
    if (why.empty()) {
        x.respond(200, json, "{\"status\":\"ready\"}\n", not_cached);
    } else {
        config::json_writer w{config::json_writer::layout::compact};
        w.begin_object();
        w.key("status");
        w.string("not ready");
        w.key("reason");
        w.string(why);
        w.end_object();
        x.respond(503, json, w.text() + "\n", "Cache-Control: no-store\r\nRetry-After: 1\r\n");
    }
    return http::verdict::respond;
}

http::verdict metrics(http::exchange& x) {
    if (wants_json(x))
        return answer_from_pool(x, [](const process& p) {
            return rendered{std::string{json}, figures_json(p)};
        });
    return answer_from_pool(x, [](const process& p) {
        return rendered{"text/plain; version=0.0.4; charset=utf-8", metrics_text(p)};
    });
}

} // namespace mira::ops
