#include "handlers/app/runtime.hpp"

#include "engine/base/log.hpp"
#include "engine/base/ticks.hpp"
#include "handlers/app/modules.hpp"
#include "handlers/limits/quota.hpp"
#include "handlers/limits/tiers.hpp"
#include "handlers/routes.hpp"
#include "handlers/webhook/delivery_key.hpp"
#include "handlers/webhook/ingest.hpp"
#include "handlers/webhook/pipeline.hpp"

#include <algorithm>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>

namespace mira::app {
namespace {

constexpr int backlog = 4096;
constexpr std::size_t blocking_threads = 2;
constexpr std::size_t blocking_queue = 256;
constexpr milliseconds lease_sweep{50};
constexpr milliseconds after_failure{1'000}; // how long the last answers may take once the journal has failed
constexpr std::int64_t day_millis = 24LL * 3600 * 1000;

} // namespace

// The edge's own refusals, counted among the webhooks' where they hit one.
class runtime::edge_words final : public http::edge_policy {
  public:
    void answer(http::exchange& x, http::condition c, http::fault why, std::string_view allow) override {
        const http::route* r = x.matched();
        const bool is_webhook = r != nullptr && r->before_body.data() == webhook::stages_before_body().data();
        if (is_webhook && x.has_state()) {
            const auto o = c == http::condition::internal     ? webhook::outcome::failed
                           : c == http::condition::overloaded ? webhook::outcome::overloaded
                                                              : webhook::outcome::malformed;
            webhook::ingest_of(x).count(o);
        }
        words_.answer(x, c, why, allow);
    }

  private:
    problem_policy words_;
};

struct runtime::per_reactor {
    per_reactor(reactor& r, runtime& all)
        : core{r,
               all.journal_->appender(r.index()),
               *all.duplicates_,
               *all.buckets_,
               peer_settings(all.settings_, all.reactors_->size()),
               all.labels_->slots()},
          behind{&core, &all.process_}, edge{r,      *all.router_, *all.words_, *all.admission_, *all.bodies_,
                                             &behind},
          timer{r.context().get_executor()} {}

    // On the reactor: gives back leases that lie idle, again and again.
    void sweep() {
        timer.expires_after(lease_sweep);
        timer.async_wait([this](const boost::system::error_code& ec) {
            if (ec) return;
            sweep();
            core.limiter.sweep(system_clocks().mono());
        });
    }

