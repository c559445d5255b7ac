"""The daily quota of a tier: exact, over both reactors and across restarts, because it is a billing figure."""
import datetime

import pytest

from crowd import close, crowd, flood, statuses
from mira import configuration, request_bytes, running, signed, source
from test_limits import BODY, assert_denied, settled, webhook

PER_DAY = 1000  # tier basic


def config(tier="basic"):
    return configuration(source(tenant="acme", durability="written"), source("other", tenant="acme"), source(),
                         tenants=[{"id": "acme", "tier": tier}])


def today():
    return datetime.datetime.now(datetime.timezone.utc).date()


def in_one_day(test):
    """The quota begins anew at midnight UTC; a test that meets midnight is made again."""
    def run():
        day = today()
        try:
            test()
        except AssertionError:
            if today() == day:
                raise
            test()
    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@in_one_day
def test_a_basic_tenant_gets_exactly_a_thousand_across_restarts():
    with running(config()) as mira:
        accepted = 0
        # In three lives: the first ends by kill -9 in the midst of it, the second is stopped.
        for share, end in ((300, mira.kill), (300, mira.stop), (None, lambda: None)):
            clients = crowd(mira.port, 64)
            wanted = share
            answers, _ = flood(clients, lambda n: webhook("/webhook/acme/hook"),
                               lambda a: settled(a) if wanted is None else len(a) >= wanted)
            close(clients)
            accepted += statuses(answers)[202]
            if wanted is not None:
                assert statuses(answers) == {202: len(answers)}
                end()
                mira.start()
        assert accepted == PER_DAY
        assert_denied(answers[-1], "quota_exceeded")
        now = datetime.datetime.now(datetime.timezone.utc)
        midnight = datetime.datetime.combine(now.date() + datetime.timedelta(days=1), datetime.time(), datetime.timezone.utc)
        assert abs(int(answers[-1].headers["retry-after"]) - (midnight - now).total_seconds()) < 30

        # All of the tenant's sources share it; nobody else has it.
        assert mira.send(path="/webhook/acme/other").error == "quota_exceeded"
        assert mira.send().status == 202
        # And it is still used up after both kinds of restart.
        mira.kill()
        mira.start()
        assert mira.send(path="/webhook/acme/hook").error == "quota_exceeded"
        assert mira.stop() == 0
        mira.start()
        assert mira.send(path="/webhook/acme/hook").error == "quota_exceeded"
        assert sum(e["tenant"] == "acme" for e in mira.dump()) == PER_DAY


@in_one_day
def test_what_is_no_new_event_does_not_count():
    with running(config()) as mira:
        clients = crowd(mira.port, 16)
        for _ in range(2):
            answers, _ = flood(clients, lambda n: webhook("/webhook/acme/hook", delivery=f"d{n % 100}"), lambda a: len(a) > 300)
            assert set(statuses(answers)) <= {200, 202}
        bad = request_bytes("POST", "/webhook/acme/hook", BODY, signed(BODY, "wrong"))
        answers, _ = flood(clients, lambda n: bad, lambda a: len(a) > 300)
        assert set(statuses(answers)) == {403}
        answers, _ = flood(clients, lambda n: webhook("/webhook/acme/hook"), settled)
        close(clients)
        assert statuses(answers)[202] == PER_DAY - 100


@in_one_day
def test_a_change_of_tier_counts_at_once_and_forgets_nothing():
    with running(config()) as mira:
        clients = crowd(mira.port, 16)
        answers, _ = flood(clients, lambda n: webhook("/webhook/acme/hook"), settled)
        assert statuses(answers)[202] == PER_DAY
        mira.configure(config("enterprise"))
        assert mira.reload()
        answers, _ = flood(clients, lambda n: webhook("/webhook/acme/hook"), lambda a: len(a) >= 200)
        assert statuses(answers) == {202: len(answers)}
        # Back to basic: more than its thousand are used.
        mira.configure(config("basic"))
        assert mira.reload()
        answers, _ = flood(clients, lambda n: webhook("/webhook/acme/hook"), lambda a: len(a) >= 50)
        close(clients)
        assert statuses(answers) == {429: len(answers)}


@pytest.mark.xfail(strict=True, reason="while a tenant's tier has no quota its events are not counted: going down a tier begins at 0 until the next restart")
@in_one_day
def test_going_down_from_a_tier_without_a_quota_counts_what_was_accepted_before():
    with running(config("enterprise")) as mira:
        clients = crowd(mira.port, 16)
        flood(clients, lambda n: webhook("/webhook/acme/hook"), lambda a: len(a) >= PER_DAY - 100)
        used = sum(e["tenant"] == "acme" for e in mira.dump())
        assert used < PER_DAY
        mira.configure(config("basic"))
        assert mira.reload()
        answers, _ = flood(clients, lambda n: webhook("/webhook/acme/hook"), settled)
        close(clients)
        assert statuses(answers)[202] == PER_DAY - used
