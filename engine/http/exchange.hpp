#pragma once
// One request and its answer: what a stage works on. Pooled by the reactor's edge; lives from the moment the
// head is read until the answer's last byte is sent, and longer than its connection where that goes first
// (then the answer is dropped).
//
// head(), parameter() and body() are views that hold during the calls of the stages up to a suspend. After
// that only what the stages put into their own state is left: a request waits for the journal without keeping
// its bytes.
//
// On the reactor's thread only.
#include "engine/http/buffer.hpp"
#include "engine/http/chunked.hpp"
#include "engine/http/head.hpp"
#include "engine/http/response.hpp"
#include "engine/http/router.hpp"
#include "engine/net/address.hpp"

#include <cstddef>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>

namespace mira {
class reactor;
}

namespace mira::http {

class connection;
class edge;

// Told of the body's bytes when they do not all arrive with the head, so that a hash can be made while they
// do.
class body_watcher {
  public:
    virtual void on_body(std::string_view piece) = 0;

  protected:
    ~body_watcher() = default;
};

class exchange {
  public:
    static constexpr std::size_t state_bytes = 2048;

    exchange(edge& e, connection* c) : edge_{&e}, connection_{c} {}
    ~exchange();
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;

    // The request.
    const request_head& head() const;
    std::string_view body() const { return body_; }
    std::string_view parameter(std::size_t i) const { return parameters_[i]; }
    // The client behind trusted proxies, else the peer.
    const net::address& client() const { return client_; }
    bool secure() const { return secure_; }
    // The port at which the request came in.
    std::uint16_t local_port() const { return local_port_; }
    std::string_view request_id() const { return {request_id_.data(), request_id_size_}; }
    std::uint64_t arrival() const { return arrival_; } // ticks

    mira::reactor& home() const;
    // What the layer above gave the edge at start.
    void* services() const;

    // For stages before the body.
    void limit_body(std::size_t bytes) { body_limit_ = bytes; }
    void watch_body(body_watcher* w) { watcher_ = w; }

    // The body in memory that outlives the stages' calls: moved where it was received in pieces, copied
    // otherwise. Its bytes are body() from then on; an empty buffer for a body that is not means that there
    // was no memory.
    buffer keep_body();
    // In a stage before the body: not all of it has come with the head.
    bool body_is_incomplete() const { return body_unread_; }
    // The peer is a proxy that the configuration trusts.
    bool from_trusted_proxy() const { return trusted_; }
    // The route that was found, or nullptr.
    const http::route* matched() const { return entry_ != nullptr ? entry_->route : nullptr; }
    bool has_state() const { return has_state_; }

    // The answer; once. fields: further field lines, each with its CR LF. The bytes are copied.
    void respond(int status, std::string_view content_type, std::string_view body,
                 std::string_view fields = {});
    // The connection ends after this answer, and no request behind this one is read. To be called before
    // respond().
    void close_after() { close_ = true; }
    bool answered() const { return answered_; }
    int status() const { return status_; }

    // After verdict::suspend: goes on with the next stage.
    void resume();

    // One object of the stages' own; destroyed with the exchange.
    template <class T, class... A>
    T& emplace(A&&... a) {
        static_assert(sizeof(T) <= state_bytes && alignof(T) <= alignof(std::max_align_t));
        T* const t = ::new (static_cast<void*>(state_)) T(std::forward<A>(a)...);
        has_state_ = true;
        if constexpr (!std::is_trivially_destructible_v<T>)
            destroy_state_ = [](void* p) { static_cast<T*>(p)->~T(); };
        return *t;
    }
    template <class T>
    T& state() {
        return *std::launder(reinterpret_cast<T*>(state_));
    }

  private:
    friend class connection;
    friend class edge;

    enum class phase : std::uint8_t { before_body, after_body };

    // Run the stages of one phase from stage_ on, until one does not proceed.
    void run_before_body();
    void run_after_body(std::string_view body);
    void run_stages();
    verdict run_guarded(const stage& s);
    // Without a connection to send an answer on, the exchange ends when its stages do.
    void end_if_orphaned();

    edge* edge_;
    http::connection* connection_; // null once the connection has gone
    exchange* next_ = nullptr;     // of the connection's unanswered ones, in order
    const router::entry* entry_ = nullptr;
    std::array<std::string_view, router::most_parameters> parameters_{};
    std::string_view body_;
    body_watcher* watcher_ = nullptr;
    void (*destroy_state_)(void*) = nullptr;

    std::uint64_t arrival_ = 0;   // ticks when the request's first bytes were read
    std::uint64_t last_tick_ = 0; // ticks when the last stage ended
    std::uint64_t body_left_ = 0; // of Content-Length
    std::size_t body_limit_ = 0;
    std::uint32_t body_started_ = 0; // deadlines::tick
    int status_ = 0;
    std::uint16_t stage_ = 0;
    std::uint16_t local_port_ = 0;
    phase phase_ = phase::before_body;
    bool answered_ = false;
    bool suspended_ = false;
    bool close_ = false;
    bool body_unread_ =
        false; // an answer now must end the connection: the rest of the request would be read as the next
    bool head_only_ = false;
    bool http10_ = false;
    bool secure_ = false;
    bool trusted_ = false;
    bool has_state_ = false;
    bool owes_continue_ = false; // a 100 (Continue) is to be sent when this is the connection's first
    std::uint8_t request_id_size_ = 0;
    net::address client_;
    std::array<char, 64> request_id_;

    buffer head_memory_; // the head's bytes, where the body did not come with it
    buffer body_memory_;
    chunked_decoder* chunks_ = nullptr; // from the edge's pool
    response_bytes out_;
    alignas(std::max_align_t) std::byte state_[state_bytes];
};

} // namespace mira::http
