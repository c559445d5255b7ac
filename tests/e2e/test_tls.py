"""TLS beside plain HTTP: handshakes, what is refused, and a certificate replaced while running."""
import hashlib
import json
import shutil
import socket
import ssl
import threading

import pytest

from certificates import certificate
from load import body_of
from mira import Client, Mira, configuration, signed, trusting, wait_until


@pytest.fixture
def mira():
    m = Mira()
    try:
        for name in ("first", "second"):
            certificate(m.folder, name)
        shutil.copy(m.folder / "first.pem", m.folder / "chain.pem")
        shutil.copy(m.folder / "first.key", m.folder / "chain.key")
        m.config = configuration(server={"tls": {"port": 0, "certificate": str(m.folder / "chain.pem"), "key": str(m.folder / "chain.key")},
                                         "limits": {"tls_handshake_timeout": "1s"}})
        m.configure(m.config)
        yield m.start()
    finally:
        m.close()


def secure(mira, name="first", **more):
    return Client(mira.tls_port, tls=trusting(mira.folder / f"{name}.pem"), **more)


def fingerprint(client):
    return hashlib.sha256(client.socket.getpeercert(binary_form=True)).hexdigest()


def replace_certificate(mira, name):
    shutil.copy(mira.folder / f"{name}.pem", mira.folder / "chain.pem")
    shutil.copy(mira.folder / f"{name}.key", mira.folder / "chain.key")


def test_webhooks_by_tls_beside_plain_ones(mira):
    large = bytes(range(256)) * 3000
    with secure(mira) as c, mira.client() as plain:
        assert c.socket.version() == "TLSv1.3"
        for body in (b"{}", b"x" * 20_000, large):
            answer = c.post("/webhook/hook", body, signed(body))
            assert answer.status == 202, answer
            assert plain.post("/webhook/hook", body, signed(body)).status == 202
        assert "strict-transport-security" in answer.headers
        assert "strict-transport-security" not in plain.get("/health").headers
        metrics = c.get("/metrics")
        assert metrics.status == 200 and len(metrics.body) > 20_000  # more than one record
        # Pipelined, and answered in order.
        c.send(b"".join(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: r%d\r\n\r\n" % n for n in range(40)))
        assert [c.answer().headers["x-request-id"] for _ in range(40)] == [f"r{n}" for n in range(40)]
    assert len(mira.dump()) == 6


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_1_2_is_spoken_and_nothing_older(mira):
    context = trusting(mira.folder / "first.pem")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with Client(mira.tls_port, tls=context) as c:
        assert c.socket.version() == "TLSv1.2" and c.get("/health/live").status == 200
        assert c.socket.cipher()[0].startswith("ECDHE-")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(OSError):
        Client(mira.tls_port, tls=context)


def test_what_is_no_tls_is_let_go_and_harms_nobody(mira):
    for data in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\x00" * 600, b"\x00" * 5):
        with socket.create_connection(("127.0.0.1", mira.tls_port), timeout=10) as s:
            s.sendall(data)
            try:
                assert b"HTTP" not in s.recv(4096)
            except ConnectionResetError:
                pass
    with socket.create_connection(("127.0.0.1", mira.tls_port), timeout=20) as s:
        assert s.recv(1) == b"", "who never shakes hands is let go"
    assert mira.figure("mira_http_handshake_failures_total") >= 3
    with secure(mira) as c:
        assert c.get("/health/live").status == 200


def test_a_replaced_certificate_is_taken_by_reload_and_who_is_connected_stays(mira):
    with secure(mira) as old:
        first = fingerprint(old)
        replace_certificate(mira, "second")
        assert mira.reload()
        with secure(mira, "second") as new:
            assert fingerprint(new) != first
            assert new.post("/webhook/hook", b"{}", signed(b"{}")).status == 202
        assert old.post("/webhook/hook", b"{}", signed(b"{}")).status == 202
        with pytest.raises(ssl.SSLError):
            secure(mira, "first")


def test_a_certificate_that_is_no_good_changes_nothing(mira):
    (mira.folder / "chain.pem").write_text("nonsense")
    assert not mira.reload()
    assert "chain.pem" in mira.log()
    shutil.copy(mira.folder / "second.pem", mira.folder / "chain.pem")  # and the first's key
    assert not mira.reload()
    with secure(mira) as c:
        assert c.get("/health/live").status == 200
    replace_certificate(mira, "second")
    assert mira.reload()
    with secure(mira, "second") as c:
        assert c.get("/health/live").status == 200


def test_reloads_under_load_fail_no_handshake_and_no_request(mira):
    failures, done, stopping = [], [0], threading.Event()
    contexts = ssl.create_default_context()
    contexts.load_verify_locations(mira.folder / "first.pem")
    contexts.load_verify_locations(mira.folder / "second.pem")

    def post():
        n = 0
        while not stopping.is_set():
            try:
                with Client(mira.tls_port, tls=contexts) as c:
                    for _ in range(3):
                        n += 1
                        body = body_of(f"t{n}")
                        assert c.post("/webhook/hook", body, signed(body)).status == 202
                        done[0] += 1
            except (OSError, AssertionError) as e:
                failures.append(e)
    threads = [threading.Thread(target=post) for _ in range(3)]
    for t in threads:
        t.start()
    try:
        for n in range(10):
            replace_certificate(mira, ("first", "second")[n % 2])
            # The files are not replaced at one moment; a reload between them would be refused, which is right as well.
            assert mira.reload()
            before = done[0]
            wait_until(lambda: done[0] > before + 5 or failures, "requests after a reload")
    finally:
        stopping.set()
        for t in threads:
            t.join()
    assert not failures, failures[:3]


def test_a_start_without_a_usable_certificate_says_why():
    m = Mira()
    try:
        pem, key = certificate(m.folder, "only")
        m.configure(configuration(server={"tls": {"port": 0, "certificate": str(pem), "key": str(m.folder / "absent.key")}}))
        m.start(wait=False)
        assert m.process.wait(30) != 0
        assert "absent.key" in m.log()
    finally:
        m.close()
