"""Rate limits from outside: never more than they say, exactly what they say where nothing refills, and only genuine new events pay."""
import json
import time

import pytest

from crowd import close, crowd, flood, statuses
from mira import amount, configuration, request_bytes, running, signed, source, wait_until

CONNECTIONS = 64
BODY = b'{"n":1}'


def limit(capacity, refill="0", by="source", **more):
    return {"by": by, "capacity": capacity, "refill": refill, **more}


def webhook(path="/webhook/hook", delivery=None, **headers):
    return request_bytes("POST", path, BODY, {**signed(BODY, delivery=delivery), **headers})


def settled(answers):
    """The limit has been reached and even tokens that wait in leases of idle reactors have had time to come back."""
    return len(answers) > 400 and all(a.status == 429 for a in answers[-400:])


def assert_denied(answer, code="rate_limited"):
    assert (answer.status, answer.error) == (429, code), answer
    assert answer.headers["content-type"] == "application/problem+json"
    seconds = int(answer.headers["retry-after"])
    assert seconds >= 1 and answer.json()["retry_after"] == seconds
    assert answer.json()["status"] == 429 and answer.json()["title"] and answer.json()["detail"]


@pytest.mark.parametrize("capacity", [1, 7, 500, 5000])
def test_a_limit_without_refill_admits_exactly_its_capacity(capacity):
    if capacity > amount(5000, sanitized=500):
        pytest.skip("too many requests for a sanitizer's build")
    with running(configuration(source(limits=[limit(capacity)], durability="memory"))) as mira:
        clients = crowd(mira.port, CONNECTIONS)
        answers, _ = flood(clients, lambda n: webhook(delivery=f"d{n}"), settled)
        assert set(statuses(answers)) == {202, 429}
        assert statuses(answers)[202] == capacity
        # Nothing comes back later, either.
        more, _ = flood(clients, lambda n: webhook(), lambda a: len(a) > 300)
        assert statuses(more) == {429: len(more)}
        close(clients)
        assert_denied(more[-1])
        # The last that was admitted had a capacity's worth before it.
        policy = more[-1].headers["ratelimit-policy"]
        assert policy == f'"source";q={capacity}', policy
        assert more[-1].headers["ratelimit"].startswith('"source";r=0')


@pytest.mark.parametrize("capacity, rate", [(50, 200), (1, 20), (1000, 500)])
def test_with_refill_never_more_than_burst_and_rate_times_time(capacity, rate):
    with running(configuration(source(limits=[limit(capacity, f"{rate}/s")], durability="memory"))) as mira:
        clients = crowd(mira.port, CONNECTIONS)
        end = time.monotonic() + 2
        answers, seconds = flood(clients, lambda n: webhook(), lambda _: time.monotonic() > end)
        close(clients)
        admitted = statuses(answers)[202]
        # The time was taken around everything that happened, so it can only be too long.
        assert capacity <= admitted <= capacity + rate * seconds, f"{admitted} in {seconds:.2f} s"
        denied = [a for a in answers if a.status == 429]
        assert denied
        assert_denied(denied[-1])
        assert f"q={capacity}" in denied[-1].headers["ratelimit-policy"] and ";w=" in denied[-1].headers["ratelimit-policy"]


def test_tokens_come_back_at_the_rate_and_retry_after_tells_when():
    with running(configuration(source(limits=[limit(2, "1/s")]))) as mira:
        assert [mira.send().status for _ in range(2)] == [202, 202]
        denied = mira.send()
        assert_denied(denied)
        assert int(denied.headers["retry-after"]) == 1
        wait_until(lambda: mira.send().status == 202, "a token after a second", 10, every=0.05)


def test_several_limits_admit_all_or_nothing():
    """A denial by one must not spend the other's tokens: ten of the source in all, three of each client."""
    both = [limit(10), limit(3, by="client", header="X-Client", name="each")]
    with running(configuration(source(limits=both))) as mira:
        admitted = {}
        for client in ("a", "b", "c", "d"):
            answers = [mira.send(headers={"X-Client": client}) for _ in range(20)]
            admitted[client] = statuses(answers).get(202, 0)
            assert answers[-1].headers["ratelimit"].startswith('"each"' if client != "d" else '"source"')
            assert_denied(answers[-1])
        assert admitted == {"a": 3, "b": 3, "c": 3, "d": 1}


