"""`mira check` and the command line: what is valid, what is not and why, and that no secret is ever shown."""
import json
import pathlib
import re

import pytest

from mira import Mira, configuration, running, signed, source

ROOT = pathlib.Path(__file__).parents[2]
CANARY = "canary-5a17c0ffee-"


@pytest.fixture
def mira():
    m = Mira()
    yield m
    m.close()


def check(mira, config=None, *arguments):
    if config is not None:
        mira.config_file.write_text(config if isinstance(config, str) else json.dumps(config))
    return mira.command("check", "--config", str(mira.config_file), *arguments)


def test_the_default_configuration_is_valid_and_what_check_prints_is_valid_again(mira):
    done = check(mira, (ROOT / "conf/mira.json").read_text())
    assert done.returncode == 0 and "valid" in done.stderr
    resolved = json.loads(done.stdout)
    assert resolved["webhook"]["port"] == 5000 and resolved["journal"]["durability"] == "fsync"
    again = check(mira, done.stdout)
    assert again.returncode == 0, again.stderr
    assert again.stdout == done.stdout


@pytest.mark.parametrize("config, words", [
    ("{", ["mira.json:1"]),
    ("[]", ["mira.json"]),
    ({"webhok": {}}, ["webhok", "webhook"]),
    ({"webhook": {"prot": 5000}}, ["webhook", "prot", "did you mean \"port\"?"]),
    ({"webhook": {"port": 65536}}, ["webhook.port", "65535"]),
    ({"webhook": {"port": "5000"}}, ["webhook.port"]),
    ({"webhook": {"host": "nowhere.invalid"}}, ["webhook.host"]),
    ({"journal": {"durability": "fsyn"}}, ["journal.durability", "fsync"]),
    ({"journal": {"segment_bytes": 1}}, ["journal.segment_bytes"]),
    ({"server": {"limits": {"max_body": "32 MB"}}}, ["server.limits.max_body"]),
    ({"server": {"limits": {"max_body": "32MiB"}}}, ["journal.max_unsynced"]),
    ({"sources": [{"name": "a", "scheme": "gihub"}]}, ["sources[0].scheme", "github"]),
    ({"sources": [{"name": "a", "scheme": "github"}, {"name": "a", "scheme": "github"}]}, ["sources[1].name"]),
    ({"sources": [{"name": "a", "scheme": "github", "tenant": "acme"}]}, ["acme"]),
    ({"sources": [{"name": "a b", "scheme": "github"}]}, ["sources[0].name"]),
    ({"sources": [{"scheme": "github"}]}, ["name"]),
    ({"sources": [{"name": "a", "scheme": "github", "secrets": ["env:MIRA_NOT_SET"]}]}, ["MIRA_NOT_SET"]),
    ({"sources": [{"name": "a", "scheme": "github", "secrets": ["file:/nonexistent"]}]}, ["/nonexistent"]),
    ({"sources": [{"name": "a", "scheme": "github", "limits": [{"by": "source", "capacity": 5, "refill": "5/fortnight"}]}]}, ["refill"]),
    ({"webhook": {"host": "0.0.0.0"}, "sources": [{"name": "a", "scheme": "none"}]}, ["allow_unsigned"]),
    ({"tenants": [{"id": "a", "tier": "gold"}]}, ["tier", "enterprise"]),
])
def test_what_is_wrong_is_said_where_it_is_and_what_would_be_right(mira, config, words):
    done = check(mira, config)
    assert done.returncode == 2, done.stdout
    assert all(w in done.stderr for w in words), done.stderr
    assert done.stdout == ""
    # serve says the same and does not start.
    mira.start(wait=False)
    assert mira.process.wait(30) == 2
    assert all(w in mira.log() for w in words), mira.log()


def test_all_problems_are_told_at_once(mira):
    done = check(mira, {"webhok": {}, "journal": {"durability": "x"}, "log": {"level": "loud"}})
    assert done.returncode == 2
    assert all(w in done.stderr for w in ("webhok", "journal.durability", "log.level"))


def test_settings_are_explained(mira):
    done = mira.command("check", "--settings")
    assert done.returncode == 0
    for name in ("webhook.enabled", "webhook.host", "webhook.port", "webhook.secret_key", "webhook.rate_limit_enabled", "rbac.enabled",
                 "rbac.tenant_isolation", "enterprise.usage_tracking", "enterprise.audit_logging"):
        assert name in done.stdout
    text = re.sub(r"\s+", " ", done.stdout)
    assert "5000" in text and "restart" in text


