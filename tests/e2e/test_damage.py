"""Bytes that changed on the disk: found always, named, never passed over in silence; salvage loses what was hit and nothing else.

MIRA_EXHAUSTIVE=1 flips every byte; the default takes a sample of each part.
"""
import os
import random
import re
import shutil

import pytest

from mira import Mira, amount, configuration

EXHAUSTIVE = os.environ.get("MIRA_EXHAUSTIVE") == "1"
HEADER = 4096
EVENTS = 3


@pytest.fixture(scope="module")
def original():
    """A journal with three events, stopped cleanly. (mira, event ids, the segment's file)"""
    mira = Mira(configuration(journal={"segment_bytes": "2MiB"}))
    try:
        mira.start()
        ids = [mira.send(f'{{"number":{n}}}'.encode().ljust(120, b"."), f"d{n}").id for n in range(EVENTS)]
        assert mira.stop() == 0
        segment, = (f for f in mira.journal.glob("*.seg") if b'{"number":0}' in f.read_bytes())
        shutil.copytree(mira.data, mira.folder / "original")
        yield mira, ids, segment
    finally:
        mira.close()


def restore(mira):
    shutil.rmtree(mira.data)
    shutil.copytree(mira.folder / "original", mira.data)


def flip(file, offset, mask=0xFF):
    with open(file, "r+b") as f:
        f.seek(offset)
        byte = f.read(1)
        f.seek(offset)
        f.write(bytes([byte[0] ^ mask]))


def verify(mira):
    """(exit code, ids that can still be read)"""
    done = mira.verify()
    dumped = mira.command("journal", "dump", str(mira.journal), "--json")
    assert dumped.returncode == done.returncode
    return done, re.findall(r'"id":"(evt_[^"]+)"', dumped.stdout)


def offsets(size):
    if EXHAUSTIVE:
        return range(size)
    r = random.Random(7)
    body = list(range(HEADER, size))
    count = amount(36, sanitized=10)
    return sorted({*range(0, 48, 6), HEADER - 1, HEADER, size - 1, size - 40, *r.sample(body, min(count, len(body)))})


def test_a_flipped_byte_is_found_or_does_no_harm(original):
    """Each byte by itself: verify alone, which is what can be done for all of them."""
    mira, ids, segment = original
    size = segment.stat().st_size
    found = 0
    for offset in sorted({*offsets(size), *range(HEADER, size, 5)}):
        restore(mira)
        flip(segment, offset, random.Random(offset).choice([0x01, 0x80, 0xFF]))
        done, kept = verify(mira)
        if kept == ids and done.returncode == 0:
            continue  # bytes that nothing depends on
        assert done.returncode == 1, f"byte {offset}: {ids} became {kept}, and verify is content"
        assert segment.name in done.stderr and re.search(r" at \d+|header|sequence", done.stderr), done.stderr
        assert len(kept) >= EVENTS - 1 and set(kept) <= set(ids), f"byte {offset}: {kept}"
        found += 1
    assert found
    print(f"{found} flipped bytes of {size} mattered")


def test_start_refuses_a_damaged_journal_and_salvage_loses_no_more_than_was_hit(original):
    mira, ids, segment = original
    for offset in offsets(segment.stat().st_size):
        restore(mira)
        flip(segment, offset)
        done, kept = verify(mira)
        mira.start(wait=False)
        if done.returncode == 0:
            mira.wait_ready()
            assert mira.stop() == 0
            assert [e["id"] for e in mira.dump()] == ids
            continue
        assert mira.process.wait(30) == 1
        last = mira.log()[-2000:]
        assert "--salvage" in last and segment.name in last
        assert verify(mira)[1] == kept, "a refused start must change nothing"

        mira.start("--salvage")
        mira.assert_sound()
        saved = [e["id"] for e in mira.dump()]
        assert saved == kept and len(saved) >= EVENTS - 1
        # What was lost is accepted again when it is sent again, what was saved is known.
        statuses = [mira.send(f'{{"number":{n}}}'.encode().ljust(120, b"."), f"d{n}").status for n in range(EVENTS)]
        assert statuses == [200 if i in saved else 202 for i in ids]
        assert mira.stop() == 0
        assert list(mira.journal.glob("*.damaged*")), "the damaged segment is set aside"
        mira.start()  # and needs no salvage any more
        assert mira.stop() == 0
        mira.assert_sound()


def test_a_torn_end_is_cut_and_costs_at_most_the_last_event():
    """After kill -9 the file is cut within its last record, at every 64 bytes: as a torn write would leave it."""
    mira = Mira(configuration(journal={"segment_bytes": "1MiB"}, server={"limits": {"max_body": "512KiB"}}))
    try:
        mira.start()
        ids = [mira.send(b"x" * 1500, f"d{n}").id for n in range(3)]
        mira.kill()
        shutil.copytree(mira.data, mira.folder / "original")
        segment = next(f for f in mira.journal.glob("*.seg") if b"d2" in f.read_bytes())
        data = segment.read_bytes()
        end = data.rindex(b"x" * 1500) + 1500
        for cut in range(end - 1600, end + 16, 64 if not EXHAUSTIVE else 1):
            restore(mira)
            with open(segment, "r+b") as f:
                f.truncate(cut)
            done, kept = verify(mira)
            assert kept in (ids, ids[:2]), f"cut at {cut}: {kept}"
            assert done.returncode == 0, done.stderr
            if cut % 5 and not EXHAUSTIVE:
                continue
            mira.start()
            assert [e["id"] for e in mira.dump()] == kept
            assert mira.send(b"x" * 1500, "d2").status == (200 if len(kept) == 3 else 202)
            assert mira.stop() == 0
            mira.assert_sound()
    finally:
        mira.close()


def test_what_was_cut_before_the_last_event_is_found(original):
    """A sealed segment that lost its end is not torn: what was promised is gone, and that is said."""
    mira, ids, segment = original
    data = (mira.folder / "original" / "journal" / segment.name).read_bytes()
    restore(mira)
    with open(segment, "r+b") as f:
        f.seek(data.index(b'{"number":0}'))
        f.write(bytes(60))
    done, kept = verify(mira)
    assert done.returncode == 1 and kept == ids[1:]
