// The outbound client against a server that answers what the test wrote, over plain loopback connections; TLS
// is tried end to end.
#include "engine/http/client.hpp"
#include "engine/net/socket.hpp"
#include "engine/reactor/reactors.hpp"
#include "tests/support/authority.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <fcntl.h>
#include <fstream>
#include <future>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace mira;
using namespace mira::http;
using namespace std::string_literals;
using mira::test::eventually;

namespace {

// Takes one connection after another, reads a head, says its text, and closes where it is told to.
class scripted_server {
  public:
    explicit scripted_server(std::string says, bool closes = true)
        : says_{std::move(says)}, closes_{closes}, listener_{net::listen_tcp("127.0.0.1", 0, 16).value()},
          thread_{[this] { serve(); }} {
        const int blocking = ::fcntl(listener_.get(), F_GETFL);
        REQUIRE(::fcntl(listener_.get(), F_SETFL, blocking & ~O_NONBLOCK) == 0);
        ready_.set_value();
    }
    ~scripted_server() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }
    std::uint16_t port() const { return net::bound_port(listener_.get()); }
    int connections() const { return connections_; }
    std::string request() const { return request_; } // of the last one, once it was answered

  private:
    void serve() {
        ready_.get_future().wait();
        std::vector<unique_fd> kept;
        for (;;) {
            unique_fd c{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
            if (c.get() < 0) return;
            ++connections_;
            std::string head;
            char part[4096];
            while (head.find("\r\n\r\n") == head.npos) {
                const auto n = ::recv(c.get(), part, sizeof part, 0);
                if (n <= 0) break;
                head.append(part, static_cast<std::size_t>(n));
            }
            request_ = head;
            std::string_view rest = says_;
            while (!rest.empty()) {
                const auto n = ::send(c.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
                if (n <= 0) break;
                rest.remove_prefix(static_cast<std::size_t>(n));
            }
            if (!closes_) kept.push_back(std::move(c));
        }
    }

    const std::string says_;
    const bool closes_;
    unique_fd listener_;
    std::atomic<int> connections_{0};
    std::string request_;
    std::promise<void> ready_;
    std::thread thread_;
};

std::unique_ptr<net::client_tls> some_tls() {
    const test::temp_dir dir;
    std::ofstream{dir / "roots.pem"} << test::issued{{.authority = true}, nullptr}.pem();
    std::string why;
    auto made = net::client_tls::make(dir / "roots.pem", why);
    REQUIRE_MESSAGE(made, why);
    return made;
}

// A client on a reactor of its own that finds plain.example at the port.
class live_client {
  public:
    explicit live_client(std::uint16_t port, client_settings s = {},
                         std::vector<net::network> allowed = loopback(), net::resolver::look_up how = nobody)
        : guard_{std::move(allowed)}, tls_{some_tls()}, names_{std::in_place, std::move(how)} {
        s.hosts.emplace("plain.example", net::endpoint{*net::address::parse("127.0.0.1"), port});
        client_.emplace(all_[0], *names_, guard_, *tls_, std::move(s));
        all_.start();
    }
    ~live_client() {
        std::promise<void> empty;
        all_.run_on_each([&](reactor& r) {
            client_->stop();
            r.background().close([&] { empty.set_value(); });
        });
        // Whatever is under way ends at once: nothing waits for names or for the deadline.
        CHECK(empty.get_future().wait_for(seconds{3}) == std::future_status::ready);
        all_.stop();
        names_.reset();
    }

    std::future<client::outcome> begin(std::string url, bool plain = true, bool stops = false) {
        const auto told = std::make_shared<std::promise<client::outcome>>();
        all_[0].post([this, told, url = std::move(url), plain, stops] {
            const auto returned = std::make_shared<bool>(false);
            client_->get(
                url,
                [told, returned](client::outcome o) {
                    CHECK(*returned); // never before get() has returned
                    told->set_value(std::move(o));
                },
                plain);
            *returned = true;
            if (stops) client_->stop();
        });
        return told->get_future();
    }
    std::future<client::outcome> begin_and_stop(std::string url) { return begin(std::move(url), true, true); }
    client::outcome get(std::string url = "http://plain.example/k", bool plain = true) {
        return begin(std::move(url), plain).get();
    }
    const client_probe& probe() const { return client_->probe(); }
    void stop() {
        all_.run_on_each([&](reactor&) { client_->stop(); });
    }

    static std::vector<net::network> loopback() { return {*net::network::parse("127.0.0.0/8")}; }
    static net::resolver::addresses nobody(const std::string&) {
        return make_error_code(boost::system::errc::host_unreachable);
    }

  private:
    reactors all_{1};
    net::egress_guard guard_;
    std::unique_ptr<net::client_tls> tls_;
    std::optional<net::resolver> names_;
    std::optional<client> client_;
};

std::string answer(const std::string& body, const std::string& more = "", int status = 200) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + more + "\r\n" + body;
}

client_settings quick() {
    client_settings s;
    s.timeout = milliseconds{300};
    return s;
}

} // namespace

