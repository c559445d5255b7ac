#include "handlers/ops/ops.hpp"

#include "engine/http/exchange.hpp"
#include "engine/reactor/reactor.hpp"
#include "handlers/errors.hpp"
#include "handlers/ops/metrics.hpp"
#include "handlers/ops/process.hpp"
#include "handlers/services.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

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
        // std::function wants what it holds to be copyable.
        const auto pass = std::make_shared<gate::pass>(std::move(*inside));
        const bool taken = p.pool->submit([&p, &x, &home, pass, make = std::move(make)]() mutable {
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
    const std::string why = p.why_not_ready();
    boost::json::object checks;
    const auto check = [&](std::string_view name, bool ok, std::string_view detail) {
        checks[name] = {{"status", ok ? "ok" : "failing"}, {"detail", detail}};
    };
    const auto state = p.writer->state();
    check("journal", state == journal::writer_state::ready,
          state == journal::writer_state::full     ? "the disk is full"
          : state == journal::writer_state::failed ? "the disk failed"
          : state == journal::writer_state::ready  ? "events become durable"
                                                   : "closed");
    check("phase", why.empty() || state != journal::writer_state::ready,
          to_string(p.stands.load(std::memory_order_relaxed)));
    const double rate = add_up(p).success_rate();
    const double objective = p.uptime_objective.load(std::memory_order_relaxed);
    check("success_rate", rate >= objective, "per cent of webhooks that did not fail here");

    boost::json::object o;
    o["status"] = !why.empty() ? "unhealthy" : rate < objective ? "degraded" : "healthy";
    o["service"] = "mira-webhook";
    o["uptime"] = p.uptime_seconds();
    o["version"] = p.version;
    o["instance"] = p.instance;
    std::string body = boost::json::serialize(o);
    body.pop_back();
    body += ",\"metrics\":{" + figures_members(p) + "},\"checks\":" + boost::json::serialize(checks) + "}\n";
    return {std::string{json}, std::move(body), why.empty() ? 200 : 503};
}

} // namespace

http::verdict about(http::exchange& x) {
    const process& p = process_of(x);
    boost::json::object o;
    o["service"] = "mira-webhook";
    o["version"] = p.version;
    o["webhooks"] = {"/webhook/{service}", "/webhook/{tenant}/{service}"};
    o["operations"] = {"/health", "/health/live", "/health/ready", "/metrics"};
    x.respond(200, json, boost::json::serialize(o) + "\n");
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
        boost::json::object o;
        o["status"] = "not ready";
        o["reason"] = why;
        x.respond(503, json, boost::json::serialize(o) + "\n",
                  "Cache-Control: no-store\r\nRetry-After: 1\r\n");
    }
    return http::verdict::respond;
}

http::verdict metrics(http::exchange& x) {
    if (wants_json(x))
        return answer_from_pool(x, [](const process& p) {
            return rendered{std::string{json}, metrics_json(p)};
        });
    return answer_from_pool(x, [](const process& p) {
        return rendered{"text/plain; version=0.0.4; charset=utf-8", metrics_text(p)};
    });
}

} // namespace mira::ops
