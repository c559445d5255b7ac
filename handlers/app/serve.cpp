#include "engine/base/log.hpp"
#include "engine/base/ticks.hpp"
#include "engine/config/environment.hpp"
#include "handlers/app/commands.hpp"
#include "handlers/app/runtime.hpp"
#include "handlers/settings/load.hpp"
#include "handlers/settings/reload.hpp"

#include <cerrno>
#include <cstdio>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace mira::app {
namespace {

// Only threads that are made after this ignore them, which is all of them: the main thread takes signals one
// by one.
sigset_t block_signals() {
    ::signal(SIGPIPE, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    for (const int s : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set, s);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return set;
}

// 0 when none came in time.
int next_signal(const sigset_t& set, milliseconds at_most) {
    const timespec t{at_most.count() / 1000, at_most.count() % 1000 * 1'000'000};
    const int s = ::sigtimedwait(&set, nullptr, &t);
    return s > 0 ? s : 0;
}

void reload(runtime& r, const serve_options& o) {
    const scheme_registry schemes;
    const auto fresh =
        settings::load_file(o.config, config::process_environment(), schemes, {o.port, o.data_dir});
    const auto refused = [](const settings::problems& all) {
        for (const config::problem& p : all) log::error("config.problem", {{"problem", p.text()}});
        log::error("config.reload_refused", {{"problems", all.size()}, {"effect", "nothing has changed"}});
    };
    if (!fresh) {
        refused(fresh.error());
        return;
    }
    auto plan = settings::plan_reload(r.running(), *fresh, schemes);
    if (!plan) {
        refused(plan.error());
        return;
    }
    std::vector<std::string> why;
    const auto applied = plan->applied;
    const auto waiting = plan->waiting;
    if (!r.apply(std::move(plan->next), why)) {
        for (const std::string& w : why) log::error("config.problem", {{"problem", w}});
        log::error("config.reload_refused", {{"problems", why.size()}, {"effect", "nothing has changed"}});
        return;
    }
    for (const config::change& c : waiting) log::warn("config.waits_for_restart", {{"setting", c.path}});
    log::info("config.reloaded", {{"changed", applied.size()}, {"wait_for_restart", waiting.size()}});
}

} // namespace

int serve(const serve_options& o) {
    const scheme_registry schemes;
    auto loaded = settings::load_file(o.config, config::process_environment(), schemes, {o.port, o.data_dir});
    if (!loaded) {
        for (const config::problem& p : loaded.error()) std::fprintf(stderr, "%s\n", p.text().c_str());
        return 2;
    }
    const sigset_t signals = block_signals();
    log::open({loaded->log.level, loaded->log.format, loaded->log.lines_per_second});
    ticks::calibrate();
    for (const config::problem& p : loaded->warnings) log::warn("config.warning", {{"problem", p.text()}});

    const pthread_t main_thread = ::pthread_self();
    int code = 0;
    {
        runtime r{std::move(*loaded), {o.salvage, o.takeover}, [main_thread] {
                      ::pthread_kill(main_thread, SIGUSR1);
                  }};
        std::vector<std::string> why;
        if (!r.start(why)) {
            for (const std::string& w : why) log::error("mira.cannot_start", {{"reason", w}});
            log::close();
            return 1;
        }
        bool stopping = false;
        while (!stopping) {
            const int s = next_signal(signals, seconds{1});
            if (s == SIGHUP) reload(r, o);
            r.tend();
            stopping = s == SIGTERM || s == SIGINT || r.has_failed();
        }
        // A second signal ends the process at once: what was acknowledged is durable already.
        r.stop([&] {
            const int s = next_signal(signals, milliseconds{0});
            if (s == SIGTERM || s == SIGINT) ::_exit(1);
            return false;
        });
        code = r.has_failed() ? 1 : 0;
    }
    log::close();
    return code;
}

} // namespace mira::app
