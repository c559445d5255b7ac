"""SIGHUP: a valid configuration is taken whole and at once, an invalid one changes nothing, and nobody who posts meanwhile notices.

MIRA_RELOADS sets how many reloads are made under load.
"""
import datetime

from load import Load, Truth
from mira import Mira, amount, configuration, running, source, wait_until

OLD, NEW = "the old secret", "the new secret"


def after(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_sources_come_and_go():
    with running(configuration(source("a"))) as mira:
        assert mira.send(path="/webhook/a").status == 202
        assert mira.send(path="/webhook/b").error == "unknown_source"
        mira.configure(configuration(source("b"), source("a", enabled=False)))
        assert mira.reload()
        assert mira.send(path="/webhook/a").error == "unknown_source"
        assert mira.send(path="/webhook/b").status == 202
        mira.configure(configuration(source("a")))
        assert mira.reload()
        assert mira.send(path="/webhook/a").status == 202
        assert mira.send(path="/webhook/b").error == "unknown_source"
        # What was accepted of a source that has gone is still there.
        assert [e["source"] for e in mira.dump()] == ["a", "b", "a"]


def test_secrets_are_rotated_without_a_gap():
    with running(configuration(source(secrets=[OLD]))) as mira:
        assert mira.send(secret=OLD).status == 202 and mira.send(secret=NEW).status == 403
        mira.configure(configuration(source(secrets=[NEW, {"value": OLD, "not_after": after(3)}])))
        assert mira.reload()
        assert mira.send(secret=NEW).status == 202 and mira.send(secret=OLD).status == 202
        # Its time runs out by itself.
        wait_until(lambda: mira.send(secret=OLD).status == 403, "the old secret's end", 15, every=0.1)
        assert mira.send(secret=NEW).status == 202
        # One that has expired before is refused from the start.
        mira.configure(configuration(source(secrets=[NEW, {"value": OLD, "not_after": after(-1)}])))
        assert mira.reload()
        assert mira.send(secret=NEW).status == 202 and mira.send(secret=OLD).status == 403


def test_secrets_from_files_are_read_again():
    mira = Mira()
    try:
        file = mira.folder / "secret"
        file.write_text(OLD + "\n")
        file.chmod(0o600)
        mira.configure(configuration(source(secrets=[f"file:{file}"])))
        mira.start()
        assert mira.send(secret=OLD).status == 202
        file.write_text(NEW + "\n")
        assert mira.reload()
        assert mira.send(secret=NEW).status == 202 and mira.send(secret=OLD).status == 403
        file.unlink()
        assert not mira.reload()
        assert mira.send(secret=NEW).status == 202
    finally:
        mira.close()


def test_an_invalid_configuration_changes_nothing_and_the_log_says_why():
    with running(configuration(source("a"))) as mira:
        def refused(text, *words):
            mira.config_file.write_text(text)
            before = len(mira.log())
            assert not mira.reload()
            told = mira.log()[before:]
            assert "nothing has changed" in told and all(w in told for w in words), told
            assert mira.send(path="/webhook/a").status == 202
            assert mira.send(path="/webhook/b").error == "unknown_source"

        refused("{", "mira.json")
        refused('{"sources": [{"name": "b", "scheme": "github", "secretz": []}]}', "secretz", "secrets")
        refused('{"sources": [{"name": "b", "scheme": "gitub", "secrets": ["x"]}]}', "gitub", "github")
        refused('{"sources": [{"name": "b", "scheme": "github", "secrets": ["env:MIRA_NO_SUCH_VARIABLE"]}]}', "MIRA_NO_SUCH_VARIABLE")
        refused('{"sources": [{"name": "b", "scheme": "github", "secrets": ["x"], "limits": [{"by": "source", "capacity": 0, "refill": "1/s"}]}]}', "capacity")
        mira.config_file.unlink()
        assert not mira.reload()
        assert mira.send(path="/webhook/a").status == 202


def test_what_needs_a_restart_waits_and_is_named():
    with running(configuration(source())) as mira:
        mira.configure(configuration(source("b"), journal={"segment_bytes": "8MiB"}))
        assert mira.reload()
        assert "config.waits_for_restart" in mira.log() and "journal.segment_bytes" in mira.log()
        assert mira.send(path="/webhook/b").status == 202  # the rest is in force


def test_limits_and_levels_follow_a_reload():
    with running(configuration(source(limits=[{"by": "source", "capacity": 2, "refill": "0"}]))) as mira:
        assert [mira.send().status for _ in range(3)] == [202, 202, 429]
        mira.configure(configuration(source(limits=[{"by": "source", "capacity": 5, "refill": "0"}], durability="written", max_body="10KiB")))
        assert mira.reload()
        answers = [mira.send() for _ in range(4)]
        assert [a.status for a in answers] == [202, 202, 202, 429], "two of the five were used before"
        assert answers[0].headers["mira-durability"] == "written"
        assert mira.send(b"x" * 10_241).status == 413


def test_reloads_under_load_fail_no_request():
    reloads = amount(20, "MIRA_RELOADS", sanitized=6)
    with running(configuration(source(secrets=[OLD]))) as mira:
        log = mira.folder / "load"
        with Load(mira.port, log, secret=OLD, bad=0, reconnect=True) as load:
            for n in range(reloads):
                load.wait_for(20)
                if n % 4 == 3:
                    mira.config_file.write_text("{")
                    assert not mira.reload()
                else:
                    mira.configure(configuration(source(secrets=[NEW, OLD] if n % 2 else [OLD]), source(f"extra{n}")))
                    assert mira.reload()
            load.wait_for(20)
            load.stop()
        truth = Truth().read(log)
        assert set(truth.answers) == {"202"}, truth.answers
        assert not truth.unknown and not truth.unreached
        truth.check(mira)
        print(f"{reloads} reloads, {truth.answers['202']} requests, 0 failed")
