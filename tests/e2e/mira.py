"""A running Mira for tests: starts the program on a free port with a configuration of its own and stops it by its pid."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

PROGRAM = os.path.abspath(os.environ.get("MIRA", pathlib.Path(__file__).parents[2] / "build/release/mira"))


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
            lines = re.findall(r"mira\.ready .*? port=(\d+) tls_port=(\d+)", self.log())
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

    def close(self):
        if self.process and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError, IndexError):
                os.kill(self.pid, signal.SIGKILL)
            self.process.wait(30)
        self._folder.cleanup()

    # requests

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

    def command(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True)

    def verify(self):
        return self.command("journal", "verify", str(self.data / "journal"))

    def dump(self):
        done = self.command("journal", "dump", str(self.data / "journal"), "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@contextlib.contextmanager
def running(config=None, *arguments, **more):
    m = Mira(config, **more)
    try:
        yield m.start(*arguments)
    finally:
        m.close()
