#include "tests/unit/engine/http/live_edge.hpp"

using namespace mira;
using namespace mira::testing;

TEST_CASE("edge: one connection carries one request after another") {
    live_edge e;
    raw_client c{e.port()};
    for (int i = 0; i < 20; ++i) {
        REQUIRE(c.send(get("/now")));
        const reply r = c.receive();
        CHECK(r.status == 200);
        CHECK(r.body == "now");
        CHECK(r.field("connection").empty());
        CHECK(r.field("date").ends_with(" GMT"));
        CHECK(r.field("x-request-id").size() == 16);
    }
    CHECK(e.probe().connections_accepted.value() == 1);
    CHECK(e.probe().requests.value() == 20);
    CHECK(eventually([&] { return e.probe().responses_2xx.value() == 20; }));
    CHECK(e.held() == 0); // an idle connection holds no buffer
}

TEST_CASE("edge: routes, parameters, methods") {
    live_edge e;
    raw_client c{e.port()};
    const auto ask = [&](const std::string& request, bool head = false) {
        REQUIRE(c.send(request));
        return c.receive(head);
    };
    CHECK(ask(get("/item/a%20b/c?q=1", "X-Mark: m\r\n")).body == "a%20b|c|q=1|m");
    CHECK(ask(get("http://h/item/x/y")).body == "x|y||");
    CHECK(ask(get("/nowhere")).status == 404);
    const reply wrong = ask(get("/echo"));
    CHECK(wrong.status == 405);
    CHECK(wrong.field("allow") == "POST, PUT, OPTIONS");
    const reply options = ask("OPTIONS /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(options.status == 204);
    CHECK(options.field("allow") == "POST, PUT, OPTIONS");
    CHECK(options.fields.count("content-length") == 0);
    CHECK(ask("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").status == 204);
    CHECK(ask("OPTIONS /nowhere HTTP/1.1\r\nHost: h\r\n\r\n").status == 404);
    CHECK(ask("TRACE /now HTTP/1.1\r\nHost: h\r\n\r\n").status == 501);
    CHECK(ask("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n").status == 501);
    const reply head = ask("HEAD /now HTTP/1.1\r\nHost: h\r\n\r\n", true);
    CHECK(head.status == 200);
    CHECK(head.field("content-length") == "3");
    CHECK(ask("HEAD /echo HTTP/1.1\r\nHost: h\r\n\r\n", true).status == 405);
    const reply nothing = ask(get("/nothing"));
    CHECK(nothing.status == 204);
    CHECK(nothing.fields.count("content-length") == 0);
    CHECK(ask(get("/now")).body == "now"); // all on one connection, still in step
    CHECK(e.probe().connections_accepted.value() == 1);
}

TEST_CASE("edge: a method that nobody knows may be the rest of a body, and ends the connection") {
    live_edge e;
    raw_client c{e.port()};
    REQUIRE(c.send(post("/echo", "") + "hello" + get("/now") + get("/now")));
    CHECK(c.receive().status == 200);
    const reply r = c.receive();
    CHECK(r.status == 501);
    CHECK(r.closes());
    CHECK(c.at_end());
    CHECK(e.state.served == 1);
}

TEST_CASE("edge: a request id of the client's own is used where it is harmless") {
    live_edge e;
    raw_client c{e.port()};
    const auto id_of = [&](std::string_view fields) {
        REQUIRE(c.send(get("/now", fields)));
        return c.receive().field("x-request-id");
    };
    CHECK(id_of("X-Request-Id: abc-DEF_1.2\r\n") == "abc-DEF_1.2");
    CHECK(id_of("X-Request-Id: " + std::string(64, 'x') + "\r\n") == std::string(64, 'x'));
    CHECK(id_of("X-Request-Id: " + std::string(65, 'x') + "\r\n").size() == 16);
    CHECK(id_of("X-Request-Id: a b\r\n").size() == 16);
    CHECK(id_of("X-Request-Id: a\"b\r\n").size() == 16);
    CHECK(id_of("X-Request-Id: a\r\nX-Request-Id: b\r\n").size() == 16);
    CHECK(id_of("") != id_of(""));
}

TEST_CASE("edge: requests that come in one piece are answered in order, in one piece") {
    live_edge e;
    raw_client c{e.port()};
    REQUIRE(c.send(get("/now")));
    CHECK(c.receive().status == 200); // so that the connection is warm
    std::string all;
    for (int i = 0; i < 16; ++i) all += get("/item/n/" + std::to_string(i));
    const std::uint32_t before = c.data_segments();
    REQUIRE(c.send(all));
    for (int i = 0; i < 16; ++i) CHECK(c.receive().body == "n|" + std::to_string(i) + "||");
    CHECK(c.data_segments() == before + 1);
}

TEST_CASE("edge: many more requests in one piece than may be unanswered") {
    live_edge e;
    raw_client c{e.port()};
    std::string all;
    for (int i = 0; i < 1000; ++i) {
        all += get("/item/n/" + std::to_string(i));
        all += post("/echo", "body " + std::to_string(i));
        all += post_chunked("/echo", "3\r\nabc\r\n0\r\n\r\n");
    }
    std::thread sender([&] { CHECK(c.send(all)); });
    int wrong = 0;
    for (int i = 0; i < 1000; ++i) {
        wrong += c.receive().body == "n|" + std::to_string(i) + "||" ? 0 : 1;
        wrong += c.receive().body == "body " + std::to_string(i) ? 0 : 1;
        wrong += c.receive().body == "abc" ? 0 : 1;
    }
    sender.join();
    CHECK(wrong == 0);
    CHECK(eventually([&] { return e.held() == 0; }));
}

TEST_CASE("edge: a suspended request holds back the later ones only") {
    live_edge e;
    raw_client c{e.port()};
    REQUIRE(
        c.send(get("/item/a/1") + get("/item/a/2") + get("/later") + get("/item/a/3") + get("/item/a/4")));
    CHECK(c.receive().body == "a|1||");
    CHECK(c.receive().body == "a|2||");
    CHECK(eventually([&] { return e.state.suspended == 1; }));
    CHECK(c.silent_for(milliseconds{50}));
    CHECK(e.held() == 0); // the one that waits keeps no bytes either
    e.on_reactor([&] { e.resume_one(); });
    CHECK(c.receive().body == "later");
    CHECK(c.receive().body == "a|3||");
    CHECK(c.receive().body == "a|4||");
    CHECK(e.state.states == 0);
}

TEST_CASE("edge: suspended requests resumed in any order are answered in theirs") {
    live_edge e;
    raw_client c{e.port()};
    REQUIRE(c.send(get("/later", "X-Request-Id: a\r\n") + get("/later", "X-Request-Id: b\r\n") +
                   get("/later", "X-Request-Id: c\r\n")));
    CHECK(eventually([&] { return e.state.suspended == 3; }));
    e.on_reactor([&] { std::swap(e.state.waiting.front(), e.state.waiting.back()); });
    e.on_reactor([&] { e.resume_one(); });
    e.on_reactor([&] { e.resume_one(); });
    CHECK(c.silent_for(milliseconds{50}));
    const std::uint32_t before = c.data_segments();
    e.on_reactor([&] { e.resume_one(); });
    CHECK(c.receive().field("x-request-id") == "a");
    CHECK(c.receive().field("x-request-id") == "b");
    CHECK(c.receive().field("x-request-id") == "c");
    CHECK(c.data_segments() == before + 1);
}

TEST_CASE("edge: no more unanswered requests are read than the limit says") {
    live_edge e{{.limits = {.pipelined_requests = 3}}};
    raw_client c{e.port()};
    std::string all;
    for (int i = 0; i < 5; ++i) all += get("/later");
    REQUIRE(c.send(all));
    CHECK(eventually([&] { return e.state.suspended == 3; }));
    std::this_thread::sleep_for(milliseconds{30});
    CHECK(e.probe().requests.value() == 3);
    e.on_reactor([&] { e.resume_one(); });
    CHECK(c.receive().body == "later");
    CHECK(eventually([&] { return e.probe().requests.value() == 4; }));
    CHECK(eventually([&] { return e.state.suspended == 3; }));
    e.on_reactor([&] { e.resume_all(); });
    CHECK(c.receive().body == "later");
    CHECK(c.receive().body == "later");
    CHECK(c.receive().body == "later");
    CHECK(eventually([&] { return e.state.suspended == 1; }));
    e.on_reactor([&] { e.resume_all(); });
    CHECK(c.receive().body == "later");
    CHECK(e.held() == 0);
}

TEST_CASE("edge: a request cut anywhere is the same request") {
    live_edge e;
    const std::vector<std::string> requests{
        post("/echo", "hello\r\n0\r\n\r\n"),
        post_chunked("/echo", "5;x=y\r\nhello\r\nA\r\n\r\n0\r\n\r\nabc\r\n0\r\nDigest: d\r\n\r\n"),
    };
    const std::vector<std::string> bodies{"hello\r\n0\r\n\r\n", "hello\r\n0\r\n\r\nabc"};
    for (std::size_t k = 0; k < requests.size(); ++k) {
        raw_client c{e.port()};
        for (std::size_t i = 1; i < requests[k].size(); ++i) {
            CAPTURE(i);
            e.send_piece(c, std::string_view{requests[k]}.substr(0, i));
            // The rest together with a further request, so that what follows is in step too.
            REQUIRE(c.send(requests[k].substr(i) + get("/item/n/" + std::to_string(i))));
            const reply r = c.receive();
            CHECK(r.status == 200);
            CHECK(r.body == bodies[k]);
            CHECK(c.receive().body == "n|" + std::to_string(i) + "||");
        }
        for (const char byte : requests[k]) e.send_piece(c, {&byte, 1});
        CHECK(c.receive().body == bodies[k]);
    }
    CHECK(eventually([&] { return e.held() == 0; }));
}

TEST_CASE("edge: bodies of all sizes, at once and behind their head") {
    live_edge e;
    raw_client c{e.port()};
    for (const std::size_t size :
         {0U, 1U, 2U, 1023U, 1024U, 1025U, 65535U, 65536U, 65537U, 200'000U, 1'048'576U}) {
        CAPTURE(size);
        std::string body(size, 'b');
        for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + i % 23);
        const std::string request = post("/echo", body);
        std::thread together([&] { CHECK(c.send(request)); });
        reply r = c.receive();
        together.join();
        CHECK(r.status == 200);
        CHECK((r.body == body));
        if (size == 0) continue;
        const std::size_t head = request.size() - size;
        e.send_piece(c, std::string_view{request}.substr(0, head));
        std::thread apart([&] { CHECK(c.send(request.substr(head))); });
        r = c.receive();
        apart.join();
        CHECK(r.status == 200);
        CHECK((r.body == body));
    }
    CHECK(eventually([&] { return e.held() == 0; }));
}

TEST_CASE("edge: pipelined requests behind a body that came in pieces") {
    live_edge e;
    raw_client c{e.port()};
    e.send_piece(c, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
    REQUIRE(c.send("llo" + get("/item/a/1") + post_chunked("/echo", "1\r\nx\r\n")));
    CHECK(c.receive().body == "hello");
    CHECK(c.receive().body == "a|1||");
    REQUIRE(c.send("0\r\n\r\n" + get("/item/a/2")));
    CHECK(c.receive().body == "x");
    CHECK(c.receive().body == "a|2||");
}

TEST_CASE("edge: a head that comes in pieces keeps its fields and parameters") {
    live_edge e;
    raw_client c{e.port()};
    raw_client other{e.port()};
    const std::string request = post("/item/mine/too?q", "body", "X-Mark: kept\r\n");
    e.send_piece(c, request.substr(0, request.size() - 4));
    // Another connection's head is read in between, in the same scratch memory.
    REQUIRE(other.send(get("/item/other/one", "X-Mark: not this\r\n")));
    CHECK(other.receive().body == "other|one||not this");
    REQUIRE(c.send("body"));
    CHECK(c.receive().body == "mine|too|q|kept");
}

TEST_CASE("edge: 100 (Continue) is sent once, before the body is read") {
    live_edge e;
    raw_client c{e.port()};
    for (int i = 0; i < 3; ++i) {
        REQUIRE(
            c.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
        const reply interim = c.receive();
        CHECK(interim.status == 100);
        CHECK(interim.fields.empty());
        e.send_piece(c, "he");
        e.send_piece(c, "llo");
        const reply r = c.receive();
        CHECK(r.status == 200);
        CHECK(r.body == "hello");
    }
    REQUIRE(c.send(
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"));
    CHECK(c.receive().status == 100);
    REQUIRE(c.send("1\r\nx\r\n0\r\n\r\n"));
    CHECK(c.receive().body == "x");
    CHECK(c.silent_for(milliseconds{30}));
}

TEST_CASE("edge: no 100 (Continue) where the body came along, and none for HTTP/1.0 or an empty body") {
    live_edge e;
    raw_client c{e.port()};
    REQUIRE(c.send(post("/echo", "hello", "Expect: 100-continue\r\n")));
    CHECK(c.receive().status == 200);
    e.send_piece(c, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nh");
    REQUIRE(c.send("ello"));
    CHECK(c.receive().status == 200);
    REQUIRE(c.send(post("/echo", "", "Expect: 100-continue\r\n")));
    CHECK(c.receive().status == 200);
    e.send_piece(c, "POST /echo HTTP/1.0\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    CHECK(c.silent_for(milliseconds{50}));
    REQUIRE(c.send("hello"));
    CHECK(c.receive().status == 200);
}

TEST_CASE("edge: an expectation that is not known is refused with 417") {
    live_edge e;
    raw_client c{e.port()};
    REQUIRE(c.send(post("/echo", "hello", "Expect: a-miracle\r\n") + get("/now")));
    const reply r = c.receive();
    CHECK(r.status == 417);
    CHECK(r.closes());
    CHECK(c.at_end());
    CHECK(e.state.served == 0);
}

TEST_CASE("edge: a request refused before its body gets no 100 (Continue)") {
    live_edge e;
    for (const std::string_view path : {"/refused", "/nowhere", "/throws-early"}) {
        CAPTURE(path);
        raw_client c{e.port()};
        REQUIRE(c.send("POST " + std::string{path} +
                       " HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
        const reply r = c.receive();
        CHECK(r.status >= 400);
        CHECK(r.closes());
        CHECK(c.at_end());
    }
    raw_client c{e.port()};
    REQUIRE(
        c.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n"));
    CHECK(c.receive().status == 413);
    CHECK(c.at_end());
}

TEST_CASE("edge: 100 (Continue) waits for the answers before it") {
    live_edge e;
    raw_client c{e.port()};
    REQUIRE(c.send(get("/later") +
                   "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
    CHECK(eventually([&] { return e.state.suspended == 1; }));
    CHECK(c.silent_for(milliseconds{50}));
    e.on_reactor([&] { e.resume_one(); });
    CHECK(c.receive().body == "later");
    CHECK(c.receive().status == 100);
    REQUIRE(c.send("hello"));
    CHECK(c.receive().body == "hello");
    // Where the body comes without waiting for it, it is not sent at all.
    REQUIRE(c.send(get("/later") +
                   "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
    CHECK(eventually([&] { return e.state.suspended == 1; }));
    e.send_piece(c, "hello");
    e.on_reactor([&] { e.resume_one(); });
    CHECK(c.receive().body == "later");
    const reply r = c.receive();
    CHECK(r.status == 200);
    CHECK(r.body == "hello");
}

TEST_CASE("edge: Connection: close is said and done") {
    live_edge e;
    raw_client c{e.port()};
    // What follows must not be processed (RFC 9112 section 9.6).
    REQUIRE(c.send(get("/now", "Connection: close\r\n") + get("/now")));
    const reply r = c.receive();
    CHECK(r.status == 200);
    CHECK(r.closes());
    CHECK(c.at_end());
    CHECK(e.state.served == 1);
    CHECK(eventually([&] { return e.open() == 0; }));
}

TEST_CASE("edge: an answer that closes is the last, and nothing behind it is processed") {
    live_edge e;
    SUBCASE("at once") {
        raw_client c{e.port()};
        REQUIRE(c.send(get("/now") + get("/goodbye") + get("/now") + get("/now")));
        CHECK_FALSE(c.receive().closes());
        const reply r = c.receive();
        CHECK(r.body == "bye");
        CHECK(r.closes());
        CHECK(c.at_end());
        CHECK(e.state.served == 2);
    }
    SUBCASE("a request that was read before says it for both") {
        raw_client c{e.port()};
        REQUIRE(c.send(get("/later") + get("/later") + get("/later")));
        CHECK(eventually([&] { return e.state.suspended == 3; }));
        e.on_reactor([&] {
            e.state.waiting[0]->close_after();
            e.resume_all();
        });
        CHECK_FALSE(c.receive().closes());
        CHECK_FALSE(c.receive().closes());
        CHECK(c.receive().status == 200);
        CHECK(c.at_end());
    }
}

TEST_CASE("edge: the last request of a connection's allowance closes it") {
    live_edge e{{.limits = {.requests_per_connection = 3}}};
    raw_client c{e.port()};
    REQUIRE(c.send(get("/now") + get("/now") + get("/now") + get("/now")));
    CHECK_FALSE(c.receive().closes());
    CHECK_FALSE(c.receive().closes());
    CHECK(c.receive().closes());
    CHECK(c.at_end());
    CHECK(e.state.served == 3);
}

TEST_CASE("edge: HTTP/1.0 closes unless it asks otherwise") {
    live_edge e;
    {
        raw_client c{e.port()};
        REQUIRE(c.send("GET /now HTTP/1.0\r\n\r\n"));
        const reply r = c.receive();
        CHECK(r.status == 200);
        CHECK(r.closes());
        CHECK(c.at_end());
    }
    raw_client c{e.port()};
    for (int i = 0; i < 2; ++i) {
        REQUIRE(c.send("GET /now HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
        const reply r = c.receive();
        CHECK(r.status == 200);
        CHECK(r.field("connection") == "keep-alive");
    }
}

TEST_CASE("edge: a client that has ended its output still gets its answers") {
    live_edge e;
    {
        raw_client c{e.port()};
        REQUIRE(c.send(get("/now") + post("/echo", "x")));
        c.end_output();
        CHECK(c.receive().body == "now");
        CHECK(c.receive().body == "x");
        CHECK(c.at_end());
    }
    {
        raw_client c{e.port()};
        REQUIRE(c.send(get("/later")));
        CHECK(eventually([&] { return e.state.suspended == 1; }));
        c.end_output();
        std::this_thread::sleep_for(milliseconds{20});
        e.on_reactor([&] { e.resume_one(); });
        CHECK(c.receive().body == "later");
        CHECK(c.at_end());
    }
    {
        // Half a request behind it will never be whole.
        raw_client c{e.port()};
        REQUIRE(c.send(get("/later") + "GET /now HT"));
        CHECK(eventually([&] { return e.state.suspended == 1; }));
        c.end_output();
        CHECK(eventually([&] { return e.held() == 0; }));
        e.on_reactor([&] { e.resume_one(); });
        CHECK(c.receive().body == "later");
        CHECK(c.at_end());
    }
    CHECK(eventually([&] { return e.open() == 0; }));
    CHECK(e.probe().answers_dropped.value() == 0);
}

TEST_CASE("edge: a client that ends in the middle of a request is forgotten") {
    live_edge e;
    for (const std::string& part :
         {std::string{"G"}, std::string{"GET / HTTP/1.1\r\nHost: h\r\n"},
          post("/echo", "hello").substr(0, 54), post_chunked("/echo", "5\r\nhel"), std::string{"\r\n"}}) {
        raw_client half{e.port()};
        e.send_piece(half, part);
        half.end_output();
        CHECK(half.at_end());
        raw_client gone{e.port()};
        e.send_piece(gone, part);
        gone.reset();
    }
    CHECK(eventually([&] { return e.open() == 0; }));
    CHECK(e.held() == 0);
    CHECK(e.state.served == 0);
}

TEST_CASE("edge: a client that goes while its request is suspended; the request goes on without it") {
    live_edge e;
    raw_client c{e.port()};
    REQUIRE(c.send(get("/now") + get("/later") + post("/later", "body") + get("/now")));
    CHECK(c.receive().status == 200);
    CHECK(eventually([&] { return e.state.suspended == 2; }));
    c.reset();
    CHECK(eventually([&] { return e.open() == 0; }));
    CHECK(e.places() == 0);
    CHECK(e.state.states == 2);
    e.on_reactor([&] { e.resume_one(); });
    CHECK(e.state.states == 1);
    // Answered directly, without resuming.
    e.on_reactor([&] {
        e.state.waiting.back()->respond(200, "text/plain", "nobody hears");
        e.state.waiting.clear();
    });
    CHECK(e.state.states == 0);
    CHECK(e.probe().answers_dropped.value() == 2);
    CHECK(e.held() == 0);
}

TEST_CASE("edge: stages that break their contract cost the client a 500 and nobody else anything") {
    live_edge e;
    raw_client c{e.port()};
    for (const std::string_view path : {"/throws", "/throws-oddly", "/silent", "/empty"}) {
        CAPTURE(path);
        REQUIRE(c.send(get(path)));
        CHECK(c.receive().status == 500);
    }
    for (const std::string_view path : {"/throws-early", "/silent-early", "/waits-early"}) {
        CAPTURE(path);
        REQUIRE(c.send(post(path, "the body is at hand, so the connection can stay")));
        const reply r = c.receive();
        CHECK(r.status == 500);
        CHECK_FALSE(r.closes());
    }
    REQUIRE(c.send(get("/throws-late")));
    CHECK(eventually([&] { return e.state.suspended == 1; }));
    e.on_reactor([&] { e.resume_one(); });
    CHECK(c.receive().status == 500);
    REQUIRE(c.send(get("/now")));
    CHECK(c.receive().status == 200);
    CHECK(e.home().exceptions() == 0);
}

TEST_CASE("edge: a body watcher or a policy that throws costs its own connection only") {
    live_edge e;
    raw_client other{e.port()};
    for (int i = 0; i < 3; ++i) {
        raw_client c{e.port()};
        if (i == 0) {
            e.send_piece(c, "POST /watch HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n");
            REQUIRE(c.send("throw"));
        } else if (i == 1) {
            e.policy.throws = true;
            REQUIRE(c.send("nonsense\r\n\r\n"));
        } else {
            // Read by the pump that the end of a turn begins, not by an event of its own.
            REQUIRE(c.send(get("/later") + "POST /watch HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n"));
            CHECK(eventually([&] { return e.state.suspended == 1; }));
            e.on_reactor([&] { e.policy.throws = true; });
            REQUIRE(c.send("nonsense\r\n\r\n\r\n"));
            e.on_reactor([&] { e.resume_one(); });
        }
        c.receive_all();
        REQUIRE(other.send(get("/now")));
        CHECK(other.receive().status == 200);
        e.policy.throws = false;
    }
    CHECK(eventually([&] { return e.open() == 1; }));
    CHECK(e.home().exceptions() >= 2);
    CHECK(e.held() == 0);
}

TEST_CASE("edge: a body watcher sees each piece that comes behind the head") {
    live_edge e;
    raw_client c{e.port()};
    e.send_piece(c, "POST /watch HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n");
    e.send_piece(c, "01234");
    REQUIRE(c.send("56789"));
    CHECK(c.receive().body == "10 10");
    CHECK(e.state.pieces == 2);
    e.send_piece(c, post_chunked("/watch", "5\r\n01234\r\n"));
    REQUIRE(c.send("5\r\n56789\r\n0\r\n\r\n"));
    CHECK(c.receive().body == "10 10");
    CHECK(e.state.pieces == 4);
}

TEST_CASE("edge: an answer in the middle of a body ends the request and the connection") {
    live_edge e;
    for (const bool chunked : {false, true}) {
        CAPTURE(chunked);
        raw_client c{e.port()};
        e.send_piece(c, chunked ? post_chunked("/watch", "2\r\n01\r\n")
                                : "POST /watch HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\n01");
        REQUIRE(c.send(chunked ? "6\r\nanswer\r\n" + get("/now") : "answer and then" + get("/now")));
        const reply r = c.receive();
        CHECK(r.status == 403);
        CHECK(r.body == "enough");
        CHECK(r.closes());
        CHECK(c.at_end());
        CHECK(e.state.served == 0);
    }
    CHECK(eventually([&] { return e.open() == 0; }));
}

TEST_CASE("edge: after a framing error nothing more is read") {
    live_edge e;
    for (const std::string& bad :
         {std::string{"nonsense\r\n\r\n"}, std::string{"GET / HTTP/1.1\r\n\r\n"},
          get("/now", "Content-Length: 5\r\n"),
          "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" +
              std::string{"hello"},
          post_chunked("/echo", "zz\r\n"), post_chunked("/echo", "1\r\nxx\r\n"),
          post_chunked("/echo", "0\r\nHost: b\r\n\r\n")}) {
        CAPTURE(bad);
        raw_client c{e.port()};
        REQUIRE(c.send(bad + get("/now")));
        const reply r = c.receive();
        CHECK(r.status == 400);
        CHECK(r.closes());
        CHECK(c.at_end());
        const std::lock_guard lock{e.policy.mutex};
        CHECK((e.policy.last_target.empty() || e.policy.last_target == "/echo"));
    }
    CHECK(e.state.served == 0);
    CHECK(eventually([&] { return e.open() == 0; }));
    CHECK(e.held() == 0);
}

TEST_CASE("edge: what was asked before a framing error is answered before it") {
    live_edge e;
    raw_client c{e.port()};
    REQUIRE(c.send(get("/now") + get("/later") + "nonsense\r\n\r\n" + get("/now")));
    CHECK(c.receive().status == 200);
    CHECK(eventually([&] { return e.state.suspended == 1; }));
    e.on_reactor([&] { e.resume_one(); });
    CHECK(c.receive().body == "later");
    CHECK(c.receive().status == 400);
    CHECK(c.at_end());
}

TEST_CASE("edge: a policy is shown the head of the request that it answers, or none") {
    live_edge e;
    raw_client c{e.port()};
    raw_client other{e.port()};
    const auto last = [&] {
        const std::lock_guard lock{e.policy.mutex};
        return e.policy.last_target;
    };
    e.send_piece(c, post_chunked("/echo?mine", "1\r\nx\r\n"));
    REQUIRE(other.send(get("/now?other")));
    CHECK(other.receive().status == 200);
    REQUIRE(c.send("zz\r\n"));
    CHECK(c.receive().status == 400);
    CHECK(last() == "/echo?mine");
    REQUIRE(other.send("nonsense\r\n\r\n"));
    CHECK(other.receive().status == 400);
    CHECK(last().empty());
}

TEST_CASE("edge: limits that are narrowed meanwhile do not change a request that was admitted") {
    live_edge e;
    raw_client c{e.port()};
    e.send_piece(c, "POST /item/" + std::string(200, 'a') +
                        "/b HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n");
    e.on_reactor(
        [&] { e.edge().set_limits({.head = {.head_bytes = 100, .target_bytes = 50, .fields = 1}}); });
    REQUIRE(c.send("x"));
    CHECK(c.receive().body == std::string(200, 'a') + "|b||");
    REQUIRE(c.send(get("/item/" + std::string(200, 'a') + "/b")));
    CHECK(c.receive().status == 414);
}

TEST_CASE("edge: flush_ready does nothing while a connection is at work") {
    live_edge e;
    raw_client a{e.port()}, b{e.port()};
    REQUIRE(a.send(get("/later") + get("/later")));
    REQUIRE(b.send(get("/later")));
    CHECK(eventually([&] { return e.state.suspended == 3; }));
    e.on_reactor([&] {
        e.resume_all();
        e.edge().flush_ready(); // outside of stages it sends at once
        CHECK(e.probe().responses_2xx.value() == 3);
    });
    CHECK(a.receive().body == "later");
    CHECK(a.receive().body == "later");
    CHECK(b.receive().body == "later");
}
