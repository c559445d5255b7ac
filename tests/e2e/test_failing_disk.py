"""A disk that fails: errors injected into the journal's system calls. Nothing is acknowledged that is not kept, and the answers say so."""
import pytest

import disk
from mira import Ended, Mira, configuration, signed, wait_until

PATH = "/webhook/hook"


def post_until_refused(mira, at_most=60):
    """One after the other, each with an id of its own. (accepted: delivery -> event id, refused: [(delivery, answer)])."""
    accepted, refused = {}, []
    try:
        with mira.client() as c:
            for n in range(at_most):
                delivery = f"d{n}"
                answer = c.post(PATH, delivery.encode(), signed(delivery.encode(), delivery=delivery))
                if answer.status == 202:
                    assert not refused, "acknowledged after a failure"
                    accepted[delivery] = answer.id
                else:
                    refused.append((delivery, answer))
                    if answer.closes:
                        break
    except (Ended, ConnectionError):
        assert refused, "the process ended without an answer to what it had read"
    return accepted, refused


def assert_storage_unavailable(answer):
    assert (answer.status, answer.error) == (503, "storage_unavailable"), answer
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["retry_after"] == int(answer.headers["retry-after"])


def restart_sound(mira):
    mira.wrapper = []
    mira.assert_sound()
    mira.start()
    mira.assert_sound()


@pytest.mark.parametrize("rule", [f"fdatasync:error=EIO:when={n}+" for n in (3, 4, 5, 9)] + ["pwritev:error=EIO:when=1", "pwritev:error=EIO:when=4"])
def test_an_error_of_the_disk_is_final(rule):
    mira = Mira(configuration(), wrapper=disk.inject(rule), env=disk.TRACED)
    try:
        mira.start()
        accepted, refused = post_until_refused(mira)
        assert refused, "the error was not met"
        for _, answer in refused:
            assert_storage_unavailable(answer)
        assert mira.process.wait(30) not in (0, None)
        assert "journal.failed" in mira.log()

        restart_sound(mira)
        kept = {e["key"]: e["id"] for e in mira.dump()}
        assert accepted.items() <= kept.items()
        # A provider sends the refused ones again: each is there once in the end, whether it was kept or not.
        for delivery, _ in refused:
            assert mira.send(delivery.encode(), delivery).status in (200, 202)
        assert sorted(mira.bodies()) == sorted([*accepted, *(d for d, _ in refused)])
    finally:
        mira.close()


@pytest.mark.parametrize("n", [1, 2])
def test_a_disk_that_fails_before_the_first_segment_is_ready_keeps_mira_from_starting(n):
    mira = Mira(configuration(), wrapper=disk.inject(f"fdatasync:error=EIO:when={n}+", f"fsync:error=EIO:when={n}+"), env=disk.TRACED)
    try:
        mira.start(wait=False)
        try:
            mira.wait_ready()
        except AssertionError:
            assert mira.process.wait(30) == 1
            assert "mira.cannot_start" in mira.log() and "Input/output error" in mira.log()
        else:  # the first segment got through, the second cannot be prepared; the sync of an event fails
            accepted, refused = post_until_refused(mira)
            assert not accepted
            for _, answer in refused:
                assert_storage_unavailable(answer)
            assert mira.process.wait(30) != 0
    finally:
        mira.close()


def test_a_full_disk_is_met_before_the_acknowledgement_and_passes():
    """ENOSPC for some writes in a row, then room again, without a restart."""
    mira = Mira(configuration(), wrapper=disk.inject("pwritev:error=ENOSPC:when=3..4"), env=disk.TRACED)
    try:
        mira.start()
        accepted, refused = {}, []

        def post(n):
            delivery = f"d{n}"
            answer = mira.send(delivery.encode(), delivery)
            if answer.status == 202:
                accepted[delivery] = answer.id
                return bool(refused)
            assert_storage_unavailable(answer)
            refused.append(delivery)
            return False

        numbers = iter(range(10_000))
        wait_until(lambda: post(next(numbers)), "accepted again after the disk was full", every=0.05)
        assert refused
        assert mira.get("/health/ready")[0] == 200
        assert {e["key"]: e["id"] for e in mira.dump()} == accepted
        assert mira.stop() == 0
        mira.assert_sound()
        assert {e["key"]: e["id"] for e in mira.dump()} == accepted
    finally:
        mira.close()


def test_interrupted_system_calls_are_no_failure():
    wrapper = disk.inject("pwritev:error=EINTR:when=2+2")
    mira = Mira(configuration(), wrapper=wrapper, env=disk.TRACED)
    try:
        mira.start()
        accepted, refused = post_until_refused(mira, 20)
        assert len(accepted) == 20 and not refused
        assert mira.stop() == 0
        mira.assert_sound()
        assert {e["key"]: e["id"] for e in mira.dump()} == accepted
    finally:
        mira.close()


def test_a_slow_disk_delays_and_loses_nothing():
    mira = Mira(configuration(), wrapper=disk.inject("fdatasync:delay_enter=50ms"), env=disk.TRACED)
    try:
        mira.start()
        accepted, refused = post_until_refused(mira, 10)
        assert len(accepted) == 10 and not refused
        mira.kill()
        mira.assert_sound()
        assert {e["key"]: e["id"] for e in mira.dump()} == accepted
    finally:
        mira.close()