TEST_CASE("client: a request and its answer, in each of HTTP's framings") {
    for (const std::string& says :
         {answer("key"),
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nk\r\n2\r\ney\r\n0\r\n\r\n"s,
          "HTTP/1.0 200 OK\r\n\r\nkey"s, answer("key", "Content-Encoding: identity\r\n")}) {
        CAPTURE(says);
        scripted_server server{says};
        {
            live_client c{server.port()};
            const auto o = c.get("http://plain.example/a?b=c");
            REQUIRE_MESSAGE(o.has_value(), o.error().message());
            CHECK(o->status == 200);
            CHECK(o->body == "key");
            CHECK(c.probe().answers.value() == 1);
            CHECK(c.probe().failures.value() == 0);
        }
        CHECK(server.request().starts_with("GET /a?b=c HTTP/1.1\r\nHost: plain.example\r\n"));
        CHECK(server.request().find("\r\nConnection: close\r\n") != std::string::npos);
    }
}

TEST_CASE("client: a redirect is an answer like any other and not followed") {
    scripted_server elsewhere{answer("secret")};
    scripted_server server{
        answer("", "Location: http://127.0.0.1:" + std::to_string(elsewhere.port()) + "/\r\n", 302)};
    live_client c{server.port()};
    const auto o = c.get();
    REQUIRE(o.has_value());
    CHECK(o->status == 302);
    CHECK(elsewhere.connections() == 0);
}

TEST_CASE("client: answers that are none") {
    for (const std::string& says :
         {""s, "garbage\r\n\r\n"s, "HTTP/1.1 100 Continue\r\n\r\n"s, "HTTP/1.1 101 Switching\r\n\r\n"s,
          "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"s,
          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"s,
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"s,
          answer("key", "Content-Encoding: gzip\r\n")}) {
        CAPTURE(says);
        scripted_server server{says};
        live_client c{server.port()};
        CHECK_FALSE(c.get().has_value());
        CHECK(c.probe().failures.value() == 1);
    }
}

