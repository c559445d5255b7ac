"""A load client whose own log is the truth.

As a process of its own it posts signed deliveries over keep-alive connections, several at once, and writes down what
became of each before it goes on: accepted, refused, or unknown (the connection broke). The log is synced line by line,
so what stands in it as accepted was acknowledged.
"""
import base64
import collections
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

from mira import Client, Ended, SECRET, signed, wait_until

# Share of the bodies, smallest and largest size; those from 64 KiB on take another way through the program.
SIZES = ((0.80, 100, 1500), (0.14, 1500, 16 * 1024), (0.04, 16 * 1024, 65 * 1024), (0.02, 65 * 1024, 300 * 1024))


def body_of(delivery):
    """The same for the same delivery, always."""
    r = random.Random(delivery)
    share, at = r.random(), 0.0
    for part, least, most in SIZES:
        at += part
        if share < at:
            break
    return json.dumps({"delivery": delivery}).encode() + r.randbytes(r.randint(least, most))


def digest(body):
    return hashlib.sha256(body).hexdigest()[:16]


class Truth:
    """What the log says. accepted: delivery -> event id; answers: how often which status and error code."""

    def __init__(self):
        self.accepted = {}
        self.refused = {}
        self.unknown = set()
        self.unreached = 0
        self.answers = collections.Counter()

    def read(self, file):
        for line in open(file):
            what, delivery, *rest = line.split()
            if what == "accepted":
                assert self.accepted.setdefault(delivery, rest[1]) == rest[1], f"{delivery} has two event ids"
                self.unknown.discard(delivery)
                self.answers[rest[0]] += 1
            elif what == "refused":
                self.refused[delivery] = " ".join(rest)
                self.answers[" ".join(rest)] += 1
            elif what == "unknown":
                self.unknown.add(delivery)
            elif what == "unreached":
                self.unreached += 1
        return self

    def settle(self, mira):
        """What a provider does: sends again what it has no answer to. Then nothing is unknown."""
        with mira.client() as c:
            for delivery in sorted(self.unknown):
                body = body_of(delivery)
                answer = c.post("/webhook/hook", body, signed(body, delivery=delivery))
                assert answer.status in (200, 202), answer
                self.accepted[delivery] = answer.id
        self.unknown.clear()

    def check(self, mira, refused_may_be_kept=False):
        """All that was accepted is in the journal exactly once, unchanged, and nothing that was refused."""
        kept = collections.Counter()
        for e in mira.dump():
            delivery = e["key"]
            kept[delivery] += 1
            body = base64.b64decode(e["body_base64"])
            assert digest(body) == digest(body_of(delivery)), f"{delivery} has another body"
            if delivery in self.accepted:
                assert e["id"] == self.accepted[delivery], f"{delivery} was acknowledged with another id"
            elif delivery in self.refused:
                assert refused_may_be_kept, f"{delivery} was refused ({self.refused[delivery]}) and is kept"
            else:
                assert delivery in self.unknown, f"{delivery} was never sent"
        twice = [d for d, n in kept.items() if n > 1]
        assert not twice, f"kept more than once: {twice}"
        lost = self.lost(kept)
        assert not lost, f"{len(lost)} of {len(self.accepted)} acknowledged events are lost: {lost[:5]}"

    def lost(self, kept):
        return [d for d in self.accepted if d not in kept]


class Load:
    """The client's process, for a with statement. It ends by stop(), or by itself when every connection broke and it was not told to connect again."""

    def __init__(self, port, log, connections=8, path="/webhook/hook", reconnect=False, bad=0.02, name="d", secret=SECRET, pause=0.0):
        self.log = str(log)
        settings = dict(port=port, log=self.log, connections=connections, path=path, reconnect=reconnect, bad=bad, name=name,
                        secret=secret, pause=pause)
        self.process = subprocess.Popen([sys.executable, __file__, json.dumps(settings)],
                                        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})

    def lines(self):
        try:
            with open(self.log) as f:
                return f.read().count("\n")
        except FileNotFoundError:
            return 0

    def wait_for(self, count, timeout=120):
        """Until so many more requests have their outcome."""
        before = self.lines()
        wait_until(lambda: self.lines() >= before + count or self.process.poll() is not None, f"{count} requests", timeout)
        assert self.process.poll() is None, "the load client has ended"

    def join(self, timeout=120):
        assert self.process.wait(timeout) == 0, "the load client failed"

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Worker(threading.Thread):
    def __init__(self, settings, number, log, stopping):
        super().__init__(daemon=True)
        self.settings, self.number, self.log, self.stopping = settings, number, log, stopping
        self.random = random.Random()
        self.client = None

    def write(self, *words):
        os.write(self.log, (" ".join(str(w) for w in words) + "\n").encode())

    def run(self):
        n = 0
        while not self.stopping.is_set():
            n += 1
            delivery = f"{self.settings['name']}-{os.getpid()}-{self.number}-{n}"
            if not self.deliver(delivery) and not self.settings["reconnect"]:
                return
            if self.settings["pause"]:
                time.sleep(self.settings["pause"])

    def deliver(self, delivery):
        bad = self.random.random() < self.settings["bad"]
        body = body_of(delivery)
        headers = signed(body, "wrong" if bad else self.settings["secret"], delivery)
        try:
            if self.client is None:
                self.client = Client(self.settings["port"])
        except OSError:
            self.write("unreached", delivery)
            time.sleep(0.01)
            return False
        try:
            answer = self.client.post(self.settings["path"], body, headers)
        except OSError as e:
            self.client.close()
            self.client = None
            self.write("unknown", delivery, type(e).__name__, isinstance(e, Ended) and e.begun)
            return False
        if answer.status in (200, 202):
            self.write("accepted", delivery, answer.status, answer.id)
        else:
            self.write("refused", delivery, answer.status, answer.error)
        if answer.closes:
            self.client.close()
            self.client = None
        return True


def main():
    settings = json.loads(sys.argv[1])
    log = os.open(settings["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_DSYNC, 0o600)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    parent = os.getppid()
    workers = [Worker(settings, i, log, stopping) for i in range(settings["connections"])]
    for w in workers:
        w.start()
    while any(w.is_alive() for w in workers) and os.getppid() == parent:
        time.sleep(0.02)


if __name__ == "__main__":
    main()
