#include "handlers/routes.hpp"

#include "handlers/ops/ops.hpp"
#include "handlers/webhook/pipeline.hpp"

#include <array>

namespace mira {
namespace {

using http::method;

constexpr std::array about{http::stage{"about", ops::about}};
constexpr std::array health{http::stage{"health", ops::health}};
constexpr std::array live{http::stage{"live", ops::live}};
constexpr std::array ready{http::stage{"ready", ops::ready}};
constexpr std::array metrics{http::stage{"metrics", ops::metrics}};

} // namespace

std::span<const http::route> all_routes() {
    // GET and HEAD on webhooks are for providers' handshakes; a source that has none answers 405.
    static const std::array table{
        http::route{"/webhook/{service}",
                    {method::post, method::get, method::head},
                    webhook::stages_before_body(),
                    webhook::stages_after_body()},
        http::route{"/webhook/{tenant}/{service}",
                    {method::post, method::get, method::head},
                    webhook::stages_before_body(),
                    webhook::stages_after_body()},
        http::route{"/health", {method::get}, {}, health},
        http::route{"/health/live", {method::get}, {}, live},
        http::route{"/health/ready", {method::get}, {}, ready},
        http::route{"/metrics", {method::get}, {}, metrics},
        http::route{"/", {method::get}, {}, about},
    };
    return table;
}

} // namespace mira