TEST_CASE("client: an answer's size at and above its bounds") {
    client_settings s;
    s.most_bytes = 1000;
    const auto outcome_of = [&](const std::string& says) {
        scripted_server server{says};
        live_client c{server.port(), s};
        return c.get();
    };
    const auto refused = [&](const std::string& says) {
        const auto o = outcome_of(says);
        return !o.has_value() && o.error() == client_errc::answer_too_large;
    };
    CHECK(outcome_of(answer(std::string(1000, 'x'))).has_value());
    CHECK(refused(answer(std::string(1001, 'x'))));
    CHECK(refused("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n"));
    // Those that do not say their length before.
    const std::string chunk = "1f4\r\n" + std::string(500, 'x') + "\r\n";
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    CHECK(outcome_of(chunked + chunk + chunk + "0\r\n\r\n").has_value());
    CHECK(refused(chunked + chunk + chunk + "1\r\nx\r\n0\r\n\r\n"));
    CHECK(refused("HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x')));
    // The head, a trailer and a chunk's extension.
    CHECK(outcome_of(answer("key", "A: " + std::string(15 * 1024, 'x') + "\r\n")).has_value());
    CHECK(refused(answer("key", "A: " + std::string(17 * 1024, 'x') + "\r\n")));
    CHECK_FALSE(
        outcome_of(chunked + chunk + "0\r\nA: " + std::string(70 * 1024, 'x') + "\r\n\r\n").has_value());
    CHECK_FALSE(outcome_of(chunked + "1;" + std::string(70 * 1024, 'x') + "\r\nx\r\n0\r\n\r\n").has_value());
}

TEST_CASE("client: one deadline from the name to the last byte") {
    for (const std::string& says :
         {""s, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"s, "HTTP/1.1 200 OK\r\nConte"s}) {
        CAPTURE(says);
        scripted_server server{says, false};
        live_client c{server.port(), quick()};
        const auto o = c.get();
        REQUIRE_FALSE(o.has_value());
        CHECK(o.error() == client_errc::timed_out);
        CHECK(eventually([&] { return c.probe().under_way.value() == 0; })); // behind the answer
    }
    std::promise<void> open;
    auto opened = open.get_future().share();
    live_client c{1, quick(), live_client::loopback(),
                  [opened](const std::string&) -> net::resolver::addresses {
                      opened.wait();
                      return std::vector{*net::address::parse("127.0.0.1")};
                  }};
    const auto o = c.get("http://slow.example/");
    open.set_value();
    REQUIRE_FALSE(o.has_value());
    CHECK(o.error() == client_errc::timed_out);
}

TEST_CASE("client: the guard is asked about the very addresses") {
    scripted_server server{answer("key")};
    const auto refused = [](const client::outcome& o) {
        return !o.has_value() && o.error() == client_errc::address_refused;
    };
    std::string resolved;
    const auto names = [&](const std::string& name) -> net::resolver::addresses {
        if (name == "inside.example") return std::vector{*net::address::parse("127.0.0.1")};
        if (name == "metadata.example") return std::vector{*net::address::parse("169.254.169.254")};
        // One public address, one that is not.
        return std::vector{*net::address::parse("192.0.0.1"), *net::address::parse("1.1.1.1")};
    };
    live_client c{server.port(), {}, {}, names};
    CHECK(refused(c.get("http://inside.example/")));
    CHECK(refused(c.get("http://metadata.example/")));
    CHECK(refused(c.get("http://mixed.example/")));
    CHECK(refused(c.get("http://plain.example/"))); // also where the configuration says the address
    CHECK(refused(c.get("http://127.0.0.1/")));
    CHECK(refused(c.get("http://[::1]/")));
    CHECK(refused(c.get("http://[::ffff:127.0.0.1]/")));
    CHECK(refused(c.get("https://[64:ff9b::7f00:1]/")));
    CHECK(c.probe().guarded.value() == 8);
    CHECK(server.connections() == 0);
}

TEST_CASE("client: a name is resolved once, and that answer is both judged and connected to") {
    scripted_server server{answer("key")};
    std::atomic<int> asked{0};
    // Rebinding: harmless at first, this machine from then on.
    const auto names = [&](const std::string&) -> net::resolver::addresses {
        return std::vector{*net::address::parse(++asked == 1 ? "127.0.0.2" : "127.0.0.1")};
    };
    live_client c{server.port(), quick(), {*net::network::parse("127.0.0.2")}, names};
    const auto o = c.get("http://rebinding.example/"); // nothing listens at port 80 of 127.0.0.2
    CHECK_FALSE(o.has_value());
    CHECK(o.error() != client_errc::address_refused);
    CHECK(asked == 1);
    CHECK(c.get("http://rebinding.example/").error() == client_errc::address_refused);
    CHECK(asked == 2);
    CHECK(server.connections() == 0);
}

TEST_CASE("client: URLs, ports and schemes that are not let through") {
    scripted_server server{answer("key")};
    live_client c{server.port(), quick()};
    const auto error_of = [&](const std::string& url, bool plain) { return c.get(url, plain).error(); };
    CHECK(error_of("http://plain.example/", false) == client_errc::plain_refused);
    CHECK(error_of("gopher://plain.example/", true) == client_errc::bad_url);
    CHECK(error_of("http://user@plain.example/", true) == client_errc::bad_url);
    for (const char* url : {"http://plain.example:22/", "http://plain.example:8443/",
                            "https://plain.example:80/", "https://plain.example:6379/"})
        CHECK(error_of(url, true) == client_errc::port_refused);
    CHECK(error_of("https://plain.example/", false) != client_errc::port_refused);
    CHECK(c.probe().guarded.value() == 0);
}

TEST_CASE("client: so many at once and no more") {
    scripted_server server{"", false};
    client_settings s;
    s.most_at_once = 3;
    s.timeout = seconds{30};
    live_client c{server.port(), s};
    std::vector<std::future<client::outcome>> all;
    for (int i = 0; i < 3; ++i) all.push_back(c.begin("http://plain.example/"));
    CHECK(c.get().error() == client_errc::too_many);
    CHECK(c.probe().under_way.value() == 3);
    c.stop();
    for (auto& each : all) CHECK(each.get().error() == client_errc::stopped);
    CHECK(c.get().error() == client_errc::stopped);
}

TEST_CASE("client: stopping ends what is under way at every step") {
    std::promise<void> open;
    auto opened = open.get_future().share();
    scripted_server server{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", false};
    client_settings s;
    s.timeout = seconds{60};
    live_client c{server.port(), s, live_client::loopback(),
                  [opened](const std::string&) -> net::resolver::addresses {
                      opened.wait();
                      return std::vector{*net::address::parse("127.0.0.1")};
                  }};
    std::vector<std::future<client::outcome>> all;
    all.push_back(c.begin("http://slow.example/"));
    all.push_back(c.begin("http://plain.example/"));
    while (server.connections() == 0) std::this_thread::yield();
    all.push_back(c.begin_and_stop("http://slow.example/")); // its name has not even been asked for
    for (auto& each : all) CHECK(each.wait_for(seconds{5}) == std::future_status::ready);
    open.set_value(); // the resolver's thread, which is waited for
    for (auto& each : all) CHECK(each.get().error() == client_errc::stopped);
}
