"""Every system call of a short life that touches the journal's disk, as the moment of death: kill at the N-th call, for each N."""
import contextlib
import signal

import pytest

import disk
from mira import Ended, Mira, amount, configuration, signed, source

LAST = amount(100, sanitized=4)  # more than there are

# Small segments, so that a few events go through all of a segment's life: prepared, filled, sealed, indexed.
CONFIG = configuration(source(max_body="512KiB"), journal={"segment_bytes": "1MiB"}, server={"limits": {"max_body": "512KiB"}})
SIZES = [100, 2_000, 300_000, 400_000, 50, 400_000, 70_000, 5]


def life(mira):
    """Start, eight events, stop: as far as it gets. Delivery -> event id or None of each that was sent."""
    told = {}
    try:
        mira.start()
    except AssertionError:
        assert "cannot_start" not in mira.log(), mira.log()
        return told
    try:
        with mira.client() as c:
            for n, size in enumerate(SIZES):
                delivery = f"d{n}"
                body = delivery.encode().ljust(size, b".")
                told[delivery] = None
                answer = c.post("/webhook/hook", body, signed(body, delivery=delivery))
                assert answer.status in (200, 202), answer
                told[delivery] = answer.id
        mira.stop()
    except (Ended, ConnectionError, ProcessLookupError, IndexError):
        mira.process.wait(30)
    return told


def check(mira, told):
    kept = {}
    for e in mira.dump():
        assert e["key"] not in kept, f"{e['key']} is there twice"
        kept[e["key"]] = e["id"]
    for delivery, event in told.items():
        assert event is None or kept.get(delivery) == event, f"{delivery} was acknowledged as {event}; kept: {kept}"
    assert kept.keys() <= told.keys()


@pytest.mark.parametrize("call", ["pwritev", "pwrite64", "fdatasync", "fsync", "ftruncate", "rename", "fallocate", "mkdir"])
def test_death_at_any_call(call):
    struck = 0
    for n in range(1, LAST + 1):
        mira = Mira(CONFIG, wrapper=disk.inject(f"{call}:signal=KILL:when={n}"), env=disk.TRACED)
        try:
            told = life(mira)
            hit = mira.process.returncode == -signal.SIGKILL
            if mira.journal.exists():
                mira.assert_sound()
            # Recovery dies at its own first calls as well.
            again = Mira(CONFIG, data=mira.data, wrapper=disk.inject(f"{call}:signal=KILL:when={1 + n % 3}"), env=disk.TRACED)
            try:
                again.start(wait=False)
                with contextlib.suppress(AssertionError):
                    again.wait_ready()
                with contextlib.suppress(ProcessLookupError, IndexError):  # dead already
                    again.kill()
                assert again.process.wait(30) == -signal.SIGKILL, again.log()
            finally:
                again.close()
            mira.wrapper = []
            mira.start()
            mira.assert_sound()
            check(mira, told)
            # And it works: the provider sends everything again.
            for i, size in enumerate(SIZES):
                body = f"d{i}".encode().ljust(size, b".")
                answer = mira.send(body, f"d{i}")
                assert answer.status == (200 if told.get(f"d{i}") else answer.status) and answer.status in (200, 202)
                told[f"d{i}"] = told.get(f"d{i}") or answer.id
                assert answer.id == told[f"d{i}"]
            assert mira.stop() == 0
            mira.assert_sound()
            check(mira, told)
        finally:
            mira.close()
        struck += hit
        if not hit:
            break
    assert struck, f"no life was ended by {call}"
    print(f"{call}: {struck} deaths")
