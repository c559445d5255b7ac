#pragma once
// The pipeline step `log`: one line an accepted event. Bounded on the reactor before anything is formatted,
// so that at full load it costs a comparison; how many lines were left out is told once a second at most.
#include "engine/base/clock.hpp"
#include "engine/base/event_id.hpp"

#include <cstdint>
#include <string_view>

namespace mira::webhook {

class log_step {
  public:
    static constexpr std::uint32_t lines_per_second = 10; // a reactor

    void run(mono_time now, const event_id& id, std::string_view tenant, std::string_view source,
             std::size_t bytes, std::string_view request_id);

  private:
    mono_time second_{};
    std::uint32_t written_ = 0;
    std::uint64_t left_out_ = 0;
};

} // namespace mira::webhook
