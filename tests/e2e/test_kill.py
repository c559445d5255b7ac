"""Durability against the death of the process: kill -9 at a random moment under load, again and again.

MIRA_CYCLES sets how often.
"""
import random
import time

import pytest

from load import Load, Truth, body_of
from mira import Mira, amount, configuration, source

CYCLES = amount(10, "MIRA_CYCLES", sanitized=4)
FRESH_AFTER = 10  # cycles with one data directory


def configured(level):
    return configuration(source(durability=level), limits={"default": None})


def cycle(mira, truth, number, level):
    log = mira.folder / f"load-{number}"
    with Load(mira.port, log, connections=8, name=f"c{number}") as load:
        load.wait_for(1)
        time.sleep(random.uniform(0.02, 0.6))
        mira.kill()
        load.join()
    truth.read(log)
    mira.assert_sound()
    mira.start()
    mira.assert_sound()
    if level != "memory":
        truth.settle(mira)
        truth.check(mira)


@pytest.mark.parametrize("level", ["fsync", "written"])
def test_what_was_acknowledged_survives_kill_9(level):
    cycles = CYCLES if level == "fsync" else max(1, CYCLES // 4)
    accepted = 0
    for first in range(0, cycles, FRESH_AFTER):
        mira, truth = Mira(configured(level)), Truth()
        try:
            mira.start()
            answer = mira.send(body_of("first"), "first")
            assert answer.headers["mira-durability"] == level
            truth.accepted["first"] = answer.id
            for number in range(first, min(first + FRESH_AFTER, cycles)):
                cycle(mira, truth, number, level)
            accepted += len(truth.accepted)
            assert truth.accepted and truth.refused
            assert mira.stop() == 0
            mira.assert_sound()
        finally:
            mira.close()
    print(f"{cycles} cycles at level {level}: {accepted} acknowledged, 0 lost")


def test_level_memory_promises_nothing_and_says_so():
    mira, truth = Mira(configured("memory")), Truth()
    try:
        mira.start()
        assert mira.send().headers["mira-durability"] == "memory"
        with Load(mira.port, mira.folder / "load") as load:
            load.wait_for(50)
            mira.kill()
            load.join()
        mira.assert_sound()
        mira.start()
        assert mira.send().status == 202
    finally:
        mira.close()
