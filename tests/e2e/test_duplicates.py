"""One event for one delivery id, however often and however parallel it comes, across restarts; and never two tenants' or sources' mixed up."""
import time

import pytest

from crowd import at_the_same_time, close, crowd
from mira import Mira, amount, configuration, request_bytes, running, signed, source, wait_until

CONNECTIONS = 64


def config(**more):
    return configuration(
        source(), source("other"), source(tenant="acme"),
        source("limited", limits=[{"by": "source", "capacity": 1, "refill": "0"}]),
        source("small", max_body="1KiB"),
        tenants=[{"id": "acme", "tier": "enterprise"}], **more)


def posts(mira, clients, delivery, path="/webhook/hook", body=b'{"n":1}'):
    data = request_bytes("POST", path, body, signed(body, delivery=delivery))
    return at_the_same_time(clients, lambda _: data)


def assert_one_event(answers, already=None):
    first = [a for a in answers if a.status == 202]
    again = [a for a in answers if a.status == 200]
    assert len(first) == (0 if already else 1) and len(first) + len(again) == len(answers), answers
    ids = {a.id for a in answers}
    assert len(ids) == 1 and (not already or ids == {already})
    assert all(a.json()["status"] == "duplicate" for a in again)
    return ids.pop()


@pytest.mark.parametrize("durability", ["fsync", "written", "memory"])
def test_parallel_posts_of_one_delivery_make_one_event(durability):
    with running(config(journal={"segment_bytes": "4MiB", "durability": durability})) as mira:
        clients = crowd(mira.port, CONNECTIONS)
        known = {}
        for n in range(amount(20)):
            known[f"d{n}"] = assert_one_event(posts(mira, clients, f"d{n}"))
        # A body that waits for the disk by reference, and one that comes in pieces.
        known["large"] = assert_one_event(posts(mira, clients, "large", body=b"x" * 200_000))
        close(clients)
        if durability == "memory":
            return
        for end in (mira.kill, mira.stop):
            end()
            mira.start()
            assert {e["key"]: e["id"] for e in mira.dump()} == known
            clients = crowd(mira.port, CONNECTIONS)
            for delivery, event in known.items():
                assert_one_event(posts(mira, clients[:8], delivery), already=event)
            assert_one_event(posts(mira, clients, "d0"), already=known["d0"])
            close(clients)
            assert {e["key"]: e["id"] for e in mira.dump()} == known


def test_sources_and_tenants_have_their_own():
    with running(config()) as mira:
        answers = [mira.send(b"{}", "same", path) for path in ("/webhook/hook", "/webhook/other", "/webhook/acme/hook")]
        assert [a.status for a in answers] == [202, 202, 202] and len({a.id for a in answers}) == 3
        # The tenant in the path, spelled out.
        again = mira.send(b"{}", "same", "/webhook/default/hook")
        assert again.status == 200 and again.id == answers[0].id
        mira.kill()
        mira.start()
        again = [mira.send(b"{}", "same", path) for path in ("/webhook/hook", "/webhook/other", "/webhook/acme/hook")]
        assert [a.status for a in again] == [200, 200, 200] and [a.id for a in again] == [a.id for a in answers]


def test_what_was_refused_marks_no_key():
    with running(config()) as mira:
        assert mira.send(b"{}", "a", secret="wrong").status == 403
        assert mira.send(b"{}", "a").status == 202

        assert mira.send(b"x" * 2000, "b", "/webhook/small").status == 413
        assert mira.send(b"{}", "b", "/webhook/small").status == 202

        assert mira.send(b"{}", "c", "/webhook/limited").status == 202
        assert mira.send(b"{}", "d", "/webhook/limited").status == 429
        assert mira.send(b"{}", "d", "/webhook/limited").status == 429
        assert mira.send(b"{}", "c", "/webhook/limited").status == 200
        # A signature that is right, but for another source.
        assert sorted(e["key"] for e in mira.dump()) == ["a", "b", "c"]


def test_events_without_a_delivery_id_are_never_duplicates():
    with running(config()) as mira:
        assert [mira.send(b"{}").status for _ in range(3)] == [202] * 3
        assert len(mira.dump()) == 3


def test_a_delivery_is_new_again_after_the_window():
    with running(config(duplicates={"window": "2s"})) as mira:
        first = mira.send(b"{}", "a")
        assert first.status == 202 and mira.send(b"{}", "a").status == 200
        second = wait_until(lambda: (x := mira.send(b"{}", "a")).status == 202 and x, "the window's end", every=0.1)
        assert second.id != first.id
        assert mira.send(b"{}", "a").id == second.id


def test_a_restart_remembers_the_last_of_a_delivery_that_came_again_after_the_window():
    with running(config(duplicates={"window": "4s"})) as mira:
        first = mira.send(b"{}", "a")
        second = wait_until(lambda: (x := mira.send(b"{}", "a")).status == 202 and x, "the window's end", every=0.1)
        assert second.id != first.id
        mira.kill()
        mira.start()
        again = mira.send(b"{}", "a")
        assert (again.status, again.id) == (200, second.id)


def test_the_number_of_keys_is_bounded_and_the_oldest_leave():
    with running(config(duplicates={"max_keys": 4096})) as mira:
        clients = crowd(mira.port, CONNECTIONS)
        count = 6000
        body = b"{}"
        for first in range(0, count, CONNECTIONS):
            answers = at_the_same_time(clients, lambda i: request_bytes("POST", "/webhook/hook", body, signed(body, delivery=f"d{first + i}")))
            assert {a.status for a in answers} == {202}
        close(clients)
        assert mira.figure("mira_duplicates_keys") <= 4096
        assert mira.figure("mira_duplicates_evicted_total") > 0
        assert mira.send(body, f"d{count}").status == 200  # among the last
        assert mira.send(body, "d0").status == 202