    webhook::core core;
    services behind;
    http::edge edge;
    steady_timer timer;
    std::atomic<bool> drained{false};
};

runtime::runtime(settings::settings s, start_options o, std::function<void()> wake)
    : settings_{std::move(s)}, options_{o}, wake_{std::move(wake)} {}

runtime::~runtime() {
    while (!undo_.empty()) {
        undo_.back()();
        undo_.pop_back();
    }
}

bool runtime::start(std::vector<std::string>& why) {
    process_.version = MIRA_VERSION;
    process_.instance = settings_.server.instance;
    process_.started = system_clocks().wall();
    process_.uptime_objective = settings_.metrics.uptime_objective;
    raise_descriptor_limit(why);
    labels_ = std::make_unique<telemetry::bounded_labels>(settings_.metrics.top_tenants * 4);
    learned_ = std::make_unique<learned_secrets>(std::filesystem::path{settings_.data.dir} / "learned");
    admission_ = std::make_unique<net::admission>(admission_limits(settings_));
    bodies_ = std::make_unique<http::memory_budget>(settings_.server.limits.body_memory);
    router_ = std::make_unique<http::router>(all_routes());
    words_ = std::make_unique<edge_words>();
    pool_ = std::make_unique<blocking_pool>(blocking_threads, blocking_queue);
    reactors_ = std::make_unique<reactors>(settings_.server.reactors);
    tls_ = make_tls(settings_, why);
    if (settings_.server.tls && tls_.empty()) return false;
    if (!reach_out(why)) return false;
    // Beside a process that is to be replaced, the sockets come first: what connects from now on waits
    // instead of being refused.
    if (options_.takeover && !bind(why)) return false;
    if (!open_stores(why)) return false;
    if (!options_.takeover && !bind(why)) return false;
    if (!make_cores(why)) return false;
    listen();
    reactors_->start();
    undo_.emplace_back([this] { reactors_->stop(); });
    process_.stands = ops::phase::ready;
    started_ = true;
    announce();
    return true;
}

bool runtime::raise_descriptor_limit(std::vector<std::string>&) {
    rlimit l{};
    if (::getrlimit(RLIMIT_NOFILE, &l) != 0) return true;
    l.rlim_cur = l.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &l);
    const std::uint64_t wanted = settings_.server.limits.connections + 128ULL;
    if (l.rlim_cur < wanted)
        log::warn("process.few_descriptors", {{"descriptors", std::uint64_t{l.rlim_cur}},
                                              {"connections_wanted", settings_.server.limits.connections}});
    return true;
}

// Without root certificates of the system's own everything else works: only what is named must be there.
bool runtime::reach_out(std::vector<std::string>& why) {
    if (!settings_.outbound.enabled) return true;
    std::string reason;
    outbound_ = outbound::make(settings_.outbound, (*reactors_)[0], reason);
    if (outbound_) {
        undo_.emplace_back([this] { outbound_->join(); });
        process_.outbound = &outbound_->client();
        process_.keys = &outbound_->keys();
        return true;
    }
    if (settings_.outbound.ca_file) {
        why.push_back(reason);
        return false;
    }
    log::warn("outbound.off", {{"reason", reason}});
    return true;
}

// ---- stores

void runtime::seen_in_journal(const journal::record& r) {
    const storage::event_view& e = r.event;
    if (!e.key.empty()) duplicates_->remember(webhook::delivery_key(e.tenant, e.source, e.key), e.id);
    if (e.id.millis() / day_millis == today_) ++accepted_today_[std::string{e.tenant}];
}

bool runtime::open_stores(std::vector<std::string>& why) {
    duplicates_ = std::make_unique<memory::dedupe_store>(
        settings_.duplicates.max_keys, std::chrono::ceil<seconds>(settings_.duplicates.window));
    buckets_ = std::make_unique<memory::bucket_store>(bucket_settings(settings_));
    today_ = unix_millis(system_clocks().wall()) / day_millis;
    const std::int64_t horizon = unix_millis(system_clocks().wall() - settings_.duplicates.window);
    journal::open_failure failure;
    journal_ = journal::event_journal::open(
        journal_settings(settings_, options_.salvage, options_.takeover), *reactors_,
        [this, horizon](const journal::record& r, std::uint64_t, std::uint64_t) {
            if (r.event.id.millis() >= std::min(horizon, today_ * day_millis)) seen_in_journal(r);
        },
        [this](error_code) {
            failed_.store(true, std::memory_order_relaxed);
            process_.stands = ops::phase::failed;
            wake_();
        },
        failure);
    if (!journal_) {
        why.insert(why.end(), failure.reasons.begin(), failure.reasons.end());
        return false;
    }
    undo_.emplace_back([this] { journal_->close(); });
    prime_quotas();
    return true;
}

// The day's accepted events count against the day's quota also after a restart.
void runtime::prime_quotas() {
    for (const auto& [tenant, used] : accepted_today_) {
        for (const settings::tenant& t : settings_.tenants) {
            if (t.id != tenant) continue;
            const auto per_day = limits::limits_of(static_cast<limits::tier>(t.tier)).webhooks_per_day;
            const auto request =
                limits::daily_quota(limits::quota_key(tenant), per_day, system_clocks().wall());
            if (!request.spec.is_unlimited())
                buckets_->prime(request.key, request.spec, used, system_clocks().mono());
        }
    }
    accepted_today_.clear();
}

std::shared_ptr<const webhook::snapshot> runtime::compile(const settings::settings& s,
                                                          std::vector<std::string>& why) {
    return compile_sources({s, *labels_, outbound_ ? &outbound_->keys() : nullptr, learned_.get()}, why);
}

// ---- reactors and sockets

bool runtime::make_cores(std::vector<std::string>& why) {
    const auto sources = compile(settings_, why);
    if (!sources) return false;
    for (std::size_t i = 0; i < reactors_->size(); ++i) {
        each_.push_back(std::make_unique<per_reactor>((*reactors_)[i], *this));
        per_reactor& p = *each_.back();
        p.core.sources.publish(sources);
        p.core.trust = trust_settings(settings_);
        p.edge.set_trust(p.core.trust);
        p.edge.set_limits(edge_limits_of(settings_));
        p.core.learn = [this, home = &(*reactors_)[i]](const webhook::source& s, std::string secret,
                                                       std::function<void(bool)> done) {
            auto inside = home->background().enter();
            bool taken = false;
            if (inside) {
                auto pass = std::make_shared<gate::pass>(std::move(*inside));
                taken = pool_->submit(
                    [this, home, &s, secret = std::move(secret), done, pass = std::move(pass)]() mutable {
                        const bool kept = learned_->learn(s.tenant, s.name, secret);
                        if (kept) learned_something_.store(true, std::memory_order_relaxed);
                        home->post([done, kept, pass = std::move(pass)] { done(kept); });
                        if (kept) wake_();
                    });
            }
            if (!taken) home->post([done] { done(false); });
        };
        if (outbound_)
            p.core.visit = [this, home = &(*reactors_)[i]](std::string url, std::function<void(bool)> done) {
                outbound_->visit(std::move(url), *home, std::move(done));
            };
        journal_->shard_of(i).when_told([edge = &p.edge] { edge->flush_ready(); });
        p.sweep();
        process_.reactors.push_back({&(*reactors_)[i], &p.edge, &p.core, &journal_->shard_of(i)});
    }
    snapshots_.keep(sources);
    process_.routes = router_.get();
    process_.writer = &journal_->writing();
    process_.duplicates = duplicates_.get();
    process_.buckets = buckets_.get();
    process_.connections = admission_.get();
    process_.bodies = bodies_.get();
    process_.source_labels = labels_.get();
    process_.pool = pool_.get();
    return true;
}

// SO_REUSEPORT lets a second process of the same user share a port without a word; by accident that would
// halve the traffic.
bool runtime::port_is_free(const std::string& host, std::uint16_t port, std::vector<std::string>& why) const {
    if (port == 0 || options_.takeover) return true;
    const auto ec = net::probe_port(host, port);
    if (!ec) return true;
    why.push_back("cannot listen on " + host + " port " + std::to_string(port) + ": " + ec.message() +
                  (ec.value() == EADDRINUSE
                       ? "; stop what listens there, or start with --takeover to replace it"
                       : ""));
    return false;
}

bool runtime::bind(std::vector<std::string>& why) {
    const auto bind_all = [&](const std::string& host, std::uint16_t& port,
                              std::vector<std::vector<unique_fd>>& out) {
        if (!port_is_free(host, port, why)) return false;
        for (std::size_t i = 0; i < reactors_->size(); ++i) {
            auto fd = net::listen_tcp(host, port, backlog);
            if (!fd) {
                why.push_back("cannot listen on " + host + " port " + std::to_string(port) + ": " +
                              fd.error().message());
                return false;
            }
            port = net::bound_port(fd->get()); // the first of port 0 decides for all
            out.emplace_back();
            out.back().push_back(std::move(*fd));
        }
        return true;
    };
    port_ = settings_.webhook.port;
    if (!bind_all(settings_.webhook.host, port_, plain_sockets_)) return false;
    if (!settings_.server.tls) return true;
    tls_port_ = settings_.server.tls->port;
    return bind_all(settings_.server.tls->host, tls_port_, tls_sockets_);
}

void runtime::listen() {
    for (std::size_t i = 0; i < each_.size(); ++i) {
        for (unique_fd& fd : plain_sockets_[i]) each_[i]->edge.listen(std::move(fd), {});
        if (tls_sockets_.empty()) continue;
        for (unique_fd& fd : tls_sockets_[i]) each_[i]->edge.listen(std::move(fd), {tls_[i]});
    }
    plain_sockets_.clear();
    tls_sockets_.clear();
}

std::vector<std::shared_ptr<net::tls_context>> runtime::make_tls(const settings::settings& s,
                                                                 std::vector<std::string>& why) const {
    if (!s.server.tls) return {};
    std::string reason;
    auto made = net::tls_context::make({s.server.tls->certificate, s.server.tls->key,
                                        s.server.tls->min_version == settings::tls_version::tls_1_3},
                                       reactors_->size(), reason);
    if (made.empty()) why.push_back(reason);
    return made;
}

void runtime::announce() const {
    log::info("mira.ready", {{"version", process_.version},
                             {"instance", process_.instance},
                             {"address", settings_.webhook.host},
                             {"port", port_},
                             {"tls_port", tls_port_},
                             {"reactors", reactors_->size()},
                             {"sources", settings_.sources.size()}});
    const scheme_registry schemes;
    for (const settings::source& s : settings_.sources) {
        if (!s.enabled || (outbound_ && schemes.publishes_keys(s))) continue;
        if (!s.scheme.own && s.scheme.preset == "none")
            log::warn("source.unsigned", {{"tenant", s.tenant}, {"source", s.name}});
        else if (s.secrets.empty() && !s.learn_secret)
            log::info("source.refuses_everything",
                      {{"tenant", s.tenant}, {"source", s.name}, {"reason", "it has no secret"}});
    }
}

// ---- while running

bool runtime::apply(settings::settings next, std::vector<std::string>& why) {
    const auto sources = compile(next, why);
    auto tls = make_tls(next, why);
    if (!sources || (next.server.tls && tls.empty())) return false;
    if (!tls.empty()) tls_ = std::move(tls);
    settings_ = std::move(next);
    publish(sources, settings_);
    return true;
}

void runtime::publish(const std::shared_ptr<const webhook::snapshot>& sources, const settings::settings& s) {
    log::reconfigure({s.log.level, s.log.format, s.log.lines_per_second});
    admission_->set(admission_limits(s));
    bodies_->set_limit(s.server.limits.body_memory);
    duplicates_->set_window(std::chrono::ceil<seconds>(s.duplicates.window));
    journal_->writing().housekeeping().set_limits(std::chrono::ceil<seconds>(s.journal.retention),
                                                  s.journal.max_bytes);
    process_.uptime_objective = s.metrics.uptime_objective;
    const auto limits = edge_limits_of(s);
    const auto trust = trust_settings(s);
    reactors_->run_on_each([&](reactor& r) {
        per_reactor& p = *each_[r.index()];
        p.core.sources.publish(sources);
        p.core.trust = trust;
        p.edge.set_trust(trust);
        p.edge.set_limits(limits);
        if (!tls_.empty()) p.edge.set_tls(tls_[r.index()]);
    });
    snapshots_.keep(sources);
}

void runtime::tend() {
    if (learned_something_.exchange(false)) {
        std::vector<std::string> why;
        if (const auto sources = compile(settings_, why)) publish(sources, settings_);
        for (const std::string& w : why) log::error("source.learned_secret_unusable", {{"reason", w}});
    }
    snapshots_.collect();
}

// ---- stopping

bool runtime::wait_until(const std::function<bool()>& done, milliseconds at_most,
                         const std::function<bool()>& interrupted) const {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    while (!done()) {
        if (interrupted() || std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(milliseconds{5});
    }
    return true;
}

void runtime::stop(const std::function<bool()>& interrupted) {
    if (!started_) return;
    started_ = false;
    if (process_.stands != ops::phase::failed) process_.stands = ops::phase::draining;
    log::info("mira.stopping", {{"connections", admission_->connections()}});
    drain(interrupted);

    std::atomic<std::size_t> left{each_.size()};
    reactors_->run_on_each([&](reactor& r) {
        per_reactor& p = *each_[r.index()];
        p.edge.close_all();
        p.timer.cancel();
        p.core.limiter.give_back_all(system_clocks().mono());
        journal_->shard_of(r.index()).publish();
        if (outbound_ && r.index() == 0) outbound_->stop();
        r.background().close([&left] { --left; });
    });
    const auto quiet = [&] {
        std::atomic<bool> idle{true};
        reactors_->run_on_each([&](reactor& r) {
            if (!journal_->shard_of(r.index()).idle()) idle = false;
        });
        return idle.load() && left.load() == 0;
    };
    wait_until(quiet, milliseconds{5'000}, interrupted);
    journal_->close();
    log::info("mira.stopped", {{"failed", has_failed()}});
    reactors_->stop();
    if (outbound_) outbound_->join();
    undo_.clear();
}

// Listeners are emptied and closed, requests in flight get their answers, idle connections end.
void runtime::drain(const std::function<bool()>& interrupted) {
    reactors_->run_on_each([&](reactor& r) {
        per_reactor& p = *each_[r.index()];
        p.edge.drain([&p] { p.drained.store(true, std::memory_order_relaxed); });
    });
    const milliseconds patience = has_failed() ? after_failure : settings_.server.drain_timeout;
    const bool all = wait_until(
        [&] {
            return std::ranges::all_of(
                each_, [](const auto& p) { return p->drained.load(std::memory_order_relaxed); });
        },
        patience, interrupted);
    if (!all) log::warn("mira.drain_cut_short", {{"connections", admission_->connections()}});
}

} // namespace mira::app
