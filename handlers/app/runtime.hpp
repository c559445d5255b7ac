#pragma once
// The composition root: makes every part of a running Mira in order, and undoes it in the opposite order. On
// the main thread.
#include "engine/http/edge.hpp"
#include "engine/reactor/blocking_pool.hpp"
#include "engine/reactor/reactors.hpp"
#include "handlers/app/compile_sources.hpp"
#include "handlers/app/learned_secrets.hpp"
#include "handlers/app/outbound.hpp"
#include "handlers/errors.hpp"
#include "handlers/ops/process.hpp"
#include "handlers/services.hpp"
#include "handlers/settings/settings.hpp"
#include "handlers/webhook/core.hpp"
#include "storage/journal/journal.hpp"
#include "storage/memory/bucket_store.hpp"
#include "storage/memory/dedupe_store.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mira::app {

struct start_options {
    bool salvage = false;
    bool takeover = false; // bind beside the process that runs, wait for its end
};

class runtime {
  public:
    // wake: called from any thread when the main thread has something to do (see needs_stop and
    // apply_learned).
    runtime(settings::settings s, start_options o, std::function<void()> wake);
    ~runtime();
    runtime(const runtime&) = delete;
    runtime& operator=(const runtime&) = delete;

    // False with sentences where it cannot: everything that was started has been stopped again.
    bool start(std::vector<std::string>& why);
    // Puts settings into force that plan_reload() has let through. False with sentences where they cannot be:
    // nothing changed.
    bool apply(settings::settings next, std::vector<std::string>& why);
    // Stops: in phases, with the time that drain_timeout gives. interrupted is asked while it waits: true
    // ends it at once.
    void stop(const std::function<bool()>& interrupted);

    const settings::settings& running() const { return settings_; }
    // The journal has failed: stop and end with an error.
    bool has_failed() const { return failed_.load(std::memory_order_relaxed); }
    // Takes over secrets that were learned since, and lets go of what reloads have left behind. Call now and
    // then.
    void tend();
    std::uint16_t port() const { return port_; }
    std::uint16_t tls_port() const { return tls_port_; }

  private:
    struct per_reactor;
    class edge_words;

    bool raise_descriptor_limit(std::vector<std::string>& why);
    bool reach_out(std::vector<std::string>& why);
    bool open_stores(std::vector<std::string>& why);
    bool make_cores(std::vector<std::string>& why);
    bool bind(std::vector<std::string>& why);
    bool port_is_free(const std::string& host, std::uint16_t port, std::vector<std::string>& why) const;
    void listen();
    void seen_in_journal(const journal::record& r);
    void prime_quotas();
    std::shared_ptr<const webhook::snapshot> compile(const settings::settings& s,
                                                     std::vector<std::string>& why);
    std::vector<std::shared_ptr<net::tls_context>> make_tls(const settings::settings& s,
                                                            std::vector<std::string>& why) const;
    void publish(const std::shared_ptr<const webhook::snapshot>& sources, const settings::settings& s);
    void announce() const;
    bool wait_until(const std::function<bool()>& done, milliseconds at_most,
                    const std::function<bool()>& interrupted) const;
    void drain(const std::function<bool()>& interrupted);

    settings::settings settings_;
    const start_options options_;
    std::function<void()> wake_;
    std::vector<std::function<void()>> undo_; // each start pushes its stop

    ops::process process_;
    std::unique_ptr<telemetry::bounded_labels> labels_;
    std::unique_ptr<learned_secrets> learned_;
    std::unique_ptr<net::admission> admission_;
    std::unique_ptr<http::memory_budget> bodies_;
    std::unique_ptr<http::router> router_;
    std::unique_ptr<edge_words> words_;
    std::unique_ptr<memory::bucket_store> buckets_;
    std::unique_ptr<memory::dedupe_store> duplicates_;
    std::unique_ptr<outbound> outbound_; // null where nothing is fetched from others
    std::unique_ptr<reactors> reactors_;
    std::unique_ptr<blocking_pool> pool_; // its jobs end before the reactors that they answer
    std::unique_ptr<journal::event_journal> journal_;
    std::vector<std::unique_ptr<per_reactor>> each_;
    std::vector<std::vector<unique_fd>> plain_sockets_; // bound, by reactor, until they are listened on
    std::vector<std::vector<unique_fd>> tls_sockets_;
    std::vector<std::shared_ptr<net::tls_context>> tls_;
    config::retired_snapshots<webhook::snapshot> snapshots_;
    std::map<std::string, std::int64_t, std::less<>> accepted_today_; // by tenant, from the journal
    std::int64_t today_ = 0; // days since 1970, when the journal was read
    std::uint16_t port_ = 0;
    std::uint16_t tls_port_ = 0;
    bool started_ = false;
    std::atomic<bool> failed_{false};
    std::atomic<bool> learned_something_{false};
};

} // namespace mira::app
