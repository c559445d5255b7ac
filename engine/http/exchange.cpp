#include "engine/http/exchange.hpp"

#include "engine/base/log.hpp"
#include "engine/base/ticks.hpp"
#include "engine/http/connection.hpp"
#include "engine/http/edge.hpp"

namespace mira::http {

exchange::~exchange() {
    if (destroy_state_ != nullptr) destroy_state_(state_);
    if (chunks_ != nullptr) edge_->decoders_.destroy(chunks_);
}

const request_head& exchange::head() const { return *edge_->head_; }

reactor& exchange::home() const { return edge_->home(); }

void* exchange::services() const { return edge_->services(); }

void exchange::run_before_body() {
    phase_ = phase::before_body;
    stage_ = 0;
    run_stages();
}

void exchange::run_after_body(std::string_view body) {
    phase_ = phase::after_body;
    stage_ = 0;
    body_ = body;
    if (entry_ != nullptr)
        run_stages();
    else
        connection_->answer_unmatched(*this);
    // Whether answered or suspended: what was needed of these bytes was taken.
    body_ = {};
    head_memory_.release();
    body_memory_.release();
}

buffer exchange::keep_body() {
    buffer kept = std::move(body_memory_);
    if (kept.empty() && !kept.append(edge_->buffers_, body_)) return {};
    body_ = kept.view();
    return kept;
}

void exchange::run_stages() {
    const bool before = phase_ == phase::before_body;
    const auto& stages = before ? entry_->route->before_body : entry_->route->after_body;
    const auto& ids = before ? entry_->before_ids : entry_->after_ids;
    while (stage_ < stages.size()) {
        const std::size_t current = stage_++;
        const verdict v = run_guarded(stages[current]);
        suspended_ = v == verdict::suspend && !answered_ && !before;
        if (suspended_) return; // its latency is recorded when it resumes
        const std::uint64_t now = ticks::now();
        edge_->stage_latency_[ids[current]]->record(ticks::nanos_between(last_tick_, now));
        last_tick_ = now;
        if (answered_) return;
        // It said that it would answer and did not, or waits while the body is still to be read.
        if (v != verdict::proceed) {
            log::error("stage.broke_its_contract",
                       {{"stage", stages[current].name}, {"request_id", request_id()}});
            edge_->policy_.answer(*this, condition::internal, fault::none, {});
            return;
        }
    }
    if (!before && !answered_) edge_->policy_.answer(*this, condition::internal, fault::none, {});
}

// A stage that throws is a bug: the client learns an id, the log has the cause under it.
verdict exchange::run_guarded(const stage& s) {
    try {
        return s.run(*this);
    } catch (const std::exception& e) {
        log::error("stage.threw", {{"stage", s.name}, {"request_id", request_id()}, {"what", e.what()}});
    } catch (...) {
        log::error("stage.threw", {{"stage", s.name}, {"request_id", request_id()}});
    }
    edge_->policy_.answer(*this, condition::internal, fault::none, {});
    return verdict::respond;
}

void exchange::resume() {
    suspended_ = false;
    const std::uint64_t now = ticks::now();
    const auto& ids = phase_ == phase::before_body ? entry_->before_ids : entry_->after_ids;
    edge_->stage_latency_[ids[stage_ - 1U]]->record(ticks::nanos_between(last_tick_, now));
    last_tick_ = now;
    run_stages();
    end_if_orphaned();
}

void exchange::respond(int status, std::string_view content_type, std::string_view body,
                       std::string_view fields) {
    if (answered_) return;
    answered_ = true;
    status_ = status;
    const bool was_suspended = std::exchange(suspended_, false);
    // RFC 9112 section 9.6: "close" is said once, by the last answer. While draining, one that has others
    // behind it leaves it to them.
    const bool last = connection_ == nullptr || next_ == nullptr;
    close_ = close_ || body_unread_ || (edge_->draining_ && last);
    out_.render({.status = status,
                 .content_type = content_type,
                 .body = body,
                 .fields = fields,
                 .date = edge_->date_.at(edge_->home().wall()),
                 .request_id = request_id(),
                 .close = close_ && last,
                 .keep_alive_10 = http10_ && !close_,
                 .secure = secure_,
                 .head_only = head_only_});
    if (connection_ != nullptr)
        connection_->answer_ready(*this);
    else if (was_suspended)
        end_if_orphaned();
}

void exchange::end_if_orphaned() {
    if (connection_ != nullptr || suspended_) return;
    edge_->probe_.answers_dropped.add(1);
    edge_->exchanges_.destroy(this);
}

} // namespace mira::http
