"""Behind a load balancer: whose word about the client's address is believed, and what comes of a word that makes no sense.

What Mira took for the client's address shows in a limit by client: each may post once.
"""
import socket
import struct

import pytest

from certificates import certificate
from mira import Client, Mira, configuration, request_bytes, running, signed, source, trusting

V2 = b"\r\n\r\n\x00\r\nQUIT\n"


def config(forwarded, hops=1, **server):
    once = [{"by": "client", "capacity": 1, "refill": "0"}]
    return configuration(source(limits=once), server={"trusted_proxies": ["127.0.0.1", "10.0.0.0/8"], "forwarded": forwarded, "trusted_hops": hops,
                                                      "limits": {"tls_handshake_timeout": "1s"}, **server})


def v2(source_address, command=1, family=socket.AF_INET, extra=b""):
    packed = socket.inet_pton(family, source_address) + socket.inet_pton(family, "192.0.2.1" if family == socket.AF_INET else "2001:db8::1")
    data = packed + struct.pack("!HH", 4711, 443) + extra
    return V2 + struct.pack("!BBH", 0x20 | command, 0x11 if family == socket.AF_INET else 0x21, len(data)) + data


def post_behind(mira, preamble, local="127.0.0.1"):
    with mira.client(local=local) as c:
        c.send(preamble + request_bytes("POST", "/webhook/hook", b"{}", signed(b"{}")))
        return c.answer().status


def test_proxy_protocol_version_1_and_2():
    with running(config("proxy-protocol")) as mira:
        assert post_behind(mira, b"PROXY TCP4 203.0.113.1 192.0.2.1 4711 443\r\n") == 202
        assert post_behind(mira, b"PROXY TCP4 203.0.113.1 192.0.2.1 4712 443\r\n") == 429
        assert post_behind(mira, v2("203.0.113.1")) == 429
        assert post_behind(mira, v2("203.0.113.2")) == 202
        assert post_behind(mira, v2("203.0.113.2", extra=b"\x04\x00\x03abc")) == 429  # with an extension
        assert post_behind(mira, b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n") == 202
        assert post_behind(mira, v2("2001:db8::7", family=socket.AF_INET6)) == 429
        # A health check of the balancer's own speaks for the balancer.
        with mira.client() as c:
            c.send(v2("203.0.113.9", command=0) + request_bytes("GET", "/health/live"))
            assert c.answer().status == 200
        with mira.client() as c:
            c.send(b"PROXY UNKNOWN\r\n" + request_bytes("GET", "/health/live"))
            assert c.answer().status == 200


def test_a_proxy_header_in_pieces_and_with_what_follows_in_one():
    with running(config("proxy-protocol")) as mira:
        data = v2("203.0.113.5") + request_bytes("GET", "/health/live")
        with mira.client() as c:
            for i in range(len(data)):
                c.send(data[i:i + 1])
            assert c.answer().status == 200


@pytest.mark.parametrize("preamble", [
    b"", b"PROXY TCP4 203.0.113.1 192.0.2.1 4711\r\n", b"PROXY TCP4 203.0.113.1 192.0.2.1 99999 443\r\n", b"PROXY TCP4 2001:db8::1 192.0.2.1 1 2\r\n",
    b"PROXY " + b"x" * 200 + b"\r\n", V2 + b"\x31\x11\x00\x0c" + bytes(12), V2 + b"\x21\x11\x00\x04" + bytes(4)])
def test_a_missing_or_malformed_proxy_header_ends_the_connection(preamble):
    with running(config("proxy-protocol")) as mira:
        with mira.client() as c:
            c.send(preamble + request_bytes("POST", "/webhook/hook", b"{}", signed(b"{}")))
            assert c.at_end(), "it was answered"
        assert mira.dump() == []


def test_a_proxy_header_from_anybody_else_is_no_request():
    with running(config("proxy-protocol")) as mira:
        assert post_behind(mira, b"PROXY TCP4 203.0.113.1 192.0.2.1 4711 443\r\n", local="127.0.0.2") == 400
        # Without one they are served, as themselves.
        assert [post_behind(mira, b"", local="127.0.0.2") for _ in range(2)] == [202, 429]


def test_a_proxy_that_says_nothing_is_let_go():
    with running(config("proxy-protocol")) as mira:
        with mira.client() as c:
            assert c.at_end()


def test_the_proxy_header_stands_before_tls():
    mira = Mira()
    try:
        pem, key = certificate(mira.folder, "proxied")
        mira.configure(config("proxy-protocol", tls={"port": 0, "certificate": str(pem), "key": str(key)}))
        mira.start()
        for expected in (202, 429):
            c = Client(mira.tls_port)
            c.send(v2("203.0.113.77"))
            c.socket = trusting(pem).wrap_socket(c.socket, server_hostname="localhost")
            assert c.post("/webhook/hook", b"{}", signed(b"{}")).status == expected
            c.close()
    finally:
        mira.close()


def status(mira, local="127.0.0.1", **fields):
    return mira.send(local=local, headers={k.replace("_", "-"): v for k, v in fields.items()}).status


def test_forwarded():
    with running(config("forwarded")) as mira:
        assert status(mira, Forwarded="for=203.0.113.1") == 202
        assert status(mira, Forwarded='for="203.0.113.1:4711"; proto=https;by=192.0.2.1') == 429
        assert status(mira, Forwarded='for=198.51.100.1, For="[2001:db8::1]:99"') == 202
        assert status(mira, Forwarded='for=198.51.100.2, for="[2001:db8::1]"') == 429
        # X-Forwarded-For is nothing here, and an obfuscated or missing address leaves the proxy's own.
        assert status(mira, Forwarded="for=_hidden") == 202
        assert status(mira, Forwarded="for=unknown") == 429
        assert status(mira, X_Forwarded_For="203.0.113.50") == 429
        # Not from strangers.
        assert [status(mira, local="127.0.0.2", Forwarded=f"for=203.0.113.{n}") for n in (60, 61)] == [202, 429]


def test_several_proxies_in_a_row():
    with running(config("x-forwarded-for", hops=2)) as mira:
        assert status(mira, X_Forwarded_For="198.51.100.9, 203.0.113.1, 10.1.2.3") == 202
        assert status(mira, X_Forwarded_For="198.51.100.8, 203.0.113.1, 10.1.2.4") == 429
        assert status(mira, X_Forwarded_For="203.0.113.2, 10.1.2.3") == 202


def test_connections_are_counted_by_the_client_that_the_balancer_names():
    server = {"limits": {"connections_per_address": 3, "tls_handshake_timeout": "5s"}}
    with running({**config("proxy-protocol"), "server": {**config("proxy-protocol")["server"], **server}}) as mira:
        held = []
        for _ in range(4):
            c = mira.client()
            c.send(v2("203.0.113.1") + request_bytes("GET", "/health/live"))
            held.append(c)
        answered = 0
        for c in held:
            try:
                answered += c.answer().status == 200
            except ConnectionError:
                pass
        assert answered == 3
        # Another client of the same balancer has its own.
        with mira.client() as c:
            c.send(v2("203.0.113.2") + request_bytes("GET", "/health/live"))
            assert c.answer().status == 200
        for c in held:
            c.close()
