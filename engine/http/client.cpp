#include "engine/http/client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace mira::http {
namespace {

namespace beast = boost::beast;
using asio::ip::tcp;
using tls_stream = asio::ssl::stream<tcp_socket&>;

constexpr auto token = asio::as_tuple(asio::deferred);
constexpr std::uint32_t longest_head = 16 * 1024;
// Also the longest a trailer can get: Beast 1.81 throws out of the event loop for one beyond 64 KiB.
constexpr std::size_t read_buffer = 32 * 1024;
constexpr std::size_t most_tries = 3; // addresses of one name

class category final : public boost::system::error_category {
  public:
    const char* name() const noexcept override { return "mira.client"; }
    std::string message(int code) const override {
        switch (static_cast<client_errc>(code)) {
        case client_errc::bad_url: return "the URL is not one that may be requested";
        case client_errc::plain_refused: return "the URL does not begin with https://";
        case client_errc::port_refused: return "the URL's port is not let through (443 and 8443 are)";
        case client_errc::address_refused: return "the host's address is not public and not allowed";
        case client_errc::too_many: return "too many requests are under way";
        case client_errc::timed_out: return "no answer in time";
        case client_errc::stopped: return "the process is stopping";
        case client_errc::malformed_answer: return "the answer is not what was asked for";
        case client_errc::answer_too_large: return "the answer is too large";
        }
        return "unknown";
    }
};

bool port_is_open(const client_target& t) {
    return t.secure ? t.port == 443 || t.port == 8443 : t.port == 80;
}

tcp::endpoint endpoint_of(const net::address& a, std::uint16_t port) {
    if (a.is_v4()) return {asio::ip::address_v4{{a.bytes[12], a.bytes[13], a.bytes[14], a.bytes[15]}}, port};
    return {asio::ip::address_v6{a.bytes}, port};
}

std::string request_text(const client_target& t) {
    return "GET " + t.target + " HTTP/1.1\r\nHost: " + t.authority +
           "\r\nUser-Agent: mira/" MIRA_VERSION "\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

// What Beast calls its errors, in our words.
error_code worded(const error_code& ec) {
    using error = beast::http::error;
    if (ec == make_error_code(error::body_limit) || ec == make_error_code(error::header_limit) ||
        ec == make_error_code(error::buffer_overflow))
        return client_errc::answer_too_large;
    if (ec.category() == make_error_code(error::end_of_stream).category())
        return client_errc::malformed_answer;
    return ec;
}

} // namespace

const boost::system::error_category& client_category() {
    static const category one;
    return one;
}
error_code make_error_code(client_errc e) { return {static_cast<int>(e), client_category()}; }

// One request. Its coroutine holds it, the deadline and stop() end it by closing what the coroutine waits
// for.
class client::attempt : public std::enable_shared_from_this<attempt> {
  public:
    attempt(client& owner, client_target t, gate::pass inside)
        : owner_{owner}, target_{std::move(t)}, inside_{std::move(inside)},
          socket_{owner.home_.context().get_executor()}, deadline_{owner.home_.context().get_executor()},
          names_come_{owner.home_.context().get_executor()} {
        owner_.under_way_.insert(this);
        owner_.probe_.under_way.add();
    }
    ~attempt() {
        owner_.probe_.under_way.sub();
        owner_.under_way_.erase(this);
    }

    void start_clock(milliseconds timeout) {
        deadline_.expires_after(timeout);
        deadline_.async_wait([weak = weak_from_this()](const error_code& ec) {
            const auto self = weak.lock();
            if (!ec && self) self->end(client_errc::timed_out);
        });
    }

    void end(client_errc why) {
        if (!ended_) ended_ = why;
        error_code ignored;
        socket_.close(ignored);
        names_come_.cancel();
    }

    awaitable<outcome> run();

  private:
    awaitable<error_code> find_addresses();
    awaitable<error_code> connect();
    awaitable<error_code> secure();
    template <class Stream>
    awaitable<error_code> converse(Stream& stream);
    // What is told for an error: the deadline's word where that came first.
    error_code told(const error_code& ec) const { return ended_ ? make_error_code(*ended_) : ec; }