def test_the_command_line(mira):
    assert mira.command("--version").stdout.startswith("mira ")
    assert mira.command("--help").returncode == 0
    for wrong in ((), ("surve",), ("serve", "--prot", "1"), ("serve", "--port", "banana"), ("journal",), ("journal", "verify", "/nonexistent"),
                  ("check", "--config", "/nonexistent")):
        done = mira.command(*wrong)
        assert done.returncode not in (0, None) and (done.stderr or done.stdout), wrong
    done = mira.command("journal", "find", str(mira.folder), "evt_nonsense")
    assert done.returncode == 2 and "evt_nonsense" in done.stderr


def test_two_at_once_are_told_apart(mira):
    """A second process neither shares the port nor the journal by accident."""
    mira.start()
    other = Mira(configuration(webhook={"port": mira.port}))
    same_data = Mira(configuration(), data=mira.data)
    try:
        other.start(wait=False)
        assert other.process.wait(30) == 1
        assert str(mira.port) in other.log() and "--takeover" in other.log()
        same_data.start(wait=False)
        assert same_data.process.wait(30) == 1
        assert "in use by process" in same_data.log() and str(mira.pid) in same_data.log()
    finally:
        other.close()
        same_data.close()
    assert mira.send(path="/webhook/none").status == 404


def test_no_secret_is_ever_shown():
    """Planted in every place that takes one, they turn up nowhere: not in logs, check, metrics, answers or the journal."""
    secrets = [CANARY + str(n) for n in range(12)]
    mira = Mira(env={"CANARY": secrets[0]})
    try:
        file = mira.folder / "secret"
        file.write_text(secrets[1])
        file.chmod(0o600)
        config = configuration(
            source("one", secrets=[secrets[2], "env:CANARY", f"file:{file}", {"value": secrets[3], "not_after": "2020-01-01T00:00:00Z"}]),
            source("two", scheme="token", secrets=[secrets[4]], keep_headers="all", options={"header": "X-Token"}),
            source("three", scheme="basic", secrets=[f"user:{secrets[5]}"], keep_headers="all"),
            webhook={"secret_key": secrets[6]}, n8n={"url": "https://n8n.example.org", "api_key": secrets[7]},
            redis={"url": None}, accounts={"url": f"postgresql://mira:{secrets[8]}@db.example.org/mira"}, log={"level": "debug", "format": "json"})
        mira.configure(config)
        done = check(mira)
        if done.returncode != 0:  # a scheme's own options are its tests' business
            raise AssertionError(done.stderr)
        shown = done.stdout + done.stderr
        mira.start()
        answers = [mira.send(secret=secrets[2], path="/webhook/one"), mira.send(secret="wrong", path="/webhook/one"),
                   mira.send(secret=secrets[3], path="/webhook/one"), mira.send(secret=secrets[6], path="/webhook/github")]
        assert [a.status for a in answers] == [202, 403, 403, 202]
        import base64
        basic = base64.b64encode(f"user:{secrets[5]}".encode()).decode()
        more = [mira.post("/webhook/two", b"{}", {"X-Token": secrets[4]}), mira.post("/webhook/two", b"{}", {"X-Token": secrets[9]}),
                mira.post("/webhook/three", b"{}", {"Authorization": "Basic " + basic})]
        shown += "".join(str(a.headers) + a.body.decode() for a in answers) + "".join(str(h) + b.decode() for _, h, b in more)
        mira.config_file.write_text(json.dumps(config).replace('"sources"', '"sorces"'))
        assert not mira.reload()
        mira.configure({**config, "sources": [source("one", secrets=[secrets[10]])]})
        assert mira.reload()
        shown += mira.get("/metrics")[2].decode() + mira.get("/health")[2].decode() + mira.get("/")[2].decode()
        shown += mira.command("journal", "dump", str(mira.journal), "--json").stdout
        assert mira.stop() == 0
        shown += mira.log() + "".join(f.read_bytes().decode("latin-1") for f in mira.journal.iterdir())
        assert CANARY not in shown, shown[shown.index(CANARY) - 300:][:400]
        assert basic not in shown
    finally:
        mira.close()
