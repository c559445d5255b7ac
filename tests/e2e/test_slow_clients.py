"""A thousand clients that send one byte a second do not slow the honest ones; ten thousand idle ones cost next to no memory.

MIRA_SLOW and MIRA_IDLE set how many. Times are only compared with each other, by medians of several runs.
"""
import os
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import time

import pytest

from crowd import close
from mira import Client, SANITIZER, amount, configuration, request_bytes, running, signed, wait_until

BODY = b'{"n":1}' * 40
HALF_A_HEAD = b"POST /webhook/hook HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
HALF_A_BODY = b"POST /webhook/hook HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"


def slow_clients(port, count):
    """Runs as a process of its own: half of them are slow in the head, half in the body; who is let go comes again."""
    selector = selectors.DefaultSelector()

    def connect(n):
        s = socket.create_connection(("127.0.0.1", port))
        s.setblocking(False)
        s.send(HALF_A_HEAD if n % 2 else HALF_A_BODY)
        selector.register(s, selectors.EVENT_READ, n)

    for n in range(count):
        connect(n)
    print("all", flush=True)
    while True:
        second = time.monotonic() + 1
        for key in list(selector.get_map().values()):
            try:
                key.fileobj.send(b"x")
            except OSError:
                pass
        while (left := second - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                selector.unregister(key.fileobj)
                key.fileobj.close()
                connect(key.data)


def p99_of_honest(mira, requests):
    """Milliseconds, over some keep-alive connections, one request after the other."""
    data = request_bytes("POST", "/webhook/hook", BODY, signed(BODY))
    clients = [Client(mira.port) for _ in range(8)]
    times = []
    for n in range(requests):
        c = clients[n % len(clients)]
        began = time.perf_counter()
        c.send(data)
        answer = c.answer()
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status == 202
    close(clients)
    return statistics.quantiles(times, n=100)[98]


def test_honest_clients_do_not_notice_slow_ones():
    count = amount(1000, "MIRA_SLOW", sanitized=200)
    runs, requests = 5, amount(1000, sanitized=200)
    with running(configuration(server={"limits": {"header_timeout": "60s", "body_timeout": "60s", "body_min_rate": "0"}})) as mira:
        p99_of_honest(mira, requests)  # warm
        for attempt in range(3):
            without = [p99_of_honest(mira, requests) for _ in range(runs)]
            crawling = subprocess.Popen([sys.executable, __file__, str(mira.port), str(count)], stdout=subprocess.PIPE,
                                        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
            try:
                assert crawling.stdout.readline() == b"all\n"
                assert mira.figure("mira_http_connections") >= count
                beside = [p99_of_honest(mira, requests) for _ in range(runs)]
                assert mira.figure("mira_http_connections") >= count
            finally:
                crawling.kill()
                crawling.wait()
            without += [p99_of_honest(mira, requests) for _ in range(runs)]
            a, b = statistics.median(without), statistics.median(beside)
            print(f"p99 without {a:.2f} ms, beside {count} slow clients {b:.2f} ms")
            if b <= 2 * a:
                return
        raise AssertionError(f"p99 {b:.2f} ms beside slow clients, {a:.2f} ms without, in three attempts")


def private_kib(pid):
    """Memory that belongs to the process alone: Private_Dirty, and anonymous pages."""
    rollup = dict(line.split(":", 1) for line in open(f"/proc/{pid}/smaps_rollup").read().splitlines()[1:])
    status = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status").read().splitlines())
    return int(rollup["Private_Dirty"].split()[0]), int(status["RssAnon"].split()[0])


def open_connections(port, count):
    sockets, pending = [], selectors.DefaultSelector()
    for _ in range(count):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(("127.0.0.1", port))
        sockets.append(s)
    for s in sockets:
        pending.register(s, selectors.EVENT_WRITE)
    left = count
    while left:
        ready = pending.select(30)
        assert ready, "connections that are not accepted"
        for key, _ in ready:
            assert key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
            pending.unregister(key.fileobj)
            left -= 1
    return sockets


def one_request_each(sockets, at_a_time):
    data = request_bytes("POST", "/webhook/hook", BODY, signed(BODY))
    for first in range(0, len(sockets), at_a_time):
        wave = sockets[first:first + at_a_time]
        for s in wave:
            s.send(data)
        for s in wave:
            s.setblocking(True)
            s.settimeout(30)
            assert s.recv(4096).startswith(b"HTTP/1.1 202 ")


def test_idle_connections_cost_at_most_a_KiB_each_and_stay_usable():
    count = amount(10_000, "MIRA_IDLE", sanitized=1000)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count + 200:
        pytest.skip(f"only {hard} descriptors are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with running(configuration(server={"limits": {"idle_timeout": "10m"}})) as mira:
        # What there is once only: pools, stacks, the journal's buffers.
        warm = open_connections(mira.port, 100)
        for _ in range(20):
            one_request_each(warm, 50)
        for s in warm:
            s.close()
        wait_until(lambda: mira.figure("mira_http_connections") <= 1, "the first connections gone")
        before = private_kib(mira.pid)

        def growth(what):
            after = private_kib(mira.pid)
            each = [(a - b) / count for a, b in zip(after, before)]
            print(f"{what}: {each[0]:.2f} KiB Private_Dirty, {each[1]:.2f} KiB RssAnon a connection")
            if not SANITIZER:
                assert max(each) <= 1.0, f"{what}: {each} KiB a connection"

        sockets = open_connections(mira.port, count)
        wait_until(lambda: mira.figure("mira_http_connections") >= count, "all connections accepted")
        growth(f"{count} idle connections")
        one_request_each(sockets, 100)
        growth(f"{count} connections after a request each")
        one_request_each(sockets, 1000)
        growth(f"{count} connections after another, a thousand at a time")
        for s in sockets:
            s.close()
        wait_until(lambda: mira.figure("mira_http_connections") <= 1, "all connections gone")


if __name__ == "__main__":
    slow_clients(int(sys.argv[1]), int(sys.argv[2]))
