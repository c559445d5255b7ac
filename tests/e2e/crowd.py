"""Many connections at once from few threads: each takes a share of the connections and drives them one request at a time."""
import selectors
import socket
import threading
import time

from mira import Answer, Client


def crowd(port, count, local=None):
    """So many connected clients; the kernel spreads them over the reactors by their source port."""
    return [Client(port, local=local) for _ in range(count)]


def close(clients):
    for c in clients:
        c.close()


def at_the_same_time(clients, request):
    """Sends request(i) on every connection before any answer is read. The answers, in order."""
    start = threading.Barrier(min(8, len(clients)))
    each = [clients[i::start.parties] for i in range(start.parties)]
    answers = {}

    def run(n):
        share = list(enumerate(each[n]))
        data = [request(n + start.parties * i) for i, _ in share]
        start.wait()
        for i, c in share:
            c.send(data[i])
        for i, c in share:
            answers[n + start.parties * i] = c.answer()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(start.parties)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(answers) == len(clients), "some connection got no answer"
    return [answers[i] for i in range(len(clients))]


def flood(clients, request, until, deadline=60):
    """Keeps one request under way on every connection until until(answers so far) is true; then takes what is under way.

    request(n) makes the bytes of the n-th. Returns all answers and the time from the first byte sent to the last answer.
    """
    answers, sent = [], 0
    waiting = selectors.DefaultSelector()
    for c in clients:
        c.socket.setblocking(True)
        waiting.register(c.socket, selectors.EVENT_READ, c)
    began = time.monotonic()
    under_way = 0
    for c in clients:
        c.send(request(sent))
        sent += 1
        under_way += 1
    finished = False
    while under_way:
        finished = finished or until(answers)
        for key, _ in waiting.select(1):
            c = key.data
            answers.append(c.answer())
            if finished:
                under_way -= 1
                waiting.unregister(c.socket)
            else:
                c.send(request(sent))
                sent += 1
        assert time.monotonic() < began + deadline, "the flood does not end"
    waiting.close()
    return answers, time.monotonic() - began


def statuses(answers: list[Answer]):
    counts = {}
    for a in answers:
        counts[a.status] = counts.get(a.status, 0) + 1
    return counts
