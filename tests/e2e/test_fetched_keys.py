"""Keys that providers publish: fetched off the request, checked, kept; and what is refused without asking anybody."""
import base64
import hashlib
import json
import socket
import threading
import time
import zlib

import pytest

from mira import Mira, running, wait_until
from provider import Site, World

CERTIFICATE = "/v1/notifications/certs/CERT-1"
TOPIC = "arn:aws:sns:us-east-1:123456789012:orders"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture
def site(world):
    with Site(world.server) as s:
        s.pages[CERTIFICATE] = world.paypal.pem
        s.pages["/sns.pem"] = world.sns.pem
        s.pages["/jwks.json"] = json.dumps({"keys": [world.tokens.jwk("k1")]}).encode()
        yield s


def setting(world, hosts, **outbound):
    paypal = {"name": "paypal", "scheme": "paypal", "options": {"webhook_id": "WH"}}
    sns = {"name": "sns", "scheme": "sns", "options": {"topic_arn": TOPIC}, "tolerance": "1h"}
    tokens = {"name": "auth", "scheme": "fusionauth", "options": {"jwks_url": "https://keys.example.com/jwks.json"}}
    more = {"limits": [], "pipeline": []}
    return {"sources": [{**s, **more} for s in (paypal, sns, tokens)], "journal": {"segment_bytes": "4MiB"},
            "outbound": {"allow": ["127.0.0.0/8"], "ca_file": str(world.root.certificate), "hosts": hosts, **outbound}}


def everywhere(site):
    return {name: site.address for name in
            ("api.paypal.com", "api.sandbox.paypal.com", "sns.us-east-1.amazonaws.com", "keys.example.com")}


def paypal(pair, body=b'{"event_type":"PAYMENT"}', url="https://api.paypal.com" + CERTIFICATE, id="t-1"):
    text = f"{id}|2026-01-02T03:04:05Z|WH|{zlib.crc32(body)}"
    return {"paypal-transmission-id": id, "paypal-transmission-time": "2026-01-02T03:04:05Z", "paypal-cert-url": url,
            "paypal-transmission-sig": base64.b64encode(pair.sign(text.encode())).decode()}


def sns(pair, kind="Notification", topic=TOPIC, host="sns.us-east-1.amazonaws.com", **more):
    message = {"Type": kind, "MessageId": "m-1", "TopicArn": topic, "Message": "hello",
               "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
               "SignatureVersion": "2", "SigningCertURL": f"https://{host}/sns.pem", **more}
    signed = ["Message", "MessageId", "Timestamp", "TopicArn", "Type"]
    if kind != "Notification":
        signed = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{message[name]}\n" for name in signed)
    message["Signature"] = base64.b64encode(pair.sign(text.encode())).decode()
    return json.dumps(message).encode()


def confirmation(pair, host="sns.us-east-1.amazonaws.com", **more):
    return sns(pair, "SubscriptionConfirmation", Token="t",
               SubscribeURL=f"https://{host}/?Action=ConfirmSubscription&Token=t", **more)


def post(mira, path, body, headers=None):
    with mira.client() as c:
        return c.post("/webhook/" + path, body, headers or {"Content-Type": "application/json"})


def insist(mira, path, body, headers=None):
    """As a provider: sends it again for as long as it is told to. Returns the last answer, and how often it had to wait."""
    waited = 0

    def told():
        nonlocal waited
        answer = post(mira, path, body, headers)
        if answer.status != 503:
            return answer
        assert answer.error == "storage_unavailable" and int(answer.headers["retry-after"]) > 0, answer
        waited += 1
        return None
    return wait_until(told, "an answer other than 503"), waited


def refused(answer):
    return answer.status in (401, 403) and answer.error == "invalid_signature"


def test_a_certificate_is_fetched_once_and_good_for_the_next(world, site):
    body = b'{"event_type":"PAYMENT"}'
    with running(setting(world, everywhere(site))) as mira:
        first = post(mira, "paypal", body, paypal(world.paypal))
        assert first.status == 503 and first.error == "storage_unavailable", first
        assert first.headers["retry-after"] == "5"
        answer, _ = insist(mira, "paypal", body, paypal(world.paypal))
        assert answer.status == 202, answer
        for n in range(5):
            assert post(mira, "paypal", body, paypal(world.paypal, id=f"u-{n}")).status == 202
        assert site.hits == {CERTIFICATE: 1}
        assert site.hosts == {"api.paypal.com"}
        # What was tampered with, by another key, for another webhook.
        assert refused(post(mira, "paypal", body + b" ", paypal(world.paypal)))
        assert refused(post(mira, "paypal", body, paypal(world.forged)))
        assert refused(post(mira, "paypal", body, {**paypal(world.paypal), "paypal-transmission-id": "t-2"}))
        assert site.total == 1
        assert mira.figure('mira_keys_fetched_total{result="good"}') == 1
        assert mira.figure('mira_keys_entries{kind="proven"}') == 1
        assert mira.figure("mira_outbound_under_way") == 0
        assert len(mira.dump()) == 6
        mira.assert_sound()
        assert mira.stop() == 0


