"""A running Mira for tests: starts the program on a free port with a configuration of its own and stops it by its pid."""
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time

PROGRAM = os.path.abspath(os.environ.get("MIRA", pathlib.Path(__file__).parents[2] / "build/release/mira"))
SANITIZER = os.environ.get("MIRA_SANITIZE", "")
SECRET = "it's a secret to everybody"


def amount(default, variable=None, sanitized=None):
    """How much of something a test does: the environment variable's number, else the default, less where sanitizers slow everything."""
    if variable and os.environ.get(variable):
        return int(os.environ[variable])
    if SANITIZER:
        return sanitized if sanitized is not None else max(1, default // 4)
    return default


def wait_until(condition, what, timeout=60, every=0.01):
    """Polls until the condition is true and returns its value."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(every)
    return value


# configuration and signatures

def source(name="hook", **more):
    """A GitHub-style source without limits."""
    return {"name": name, "scheme": "github", "secrets": [SECRET], "limits": [], "pipeline": [], **more}


def configuration(*sources, **sections):
    """Small segments start faster and are rolled sooner. The default source is called hook."""
    sections.setdefault("journal", {"segment_bytes": "4MiB"})
    return {"sources": list(sources) or [source()], **sections}


def signed(body, secret=SECRET, delivery=None, **more):
    """The header fields of a GitHub delivery."""
    fields = {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}
    if delivery is not None:
        fields["X-GitHub-Delivery"] = delivery
    return {**fields, **more}


# requests

class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The stable code of a problem; None where it is none."""
        return self.json().get("error") if "json" in self.headers.get("content-type", "") else None

    @property
    def id(self):
        return self.json()["id"]

    @property
    def closes(self):
        return self.headers.get("connection") == "close"

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:300]!r}>"


class Ended(ConnectionError):
    """The connection ended before an answer was complete; begun says whether any of it had come."""

    def __init__(self, begun):
        super().__init__("the connection ended " + ("within an answer" if begun else "before an answer"))
        self.begun = begun


def request_bytes(method, path, body=b"", headers=None, host="localhost"):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Client:
    """One keep-alive connection that sends exactly what it is told and reads exactly one answer at a time."""

    def __init__(self, port, host="127.0.0.1", local=None, tls=None, server_name="localhost", timeout=30):
        self.socket = socket.create_connection((host, port), timeout=timeout, source_address=(local, 0) if local else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_name)
        self.left = b""

    def request(self, method, path, body=b"", headers=None):
        self.socket.sendall(request_bytes(method, path, body, headers))
        return self.answer(head_only=method == "HEAD")

    def post(self, path, body=b"{}", headers=None):
        return self.request("POST", path, body, headers)

    def get(self, path, headers=None):
        return self.request("GET", path, b"", headers)

    def send(self, data):
        self.socket.sendall(data)

    def _more(self):
        part = self.socket.recv(65536)
        if not part:
            raise Ended(bool(self.left))
        self.left += part

    def answer(self, head_only=False):
        while (end := self.left.find(b"\r\n\r\n")) < 0:
            self._more()
        lines = self.left[:end].decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = 0 if head_only or status < 200 or status == 204 else int(headers.get("content-length", 0))
        while len(self.left) < end + 4 + length:
            self._more()
        body = self.left[end + 4:end + 4 + length]
        self.left = self.left[end + 4 + length:]
        return Answer(status, headers, body)

    def at_end(self, timeout=10):
        """Whether the peer has closed and nothing more came."""
        self.socket.settimeout(timeout)
        try:
            return not self.left and not self.socket.recv(1)
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# the program

