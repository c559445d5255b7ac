"""Durability against power cuts: the file system under the journal is shut down under load, so that what was not synced is gone.

kill -9 alone proves nothing about the sync: the page cache outlives the process. The control experiment below shows
that this check sees the difference. MIRA_CYCLES sets how often; half of them on xfs, half on ext4.
"""
import random
import time

import pytest

import disk
from load import Load, Truth
from mira import Mira, amount, configuration

CYCLES = amount(4, "MIRA_CYCLES", sanitized=2)


def cut_under_load(mira, image, truth, name, stop=None):
    """Load, power cut in the midst of it, power back. The process has ended by itself, with an error."""
    log = mira.folder / f"load-{name}"
    with Load(mira.port, log, name=name) as load:
        load.wait_for(1)
        time.sleep(random.uniform(0.05, 0.8))
        image.cut_power()
        load.join()
    code = mira.process.wait(30)
    image.restore_power()
    truth.read(log)
    return code


@pytest.mark.parametrize("kind", ["xfs", "ext4"])
def test_what_was_acknowledged_survives_power_cuts(kind):
    with disk.image(kind) as image:
        mira, truth = Mira(configuration(), data=image.path / "data"), Truth()
        try:
            mira.start()
            for n in range(max(1, CYCLES // 2)):
                assert cut_under_load(mira, image, truth, f"p{n}") != 0, "a failed disk must end the process with an error"
                mira.assert_sound()
                mira.start()
                mira.assert_sound()
                # Answered 503 while the disk was going: nobody knows, so the provider sends it again.
                truth.unknown |= {d for d, why in truth.refused.items() if "storage_unavailable" in why}
                for d in truth.unknown:
                    truth.refused.pop(d, None)
                truth.settle(mira)
                truth.check(mira)
            assert truth.accepted
            print(f"{kind}: {max(1, CYCLES // 2)} power cuts, {len(truth.accepted)} acknowledged, 0 lost")
        finally:
            mira.close()


def test_the_check_finds_losses_where_the_sync_is_skipped():
    """The control: fdatasync is made to do nothing, as if Mira forgot it. If no loss were found, the test above would prove nothing."""
    wrapper = disk.inject("fdatasync:retval=0")
    with disk.image("xfs") as image:
        mira, truth = Mira(configuration(), data=image.path / "data", wrapper=wrapper, env=disk.TRACED), Truth()
        try:
            mira.start()
            log = mira.folder / "load"
            with Load(mira.port, log) as load:
                load.wait_for(50)
                image.cut_power()
                mira.end()  # it may have ended by itself: the disk is gone
                load.join()
            image.restore_power()
            truth.read(log)
            kept = {e["key"] for e in mira.dump()} if mira.verify().returncode == 0 else set()
            lost = truth.lost(kept)
            print(f"without the sync: {len(lost)} of {len(truth.accepted)} acknowledged events lost")
            assert lost
        finally:
            mira.close()