def test_many_ask_and_one_fetches(world, site):
    body = b"{}"
    with running(setting(world, everywhere(site), timeout="30s")) as mira:
        site.open.clear()
        fields = paypal(world.paypal, body)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(post(mira, "paypal", body, fields))) for _ in range(20)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        # The key is long in coming, the answers are not.
        assert [a.status for a in answers] == [503] * 20
        wait_until(lambda: site.total == 1, "the fetch")
        site.open.set()
        assert insist(mira, "paypal", body, fields)[0].status == 202
        assert site.hits == {CERTIFICATE: 1}


def test_what_the_peer_must_not_choose_is_not_fetched(world, site):
    body = b"{}"
    with running(setting(world, {**everywhere(site), "evil.example": site.address})) as mira:
        for url in ("https://evil.example" + CERTIFICATE, "https://api.paypal.com.evil.example/x", "https://paypal.com/x",
                    "http://api.paypal.com" + CERTIFICATE, "https://api.paypal.com:8443" + CERTIFICATE,
                    "https://api.paypal.com@evil.example/x", "https://evil.example/#api.paypal.com", "https://127.0.0.1/x",
                    "https://api.paypal.com\\@evil.example/", "file:///etc/passwd", "//api.paypal.com/x"):
            assert refused(post(mira, "paypal", body, paypal(world.paypal, body, url))), url
        for message in (sns(world.sns, host="evil.example"), sns(world.sns, host="s3.us-east-1.amazonaws.com"),
                        sns(world.sns, topic="arn:aws:sns:us-east-1:999999999999:orders")):
            assert refused(post(mira, "sns", message))
        assert refused(post(mira, "auth", body, {"X-FusionAuth-Signature-JWT": world.tokens.jws("../k1", {})}))
        assert site.connections == 0
        assert mira.figure("mira_outbound_requests_total") == 0
        assert mira.figure("mira_keys_fetches_total") == 0


def test_certificates_that_must_not_be_trusted(world, site):
    body = b"{}"
    for path, page in {"/forged": world.forged.pem, "/forged-chain": world.forged.pem + world.other_root.pem,
                       "/other-name": world.tokens.pem, "/server": world.server.pem, "/html": b"<html>",
                       "/empty": b"", "/key": world.forged.key.read_bytes(), "/large": world.paypal.pem + b"\n" * 70_000,
                       "/gone": (410, {}, b"")}.items():
        site.pages[path] = page
    with running(setting(world, everywhere(site))) as mira:
        for path, pair in {"/forged": world.forged, "/forged-chain": world.forged, "/other-name": world.tokens,
                           "/server": world.server, "/html": world.paypal, "/empty": world.paypal, "/key": world.forged,
                           "/large": world.paypal, "/gone": world.paypal, "/unknown": world.paypal}.items():
            fields = paypal(pair, body, "https://api.paypal.com" + path)
            answer, waited = insist(mira, "paypal", body, fields)
            assert refused(answer) and waited, (path, answer)
            assert refused(post(mira, "paypal", body, fields))
            assert site.hits[path] == 1, path  # the refusal is kept
        assert mira.dump() == []
        # None of that stands in the way of the genuine one.
        assert insist(mira, "paypal", body, paypal(world.paypal, body))[0].status == 202


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{s.getsockname()[1]}"


@pytest.mark.parametrize("trouble", ["nobody listens", "no answer", "another authority's server", "a server of another name",
                                     "an address that is not allowed", "a redirect", "a password", "an error",
                                     "an answer without end"])