    client& owner_;
    const client_target target_;
    const gate::pass inside_;
    tcp_socket socket_;
    steady_timer deadline_;
    steady_timer names_come_; // never expires: it is cancelled when the answer is there
    std::optional<net::resolver::addresses> names_;
    std::vector<net::address> addresses_;
    std::uint16_t port_ = 0;
    std::optional<tls_stream> tls_;
    client_answer answer_;
    std::optional<client_errc> ended_;
};

awaitable<error_code> client::attempt::find_addresses() {
    port_ = target_.port;
    const auto known = owner_.settings_.hosts.find(target_.host);
    if (known != owner_.settings_.hosts.end()) {
        addresses_ = {known->second.address};
        if (known->second.port != 0) port_ = known->second.port;
    } else {
        names_come_.expires_at(std::chrono::steady_clock::time_point::max());
        owner_.names_.resolve(owner_.home_, target_.host,
                              [weak = weak_from_this()](net::resolver::addresses found) {
                                  const auto self = weak.lock();
                                  if (!self) return;
                                  self->names_ = std::move(found);
                                  self->names_come_.cancel();
                              });
        co_await names_come_.async_wait(token);
        if (!names_) co_return make_error_code(client_errc::timed_out); // told() knows better
        if (!*names_) co_return names_->error();
        addresses_ = **names_;
    }
    // One address that must not be connected to makes the whole name suspect.
    for (const net::address& a : addresses_)
        if (!owner_.guard_.allows(a)) co_return make_error_code(client_errc::address_refused);
    if (addresses_.empty()) co_return make_error_code(client_errc::address_refused);
    co_return error_code{};
}

awaitable<error_code> client::attempt::connect() {
    error_code last;
    for (std::size_t i = 0; i < addresses_.size() && i < most_tries; ++i) {
        if (ended_) break;
        error_code ignored;
        socket_.close(ignored);
        const tcp::endpoint to = endpoint_of(addresses_[i], port_);
        const auto [ec] = co_await socket_.async_connect(to, token);
        if (!ec) {
            socket_.set_option(tcp::no_delay{true}, ignored);
            co_return error_code{};
        }
        last = ec;
    }
    co_return last;
}

awaitable<error_code> client::attempt::secure() {
    tls_.emplace(socket_, owner_.tls_.context());
    if (!net::client_tls::expect(tls_->native_handle(), target_.host))
        co_return make_error_code(boost::system::errc::not_enough_memory);
    const auto [ec] = co_await tls_->async_handshake(asio::ssl::stream_base::client, token);
    co_return ec;
}

template <class Stream>
awaitable<error_code> client::attempt::converse(Stream& stream) {
    const std::string request = request_text(target_);
    const auto [write_error, written] = co_await asio::async_write(stream, asio::buffer(request), token);
    if (write_error) co_return write_error;
    beast::flat_buffer buffer{read_buffer};
    beast::http::response_parser<beast::http::string_body> parser;
    parser.header_limit(longest_head);
    parser.body_limit(owner_.settings_.most_bytes);
    const auto [read_error, read] = co_await beast::http::async_read(stream, buffer, parser, token);
    if (read_error) co_return worded(read_error);
    auto& message = parser.get();
    const auto encoding = message[beast::http::field::content_encoding];
    if (message.result_int() < 200 || (!encoding.empty() && encoding != "identity"))
        co_return make_error_code(client_errc::malformed_answer);
    answer_.status = static_cast<int>(message.result_int());
    answer_.body = std::move(message.body());
    co_return error_code{};
}

awaitable<client::outcome> client::attempt::run() {
    // Whoever asked must have returned before he is told.
    co_await asio::post(owner_.home_.context().get_executor(), token);
    error_code ec;
    // Ended already, names would be waited for in vain.
    if (!ended_) ec = co_await find_addresses();
    if (!ec && !ended_) ec = co_await connect();
    if (target_.secure) {
        if (!ec && !ended_) ec = co_await secure();
        if (!ec && !ended_) ec = co_await converse(*tls_);
    } else if (!ec && !ended_) {
        ec = co_await converse(socket_);
    }
    deadline_.cancel();
    ec = told(ec);
    if (ec) co_return ec;
    co_return std::move(answer_);
}

client::client(reactor& home, net::resolver& names, const net::egress_guard& guard, net::client_tls& tls,
               client_settings s)
    : home_{home}, names_{names}, guard_{guard}, tls_{tls}, settings_{std::move(s)} {}

client::~client() = default;

void client::get(std::string_view url, done d, bool plain) {
    probe_.requests.add();
    const auto refuse = [&](client_errc why) {
        probe_.failures.add();
        home_.post([d, why] { d(make_error_code(why)); });
    };
    if (stopped_) return refuse(client_errc::stopped);
    auto target = parse_client_target(url);
    if (!target) return refuse(client_errc::bad_url);
    if (!target->secure && !plain) return refuse(client_errc::plain_refused);
    if (!port_is_open(*target)) return refuse(client_errc::port_refused);
    if (under_way_.size() >= settings_.most_at_once) return refuse(client_errc::too_many);
    auto inside = home_.background().enter();
    if (!inside) return refuse(client_errc::stopped);

    const auto one = std::make_shared<attempt>(*this, std::move(*target), std::move(*inside));
    one->start_clock(settings_.timeout);
    // The completion holds the attempt, so that it outlives its coroutine.
    auto completion = [this, one, d = std::move(d)](const std::exception_ptr& thrown, outcome o) {
        if (thrown) o = make_error_code(client_errc::malformed_answer);
        (o ? probe_.answers : probe_.failures).add();
        if (!o && o.error() == client_errc::address_refused) probe_.guarded.add();
        d(std::move(o));
    };
    asio::co_spawn(home_.context(), one->run(), std::move(completion));
}

void client::stop() {
    stopped_ = true;
    const std::vector<attempt*> all{under_way_.begin(), under_way_.end()};
    for (attempt* a : all) a->end(client_errc::stopped);
}

} // namespace mira::http
