"""The HTTP edge from outside: every limit at, below and above it, pipelining, bodies of all sizes, connections in number."""
import base64
import json
import socket
import time

import pytest

from crowd import close, crowd
from mira import Client, Ended, amount, configuration, request_bytes, running, signed, source, wait_until

MIB = 1 << 20


@pytest.fixture(scope="module")
def mira():
    with running(configuration()) as m:
        yield m


def refused(mira, data, status, error="malformed_request"):
    """Sent as it is, it gets this answer and the connection ends; and everybody else is served."""
    with mira.client() as c:
        try:
            c.send(data)
        except ConnectionError:
            pass  # refused before all of it was sent
        answer = c.answer()
        assert (answer.status, answer.error) == (status, error), answer
        assert answer.closes and c.at_end()
    assert mira.get("/health/live")[0] == 200


def head(target="/health/live", fields=(), method="GET"):
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: localhost", *fields, "", ""]).encode()


def test_the_target_has_a_limit(mira):
    for size, status in ((8191, 404), (8192, 404)):
        with mira.client() as c:
            c.send(head("/" + "a" * (size - 1)))
            assert c.answer().status == status
    refused(mira, head("/" + "a" * 8192), 414)


def test_the_head_has_a_limit(mira):
    empty = len(head(fields=["X-Fill: "]))
    for size, status in ((16 * 1024 - 1, 200), (16 * 1024, 200)):
        with mira.client() as c:
            c.send(head(fields=["X-Fill: " + "a" * (size - empty)]))
            assert c.answer().status == status
    refused(mira, head(fields=["X-Fill: " + "a" * (16 * 1024 - empty + 1)]), 431)
    refused(mira, head(fields=["X-Fill: " + "a" * 200_000]), 431)


def test_the_number_of_fields_has_a_limit(mira):
    for count, status in ((99, 200), (100, 200)):
        with mira.client() as c:
            c.send(head(fields=[f"X-{n}: a" for n in range(count - 1)]))  # and Host
            assert c.answer().status == status
    refused(mira, head(fields=[f"X-{n}: a" for n in range(100)]), 431)


@pytest.mark.parametrize("size, status", [(0, 202), (1, 202), (64 * 1024 - 1, 202), (64 * 1024, 202), (MIB - 1, 202), (MIB, 202), (MIB + 1, 413), (5 * MIB, 413)])
@pytest.mark.parametrize("framing", ["length", "chunked", "pieces"])
def test_the_body_has_a_limit(mira, size, status, framing):
    body = bytes(range(256)) * (size // 256) + b"z" * (size % 256)
    delivery = f"{framing}-{size}"
    fields = [f"{k}: {v}" for k, v in signed(body, delivery=delivery).items()]
    with mira.client() as c:
        try:
            if framing == "chunked":
                c.send(head("/webhook/hook", [*fields, "Transfer-Encoding: chunked"], "POST"))
                for at in range(0, size, 100_000):
                    piece = body[at:at + 100_000]
                    c.send(b"%x\r\n%s\r\n" % (len(piece), piece))
                c.send(b"0\r\n\r\n")
            else:
                c.send(head("/webhook/hook", [*fields, f"Content-Length: {size}"], "POST"))
                step = size or 1 if framing == "length" else 70_001
                for at in range(0, size, step):
                    c.send(body[at:at + step])
        except ConnectionError:
            assert status == 413
        answer = c.answer()
        assert answer.status == status, answer
        if status == 202:
            assert c.get("/health/live").status == 200, "the connection goes on"
            found = mira.command("journal", "find", str(mira.journal), answer.id)
            assert base64.b64decode(json.loads(found.stdout)["body_base64"]) == body
        else:
            assert answer.error == "payload_too_large" and answer.closes


def test_a_source_may_take_32_MiB():
    limits = {"body_memory": "256MiB"}
    big = source("big", max_body="32MiB")
    with running(configuration(big, source(), journal={"max_unsynced": "40MiB"}, server={"limits": limits})) as mira:
        body = bytes(range(256)) * (32 * MIB // 256)
        answer = mira.send(body, "whole", "/webhook/big", timeout=120)
        assert answer.status == 202, answer
        found = mira.command("journal", "find", str(mira.journal), answer.id)
        assert base64.b64decode(json.loads(found.stdout)["body_base64"]) == body
        assert mira.send(body, "whole", "/webhook/big", timeout=120).status == 200
        with mira.client(timeout=120) as c:
            c.send(head("/webhook/big", [f"Content-Length: {32 * MIB + 1}"], "POST"))
            assert c.answer().error == "payload_too_large"
        assert mira.send(body[:MIB + 1]).status == 413  # the other source's limit is the default
        wait_until(lambda: mira.figure("mira_http_body_memory_bytes") < MIB, "the memory given back")
        mira.kill()
        mira.start()
        assert base64.b64decode(mira.dump()[0]["body_base64"]) == body


def test_a_trailer_of_70_KB_is_refused_and_harms_nobody(mira):
    """One such field throws out of the parser of a well-known library."""
    start = head("/webhook/hook", ["Transfer-Encoding: chunked"], "POST") + b"2\r\n{}\r\n0\r\n"
    refused(mira, start + b"X-Trailer: " + b"a" * 70_000 + b"\r\n\r\n", 431)
    refused(mira, start + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 100) for n in range(700)) + b"\r\n", 431)