def test_while_nobody_can_tell_the_provider_is_asked_to_come_again(world, site, trouble):
    body, hosts, outbound = b"{}", everywhere(site), {"timeout": "300ms"}
    other = None
    if trouble == "nobody listens":
        hosts["api.paypal.com"] = closed_port()
    elif trouble == "no answer":
        site.open.clear()
    elif trouble in ("another authority's server", "a server of another name"):
        other = Site(world.other_server if "authority" in trouble else world.wrong_name)
        other.pages[CERTIFICATE] = world.paypal.pem
        hosts["api.paypal.com"] = other.address
    elif trouble == "an address that is not allowed":
        outbound["allow"] = ["10.0.0.0/8"]
    elif trouble == "a redirect":
        site.pages["/moved"] = world.paypal.pem
        site.pages[CERTIFICATE] = (302, {"Location": "https://api.paypal.com/moved"}, b"")
    elif trouble == "a password":
        site.pages[CERTIFICATE] = (401, {}, b"")
    elif trouble == "an error":
        site.pages[CERTIFICATE] = (500, {}, world.paypal.pem)
    elif trouble == "an answer without end":
        site.pages[CERTIFICATE] = (200, {"Content-Length": 1 << 40}, world.paypal.pem)
    fields = paypal(world.paypal, body)
    try:
        with running(setting(world, hosts, **outbound)) as mira:
            assert post(mira, "paypal", body, fields).status == 503
            wait_until(lambda: mira.figure('mira_keys_fetched_total{result="unavailable"}') >= 1, "the end of a fetch")
            for _ in range(5):
                assert post(mira, "paypal", body, fields).status == 503
            # A pause is made before the next try.
            assert mira.figure("mira_keys_fetches_total") <= 2
            assert mira.dump() == []
            if trouble == "an address that is not allowed":
                assert site.connections == 0
                assert mira.figure('mira_outbound_failures_total{reason="address_refused"}') >= 1
            if other:
                assert other.total == 0
            if trouble == "a redirect":
                assert site.hits["/moved"] == 0
                # As soon as it is there the event is taken.
                site.pages[CERTIFICATE] = world.paypal.pem
                assert insist(mira, "paypal", body, fields)[0].status == 202
            assert mira.stop() == 0
    finally:
        if other:
            other.close()


def test_a_flood_of_unknown_keys_is_bounded(world, site):
    body = b"{}"
    config = setting(world, everywhere(site))
    config["server"] = {"limits": {"unverified_per_address": {"capacity": 1000000, "refill": "1000000/s"}}}
    with running(config) as mira:
        begun = time.monotonic()
        fields = paypal(world.paypal, body)
        with mira.client() as c:
            for n in range(2000):
                answer = c.post("/webhook/paypal", body, {**fields, "paypal-cert-url": f"https://api.paypal.com/{n}"})
                assert answer.status == 503 or refused(answer), answer
        lasted = time.monotonic() - begun
        assert site.total <= 10 * (int(lasted) + 2)
        assert mira.figure('mira_keys_entries{kind="newcomer"}') <= 64
        assert mira.figure("mira_keys_put_off_total") > 0
        assert insist(mira, "paypal", body, fields)[0].status == 202


def test_sns_with_the_issuer_fetched_from_where_the_certificate_says(world, site):
    with Site() as issuer:
        issuer.pages["/issuer.cer"] = world.issuer.der
        with running(setting(world, {**everywhere(site), "crt.example.com": issuer.address})) as mira:
            message = sns(world.sns)
            assert post(mira, "sns", message).status == 503
            assert insist(mira, "sns", message)[0].status == 202
            assert refused(post(mira, "sns", message.replace(b"hello", b"jello")))
            assert refused(post(mira, "sns", sns(world.paypal)))
            assert issuer.hits == {"/issuer.cer": 1} and site.hits == {"/sns.pem": 1}


@pytest.fixture
def confirming(world, site):
    """A Mira that has SNS's certificate already."""
    site.pages["/sns.pem"] = world.sns.pem + world.issuer.pem
    with running({**setting(world, {**everywhere(site), "evil.example": site.address}, timeout="20s"),
                  "server": {"drain_timeout": "300ms"}}) as mira:
        assert insist(mira, "sns", sns(world.sns))[0].status == 202
        yield mira


CONFIRM = "/?Action=ConfirmSubscription&Token=t"


def test_a_subscription_is_confirmed_by_visiting_the_link(world, site, confirming):
    mira = confirming
    site.pages[CONFIRM] = (500, {}, b"")
    assert post(mira, "sns", confirmation(world.sns)).status == 503  # SNS asks again
    site.pages[CONFIRM] = (302, {"Location": "https://sns.us-east-1.amazonaws.com/elsewhere"}, b"")
    site.pages["/elsewhere"] = b"yes"
    assert post(mira, "sns", confirmation(world.sns)).status == 503
    assert site.hits["/elsewhere"] == 0
    site.pages[CONFIRM] = b"<ConfirmSubscriptionResponse/>"
    answer = post(mira, "sns", confirmation(world.sns))
    assert answer.status == 200, answer
    assert site.hits[CONFIRM] == 3
    mira.wait_log("source.subscription_confirmed")
    assert len(mira.dump()) == 1  # a handshake is no event