def test_several_limits_under_a_flood_never_exceed_any():
    both = [limit(300), limit(40, by="client", header="X-Client", name="each")]
    with running(configuration(source(limits=both, durability="memory"))) as mira:
        clients = crowd(mira.port, CONNECTIONS)
        sent = {}

        def request(n):
            name = f"c{n % 16}"
            return webhook(**{"X-Client": name, "X-Request-Id": f"{name}-{n}"})

        answers, _ = flood(clients, request, settled)
        close(clients)
        for a in answers:
            if a.status == 202:
                name = a.headers["x-request-id"].split("-")[0]
                sent[name] = sent.get(name, 0) + 1
        assert sum(sent.values()) == 300 and max(sent.values()) <= 40


def test_a_tenants_limit_is_shared_by_its_sources():
    shared = [limit(10, by="tenant")]
    with running(configuration(source("a", limits=shared), source("b", limits=shared), source("a", tenant="acme", limits=shared),
                               tenants=[{"id": "acme", "tier": "enterprise"}])) as mira:
        assert [mira.send(path=f"/webhook/{'ab'[n % 2]}").status for n in range(12)] == [202] * 10 + [429] * 2
        assert [mira.send(path="/webhook/acme/a").status for _ in range(11)] == [202] * 10 + [429]


def test_clients_are_told_apart_by_address_header_and_trusted_proxies():
    config = configuration(source(limits=[limit(2, by="client")]), source("keyed", limits=[limit(2, by="client", header="X-Key")]),
                           server={"trusted_proxies": ["127.0.0.1"]})
    with running(config) as mira:
        def status(path="/webhook/hook", local="127.0.0.1", **headers):
            return mira.send(path=path, local=local, headers=headers).status

        # Through the proxy: the address that it saw is the last; what stands before it is the client's own word.
        forged = iter(range(1, 100))
        seen = [status(**{"X-Forwarded-For": f"198.51.100.{next(forged)}, 203.0.113.7"}) for _ in range(4)]
        assert seen == [202, 202, 429, 429]
        assert status(**{"X-Forwarded-For": "203.0.113.8"}) == 202
        assert status(**{"X-Forwarded-For": "2001:db8::1"}) == 202
        # Not a proxy: its word counts nothing.
        seen = [status(local="127.0.0.2", **{"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(100, 104)]
        assert seen == [202, 202, 429, 429]
        assert status(local="127.0.0.3") == 202
        # By header.
        assert [status("/webhook/keyed", **{"X-Key": "k1"}) for _ in range(3)] == [202, 202, 429]
        assert [status("/webhook/keyed", **{"X-Key": "k2"}) for _ in range(3)] == [202, 202, 429]
        assert [status("/webhook/keyed") for _ in range(3)] == [202, 202, 429]


def test_only_genuine_new_events_pay():
    with running(configuration(source(limits=[limit(5)]))) as mira:
        assert mira.send(BODY, "first").status == 202
        for _ in range(20):
            assert mira.send(BODY, "first").status == 200
            assert mira.send(BODY, "forged", secret="wrong").status == 403
            assert mira.post("/webhook/hook", BODY)[0] == 401
            assert mira.send(b"x" * (1 << 20) + b"x").status == 413
        answers = [mira.send(BODY) for _ in range(6)]
        assert [a.status for a in answers] == [202] * 4 + [429] * 2
        assert [a.headers["ratelimit"] for a in answers] == [f'"source";r={r}' for r in (3, 2, 1, 0, 0, 0)]
        # A denial consumes nothing and is no event.
        assert len(mira.dump()) == 5
        # A duplicate is recognised even where no token is left.
        assert mira.send(BODY, "first").status == 200


def test_limits_can_be_switched_off():
    with running(configuration(source(limits=[limit(1)]), webhook={"rate_limit_enabled": False})) as mira:
        assert [mira.send().status for _ in range(5)] == [202] * 5


def test_bad_signatures_of_one_address_are_bounded_and_nobody_else_notices():
    allowance = {"capacity": 40, "refill": "1/min"}
    with running(configuration(server={"limits": {"unverified_per_address": allowance}})) as mira:
        # Honest traffic of an address is not held back by it, however much there is.
        for _ in range(3):
            clients = crowd(mira.port, 16, local="127.0.0.9")
            answers, _ = flood(clients, lambda n: webhook(), lambda a: len(a) > 100)
            close(clients)
            assert set(statuses(answers)) == {202}
        bad = request_bytes("POST", "/webhook/hook", BODY, signed(BODY, "wrong"))
        clients = crowd(mira.port, CONNECTIONS, local="127.0.0.5")
        answers, _ = flood(clients, lambda n: bad, settled)
        hashed = statuses(answers)
        assert set(hashed) == {403, 429} and 20 <= hashed[403] <= 41, hashed
        assert_denied(answers[-1])
        # Others go on, and so does who has paid nothing yet.
        assert mira.send(local="127.0.0.6").status == 202
        assert json.loads(mira.get("/health")[2])["status"] == "healthy"
        close(clients)
