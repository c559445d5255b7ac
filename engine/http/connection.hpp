#pragma once
// One client's connection: reads requests, hands them to exchanges, sends answers in the order of the
// requests.
//
// A state machine over non-blocking calls, not a coroutine: an idle connection is this object (some 300
// bytes) and nothing else. What arrives whole is parsed where it was read, in the reactor's scratch memory;
// only what is incomplete is copied. Because the poller is edge-triggered, readable_ remembers that input may
// be waiting which nobody has read.
#include "engine/http/buffer.hpp"
#include "engine/http/head.hpp"
#include "engine/net/address.hpp"
#include "engine/net/admission.hpp"
#include "engine/net/tls.hpp"
#include "engine/reactor/deadlines.hpp"
#include "engine/reactor/poller.hpp"
#include "engine/reactor/reactor.hpp"

#include <memory>
#include <string_view>

namespace mira::http {

class edge;
class exchange;
enum class condition : std::uint8_t;

class connection final : public io_handler, public deadlines::entry, public retired {
  public:
    connection(edge& e, int fd, const net::endpoint& peer, net::admission::unit place,
               std::uint16_t local_port);
    ~connection() override;

    // Registers with the poller; false where the kernel refuses.
    bool start(std::unique_ptr<net::tls_session> tls, bool expects_proxy_header);

    void read_ahead(std::uint32_t events) override;
    void on_io(std::uint32_t events) override;
    void abandon() noexcept override;
    void bury() override;

    // An exchange of this connection has its answer: sent by the pump that is under way, else with
    // flush_ready().
    void answer_ready(exchange& x);
    void flush_and_continue();

    // The process stops: finish what is in flight, then close.
    void begin_drain();
    void close_now();

  private:
    friend class edge;
    friend class exchange;
    enum class phase : std::uint8_t { proxy_header, handshake, open, lingering, closed };

    void on_deadline() override;
    void time_out();
    void advance();
    void read_proxy_header();
    void shake_hands();

    // Reading.
    void pump();
    void read_and_answer();
    bool wants_input() const;
    void read_more();
    void read_body_directly(exchange& x);
    net::io_status receive(char* p, std::size_t size, std::size_t& n);
    net::io_status received(ssize_t result, int error, std::size_t size, std::size_t& n);
    net::io_status take_in(net::io_status s, std::size_t n);
    void parse_stash(std::size_t new_bytes);
    std::size_t parse(std::string_view bytes);
    std::size_t begin_exchange(std::string_view bytes);
    std::size_t begin_body(exchange& x, std::string_view head_bytes, std::string_view rest);
    std::size_t feed_body(std::string_view bytes);
    std::size_t feed_chunks(exchange& x, std::string_view bytes);
    bool store_body(exchange& x, std::string_view piece);
    void finish_body(exchange& x);
    void restore_head(exchange& x);
    void refuse(condition c, fault why);
    void refuse_reading(condition c, fault why);
    void answer_unmatched(exchange& x);
    exchange& new_exchange();

    // Writing.
    void flush();
    net::io_status send_bytes(std::string_view bytes, std::size_t& sent);
    net::io_status send_several(std::size_t& wanted, std::size_t& sent);
    void account_sent(std::size_t sent);
    void drop_first();
    void after_last_answer();

    void begin_linger();
    void linger_read();
    void renew_deadline();
    deadlines::tick due() const;
    deadlines::tick input_due() const;
    deadlines::tick write_due() const;

    edge& edge_;
    int fd_;
    phase phase_ = phase::open;
    bool readable_ = false;  // input may be waiting
    bool blocked_ = false;   // the socket takes no more output for now
    bool peer_done_ = false; // the peer has sent its last byte, or the event said so
    bool at_end_ = false;    // recv returned 0
    bool closing_ = false;   // no further request is read; ends when all answers are out
    bool refused_ = false;   // the rest of the input is of no use: linger
    bool pumping_ = false;
    bool listed_ready_ = false;
    bool stash_waits_ = false;   // stash_ holds requests that only wait for their turn
    bool interim_begun_ = false; // part of first_'s 100 (Continue) may be with the socket or TLS already
    bool stalled_ = false;       // since write_stalled_ not a byte of an answer was taken
    bool trusted_peer_ = false;
    std::int8_t ahead_ = -1; // the edge's slot that has what was read ahead
    std::uint16_t local_port_;
    std::uint16_t in_flight_ = 0;
    std::uint64_t requests_ = 0;
    net::address peer_;
    deadlines::tick last_active_ = 0;
    deadlines::tick head_started_ = 0;
    deadlines::tick write_stalled_ = 0;
    exchange* first_ = nullptr; // unanswered exchanges, in the order of their requests
    exchange* last_ = nullptr;
    exchange* reading_ = nullptr; // the one whose body is being received: the last
    std::size_t sent_ = 0;        // bytes of first_'s answer that are out
    buffer stash_;                // input that is not a complete head yet, or that waits its turn
    std::unique_ptr<net::tls_session> tls_;
    net::admission::unit place_;
    connection* previous_ = nullptr; // of the edge's list
    connection* next_ = nullptr;
    connection* next_ready_ = nullptr; // of the edge's ready or postponed ones
};

// 32,768 idle ones are 16 MiB at most.
static_assert(sizeof(connection) <= 512);

} // namespace mira::http