def test_no_link_is_visited_for_others(world, site, confirming):
    mira = confirming
    genuine = confirmation(world.sns)
    assert refused(post(mira, "sns", genuine.replace(b"Token=t", b"Token=u")))
    assert refused(post(mira, "sns", confirmation(world.paypal)))
    assert refused(post(mira, "sns", confirmation(world.sns, topic=TOPIC + "x")))
    before = site.connections
    post(mira, "sns", confirmation(world.sns, host="evil.example"))  # Amazon's signature, another's link
    assert site.connections == before
    assert site.hits[CONFIRM] == 0


def test_a_link_that_does_not_answer_holds_up_nobody_but_its_request(world, site, confirming):
    mira = confirming
    site.open.clear()
    with mira.client() as waiting:
        body = confirmation(world.sns)
        waiting.send(b"POST /webhook/sns HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        wait_until(lambda: site.hits[CONFIRM] == 1, "the visit")
        assert post(mira, "sns", sns(world.sns, MessageId="m-2")).status == 202
        assert mira.stop(timeout=15) == 0  # also while it waits


def test_stopping_while_a_key_is_on_its_way(world, site):
    with running(setting(world, everywhere(site), timeout="1m")) as mira:
        site.open.clear()
        assert post(mira, "paypal", b"{}", paypal(world.paypal, b"{}")).status == 503
        wait_until(lambda: site.total == 1, "the fetch")
        assert mira.stop(timeout=15) == 0


def test_key_sets_and_an_id_that_comes_later(world, site):
    def token(pair, kid, body):
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        return {"X-FusionAuth-Signature-JWT": pair.jws(kid, {"request_body_sha256": digest})}
    body = b'{"event":{"id":"e-1"}}'
    with running(setting(world, everywhere(site))) as mira:
        assert post(mira, "auth", body, token(world.tokens, "k1", body)).status == 503
        assert insist(mira, "auth", body, token(world.tokens, "k1", body))[0].status == 202
        assert refused(post(mira, "auth", body + b" ", token(world.tokens, "k1", body)))
        assert refused(post(mira, "auth", body, token(world.paypal, "k1", body)))
        # So soon after a fetch an unknown id is somebody's invention.
        for n in range(20):
            assert refused(post(mira, "auth", body, token(world.paypal, f"x{n}", body)))
        assert site.hits == {"/jwks.json": 1}


def test_without_fetching_such_sources_refuse_and_their_own_keys_still_count(world, site):
    config = setting(world, everywhere(site), enabled=False)
    config["sources"].append({**config["sources"][0], "name": "pinned", "secrets": [world.paypal.pem.decode()]})
    with running(config) as mira:
        body = b"{}"
        assert refused(post(mira, "paypal", body, paypal(world.paypal, body)))
        assert mira.log().count("source.refuses_everything") >= 3
        assert post(mira, "pinned", body, paypal(world.paypal, body)).status == 202
        assert site.connections == 0


def test_roots_that_are_not_there_are_told_of_at_the_start(world):
    mira = Mira(setting(world, {}, ca_file="/no/such/roots.pem"))
    try:
        mira.start(wait=False)
        assert mira.process.wait(30) == 1
        assert "/no/such/roots.pem" in mira.log()
    finally:
        mira.close()


def test_a_source_whose_key_is_published_needs_no_secret(world):
    mira = Mira(setting(world, {}))
    try:
        done = mira.command("check", "--config", str(mira.config_file))
        assert done.returncode == 0 and "refuses everything" not in done.stdout + done.stderr
        mira.configure(setting(world, {}, enabled=False))
        done = mira.command("check", "--config", str(mira.config_file))
        assert done.returncode == 0 and (done.stdout + done.stderr).count("so it refuses everything") == 3
    finally:
        mira.close()


def test_a_reload_keeps_the_keys(world, site):
    config = setting(world, everywhere(site))
    with running(config) as mira:
        assert not [line for line in mira.log().splitlines() if "refuses_everything" in line and "paypal" in line]
        body = b"{}"
        assert insist(mira, "paypal", body, paypal(world.paypal, body))[0].status == 202
        config["log"] = {"level": "debug"}
        mira.configure(config)
        assert mira.reload()
        assert post(mira, "paypal", body, paypal(world.paypal, body, id="t-9")).status == 202
        assert site.hits == {CERTIFICATE: 1}