def test_pipelined_requests_are_answered_in_order_however_many(mira):
    for count in (2, 16, 17, 64, 500):
        with mira.client() as c:
            data = b"".join(request_bytes("POST", "/webhook/hook", b"%d" % n, {**signed(b"%d" % n), "X-Request-Id": f"r{n}"})
                            if n % 3 else request_bytes("GET", "/health/live", headers={"X-Request-Id": f"r{n}"}) for n in range(count))
            c.send(data)
            answers = [c.answer() for _ in range(count)]
        assert [a.headers["x-request-id"] for a in answers] == [f"r{n}" for n in range(count)]
        assert [a.status for a in answers] == [202 if n % 3 else 200 for n in range(count)]


def test_requests_cut_at_every_byte_are_read_all_the_same(mira):
    body = b'{"n":1}'
    data = request_bytes("POST", "/webhook/hook", body, signed(body))
    with mira.client() as c:
        for cut in range(1, len(data), amount(7, sanitized=29)):
            c.send(data[:cut])
            time.sleep(0.001)
            c.send(data[cut:])
            assert c.answer().status == 202


def test_expect_100_continue(mira):
    body = b"x" * 10_000
    fields = [f"{k}: {v}" for k, v in signed(body).items()]
    with mira.client() as c:
        c.send(head("/webhook/hook", [*fields, f"Content-Length: {len(body)}", "Expect: 100-continue"], "POST"))
        assert c.answer().status == 100
        c.send(body)
        assert c.answer().status == 202
    # Refused before the body is sent: no 100.
    with mira.client() as c:
        c.send(head("/webhook/hook", [f"Content-Length: {2 * MIB}", "Expect: 100-continue"], "POST"))
        assert c.answer().status == 413
    refused(mira, head("/webhook/hook", ["Content-Length: 2", "Expect: something"], "POST"), 417)


def test_what_cannot_be_framed_ends_the_connection(mira):
    smuggled = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for fields in (["Content-Length: 2", "Transfer-Encoding: chunked"], ["Content-Length: 2", "Content-Length: 3"], ["Content-Length: +2"],
                   ["Transfer-Encoding: xchunked"], ["Transfer-Encoding : chunked"]):
        with mira.client() as c:
            c.send(head("/webhook/hook", fields, "POST") + smuggled)
            answer = c.answer()
            assert answer.status in (400, 501) and answer.closes, (fields, answer)
            assert c.at_end(), f"{fields}: what followed was answered"


