#include "engine/base/clock.hpp"

namespace mira {
namespace {
class machine_clocks final : public clock_source {
  public:
    mono_time mono() const override { return std::chrono::steady_clock::now(); }
    wall_time wall() const override { return std::chrono::system_clock::now(); }
};
} // namespace

const clock_source& system_clocks() {
    static const machine_clocks clocks;
    return clocks;
}

} // namespace mira