class Mira:
    """The program with one configuration and one data directory; may be started and stopped many times."""

    def __init__(self, config=None, data=None, wrapper=(), env=None):
        self._folder = tempfile.TemporaryDirectory(prefix="mira-e2e-")
        self.folder = pathlib.Path(self._folder.name)
        self.data = pathlib.Path(data) if data else self.folder / "data"
        self.config_file = self.folder / "mira.json"
        self.log_file = self.folder / "log"
        self.wrapper = list(wrapper)
        self.env = {**os.environ, **(env or {})}
        self.process = None
        self.port = None
        self.tls_port = None
        self.starts = 0
        self.configure(config or {})

    def configure(self, config):
        config = {"webhook": {"port": 0}, **config}
        config["webhook"].setdefault("port", 0)
        self.config_file.write_text(json.dumps(config, indent=1))

    def start(self, *arguments, wait=True, timeout=60):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, PROGRAM, "serve", "--config", str(self.config_file), "--data", str(self.data), *arguments],
                stdout=log, stderr=log, env=self.env, cwd=self.folder)
        if wait:
            self.wait_ready(timeout)
        return self

    def wait_ready(self, timeout=60):
        deadline = time.monotonic() + timeout
        while True:
            # Every start writes one such line.
            lines = re.findall(r"mira\.ready.*?\bport\"?[=:](\d+).*?\btls_port\"?[=:](\d+)", self.log())
            if len(lines) > self.starts:
                self.starts = len(lines)
                self.port, self.tls_port = (int(p) for p in lines[-1])
                return
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode} before it was ready:\n{self.log()}")
            if time.monotonic() > deadline:
                raise AssertionError("not ready in time:\n" + self.log())
            time.sleep(0.01)

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def wait_log(self, text, timeout=60):
        wait_until(lambda: text in self.log(), f"{text!r} in the log", timeout)

    @property
    def pid(self):
        """Of the program itself, also behind a wrapper."""
        if not self.wrapper:
            return self.process.pid
        out = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        return int(out[0])

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        self.process.wait(30)

    def stop(self, timeout=60):
        """SIGTERM; returns the exit code."""
        os.kill(self.pid, signal.SIGTERM)
        code = self.process.wait(timeout)
        return code

    def signal(self, s):
        os.kill(self.pid, s)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def reload(self, timeout=60):
        """SIGHUP; returns once the log tells the outcome: whether the configuration was taken."""
        def outcomes():
            return re.findall(r"config\.(reloaded|reload_refused)", self.log())
        before = len(outcomes())
        self.signal(signal.SIGHUP)
        wait_until(lambda: len(outcomes()) > before, "the outcome of a reload in the log", timeout)
        return outcomes()[-1] == "reloaded"

    def end(self):
        """As kill(), also where it has ended by itself or is about to."""
        if self.running():
            with contextlib.suppress(ProcessLookupError, IndexError):
                os.kill(self.pid, signal.SIGKILL)
            self.process.wait(30)

    def close(self):
        self.end()
        log = self.log()
        self._folder.cleanup()
        for sign in ("ERROR: AddressSanitizer", "runtime error:", "WARNING: ThreadSanitizer", "ERROR: LeakSanitizer"):
            assert sign not in log, log

    # requests

    def client(self, **more):
        return Client(self.port, **more)

    def request(self, method, path, body=b"", headers=None, timeout=30):
        """(status, headers, body) over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def post(self, path, body=b"{}", headers=None, **more):
        return self.request("POST", path, body, headers, **more)

    def get(self, path, headers=None, **more):
        return self.request("GET", path, b"", headers, **more)

    def send(self, body=b"{}", delivery=None, path="/webhook/hook", secret=SECRET, headers=None, **more):
        """One signed delivery over a connection of its own, as an Answer."""
        with self.client(**more) as c:
            return c.post(path, body, {**signed(body, secret, delivery), **(headers or {})})

    def figure(self, name):
        """The value of a metric, summed over its labels; name may carry some: mira_x{a="b"}."""
        name, _, labels = name.partition("{")
        found = 0.0
        for line in self.get("/metrics")[2].decode().splitlines():
            m = re.fullmatch(r"([a-z_0-9]+)(?:\{(.*)\})? (\S+)", line)
            if m and m[1] == name and all(want in (m[2] or "") for want in labels.rstrip("}").split(",")):
                found += float(m[3])
        return found

    def raw(self, data, timeout=5):
        """Sends bytes as they are and reads until the end or the time-out."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as s:
            s.sendall(data)
            parts = []
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                while part := s.recv(65536):
                    parts.append(part)
            return b"".join(parts)

    # the journal

    @property
    def journal(self):
        return self.data / "journal"

    def command(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, env=self.env)

    def verify(self):
        return self.command("journal", "verify", str(self.journal))

    def assert_sound(self):
        done = self.verify()
        assert done.returncode == 0, done.stdout + done.stderr

    def dump(self):
        done = self.command("journal", "dump", str(self.journal), "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def bodies(self):
        """Delivery id -> body of all that is kept; fails where one is there twice."""
        found = {}
        for e in self.dump():
            assert e["key"] not in found, f"{e['key']} is in the journal twice"
            found[e["key"]] = base64.b64decode(e["body_base64"])
        return found


@contextlib.contextmanager
def running(config=None, *arguments, **more):
    m = Mira(config, **more)
    try:
        yield m.start(*arguments)
    finally:
        m.close()


def trusting(certificate):
    """A TLS client's context that trusts this certificate alone."""
    return ssl.create_default_context(cafile=str(certificate))