def test_time_outs():
    limits = {"header_timeout": "500ms", "body_timeout": "2s", "body_grace": "500ms", "body_min_rate": "1KiB/s", "idle_timeout": "700ms"}
    with running(configuration(server={"limits": limits})) as mira:
        with mira.client() as c:  # nothing at all
            assert c.at_end()
        with mira.client() as c:  # nothing more
            assert c.get("/health/live").status == 200
            assert c.at_end()
        with mira.client() as c:  # half a head
            c.send(b"POST /webhook/hook HTTP/1.1\r\nHost: localh")
            answer = c.answer()
            assert (answer.status, answer.error) == (408, "request_timeout") and answer.closes and c.at_end()
        with mira.client() as c:  # half a body
            c.send(head("/webhook/hook", ["Content-Length: 10"], "POST") + b"12345")
            answer = c.answer()
            assert (answer.status, answer.error) == (408, "request_timeout") and answer.closes and c.at_end()
        with mira.client() as c:  # a body slower than the minimum, but never still
            c.send(head("/webhook/hook", ["Content-Length: 100000"], "POST"))
            with pytest.raises((ConnectionError, TimeoutError)):
                for _ in range(400):
                    c.send(b"x")
                    time.sleep(0.02)
            assert mira.figure('mira_http_timeouts_total{phase="body"}') >= 2
        assert mira.figure('mira_http_timeouts_total{phase="header"}') >= 1
        assert mira.figure('mira_http_timeouts_total{phase="idle"}') >= 2


def test_a_client_that_does_not_read_is_let_go():
    with running(configuration(server={"limits": {"write_timeout": "1s"}})) as mira:
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", mira.port))
            s.settimeout(1)
            request = request_bytes("GET", "/metrics")
            try:
                for _ in range(3000):
                    s.sendall(request)
            except OSError:
                pass
            wait_until(lambda: mira.figure('mira_http_timeouts_total{phase="write"}') >= 1, "the write time-out", 30, every=0.2)
        assert mira.get("/health/live")[0] == 200


def open_until_refused(mira, at_most, local="127.0.0.1"):
    """Connections that were answered, and how the next one was refused."""
    served = []
    for _ in range(at_most):
        c = mira.client(local=local)
        try:
            answer = c.get("/health/live")
        except (Ended, ConnectionError):
            return served, None
        if answer.status != 200:
            c.close()
            return served, answer
        served.append(c)
    raise AssertionError(f"{at_most} connections and none was refused")


def test_connections_are_bounded_in_all_and_by_address():
    limits = {"connections": 20, "connections_per_address": 8}
    with running(configuration(server={"limits": limits})) as mira:
        all_served = []
        for local, expected in (("127.0.0.1", 8), ("127.0.0.2", 8), ("127.0.0.3", 4)):
            served, refusal = open_until_refused(mira, 30, local)
            assert len(served) == expected, (local, len(served))
            if refusal:
                assert refusal.status == 503 and int(refusal.headers["retry-after"]) > 0 and refusal.closes
            all_served += served
        # Those who are in stay in; who leaves makes room.
        for c in all_served:
            assert c.get("/health/live").status == 200
        all_served.pop().close()

        def one_more():
            with mira.client(local="127.0.0.3") as c:
                try:
                    return c.get("/health/live").status == 200
                except ConnectionError:
                    return False
        wait_until(one_more, "room for another connection")
        close(all_served)
        wait_until(one_more, "room for others")


def test_a_connection_may_be_limited_to_a_number_of_requests():
    with running(configuration(server={"limits": {"requests_per_connection": 3}})) as mira:
        with mira.client() as c:
            assert [c.get("/health/live").closes for _ in range(3)] == [False, False, True]
            assert c.at_end()


def test_the_memory_for_bodies_is_bounded():
    limits = {"body_memory": "4MiB", "max_body": "1MiB"}
    with running(configuration(server={"limits": limits})) as mira:
        clients = crowd(mira.port, 16)
        for c in clients:
            c.send(head("/webhook/hook", [f"Content-Length: {MIB}"], "POST") + b"x" * 600_000)
        statuses = []
        for c in clients:
            c.socket.settimeout(1)
            try:
                answer = c.answer()
                assert answer.error == "overloaded" and int(answer.headers["retry-after"]) > 0, answer
                statuses.append(answer.status)
            except TimeoutError:
                statuses.append(None)  # still waits for the rest of its body
        assert 503 in statuses and None in statuses
        assert mira.figure("mira_http_body_memory_bytes") <= 4 * MIB
        assert mira.send(b"{}").status == 202  # small ones go on
        close(clients)
        wait_until(lambda: mira.send(b"x" * 900_000).status == 202, "memory given back")
