#!/usr/bin/env python3
"""The hot path's gates: what one accepted webhook costs, all stages on, level fsync, 1 KiB body signed as GitHub does.

    hot_path.py allocations   heap allocations a request, by a counting malloc: must be 0 in the steady state
    hot_path.py syscalls      system calls a request over all threads, the journal's included: at most 2.5 at 64 connections
    hot_path.py cpu           processor time a request over all threads against nginx's "return 202" in the same run

The first two count and are the same on a busy machine; the third is a ratio of medians and wants a quiet one. The server has
core 0 and one reactor, the load (wrk) has core 1. Needs wrk, strace and nginx (Debian packages).
"""
import argparse
import contextlib
import glob
import hashlib
import hmac
import json
import mmap
import os
import pathlib
import re
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).parents[2]
SECRET = b"gate-secret"
BODY = b'{"a":"' + b"x" * 1016 + b'"}'
SKIP = 77  # ctest's SKIP_RETURN_CODE


def write_load(folder):
    """A wrk script that posts the body with a delivery id of its own each time; load() names the run."""
    signature = hmac.new(SECRET, BODY, hashlib.sha256).hexdigest()
    script = folder / "load.lua"
    script.write_text(f"""
local body = [[{BODY.decode()}]]
local headers = {{["Content-Type"] = "application/json", ["User-Agent"] = "GitHub-Hookshot/044aadd",
                 ["X-GitHub-Event"] = "push", ["X-Hub-Signature-256"] = "sha256={signature}"}}
local run, n = "", 0
init = function(arguments) run = arguments[1] end
request = function()
  n = n + 1
  headers["X-GitHub-Delivery"] = run .. "-" .. n
  return wrk.format("POST", "/webhook/github", headers, body)
end
""")
    return script


def load(script, port, connections, seconds):
    """Runs wrk; the number of requests that were answered with 2xx."""
    out = subprocess.run(
        ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}/webhook/github",
         "--", str(time.time_ns())],
        capture_output=True, text=True, check=True).stdout
    done = int(re.search(r"(\d+) requests in", out).group(1))
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    if refused:
        sys.exit(f"{refused.group(1)} of {done} requests were refused:\n{out}")
    return done


def journaled(port):
    """Events that have been written since the start: a gate that measured duplicates or refusals would prove nothing."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        return int(float(re.search(r"^mira_journal_events_total (\S+)$", answer.read().decode(), re.M).group(1)))


def require_journaled(requests, written):
    if written < requests:
        sys.exit(f"{requests} requests were answered, but only {written} events were journaled")


def load_mira(script, port, connections, seconds):
    before = journaled(port)
    requests = load(script, port, connections, seconds)
    require_journaled(requests, journaled(port) - before)
    return requests


@contextlib.contextmanager
def mira(program, folder, env=None):
    """One reactor on core 0; (pid, port)."""
    config = folder / "mira.json"
    config.write_text(json.dumps({
        "webhook": {"port": 0}, "server": {"reactors": 1}, "log": {"level": "info"},
        "sources": [{"name": "github", "scheme": "github", "secrets": [SECRET.decode()],
                     "limits": [{"by": "source", "capacity": 1_000_000_000, "refill": "1000000000/s"}]}]}))
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(["taskset", "-c", "0", program, "serve", "--config", str(config), "--data", str(folder / "data")],
                                   stdout=log, stderr=log, env={**os.environ, **(env or {})})
    try:
        while not (ready := re.search(r"mira\.ready .*? port=(\d+)", (folder / "log").read_text())):
            if process.poll() is not None:
                sys.exit("mira did not start:\n" + (folder / "log").read_text())
            time.sleep(0.01)
        yield process.pid, int(ready.group(1))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@contextlib.contextmanager
def nginx(folder):
    """One worker on core 0 that reads the body and returns 202; (pid, port)."""
    port = 20000 + os.getpid() % 20000
    config = folder / "nginx.conf"
    config.write_text(f"""
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 100000000; client_body_buffer_size 16k; client_body_temp_path {folder}/nginx-body;
  server {{ listen 127.0.0.1:{port} reuseport; location / {{ return 202; }} }} }}
""")
    process = subprocess.Popen(["taskset", "-c", "0", "nginx", "-c", str(config), "-p", str(folder)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    try:
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(30)


def processor_time(pid):
    """Nanoseconds that each of the process's threads has run, by name."""
    spent = {}
    for task in glob.glob(f"/proc/{pid}/task/*"):
        with contextlib.suppress(FileNotFoundError):
            name = pathlib.Path(task, "comm").read_text().strip()
            spent[name] = spent.get(name, 0) + int(pathlib.Path(task, "schedstat").read_text().split()[0])
    return spent


def need(*tools):
    missing = [t for t in tools if not shutil.which(t)]
    if missing or os.cpu_count() < 2:
        print("skipped: needs two processors and " + ", ".join(missing or tools))
        sys.exit(SKIP)


def allocations(arguments, folder):
    need("wrk")
    counts = folder / "counts"
    counts.write_bytes(bytes(8))
    env = {"LD_PRELOAD": arguments.counter, "MIRA_ALLOCATION_COUNTS": str(counts)}
    with mira(arguments.program, folder, env) as (_, port), open(counts, "r+b") as file:
        seen = mmap.mmap(file.fileno(), 8)
        script = write_load(folder)
        load_mira(script, port, 64, 2)  # every pool has grown to what this load needs
        written = journaled(port)
        before = struct.unpack("q", seen[:8])[0]
        if before < 1000:
            sys.exit(f"the counter has seen {before} allocations of the start: it does not count")
        requests = load(script, port, 64, arguments.seconds)
        made = struct.unpack("q", seen[:8])[0] - before
        require_journaled(requests, journaled(port) - written)
    each = made / requests
    print(f"{requests} requests, {made} allocations: {each:.5f} a request")
    # What remains is the process's own pulse (timers, segments, the log), which does not grow with the requests.
    return each < 0.01


def syscalls(arguments, folder):
    need("wrk", "strace")
    with mira(arguments.program, folder) as (pid, port):
        script = write_load(folder)
        load_mira(script, port, 64, 1)
        table = folder / "strace"
        tracer = subprocess.Popen(["strace", "-f", "-c", "-p", str(pid), "-o", str(table)], stderr=subprocess.DEVNULL)
        time.sleep(1)
        if tracer.poll() is not None:
            print("skipped: not permitted to trace")
            sys.exit(SKIP)
        requests = load_mira(script, port, 64, arguments.seconds)
        tracer.send_signal(signal.SIGINT)
        tracer.wait(30)
        counted = {row.split()[-1]: int(row.split()[3]) for row in table.read_text().splitlines()
                   if re.match(r"\s*\d", row) and not row.rstrip().endswith("total")}
    # The main thread waits for signals, whether there are requests or not.
    counted.pop("rt_sigtimedwait", None)
    each = sum(counted.values()) / requests
    print(f"{requests} requests: {each:.3f} system calls a request")
    for name, n in sorted(counted.items(), key=lambda c: -c[1])[:8]:
        print(f"  {name:14} {n / requests:.4f}")
    return each <= 2.5


def cpu(arguments, folder):
    need("wrk", "nginx")
    good = True
    with mira(arguments.program, folder) as (pid, port), nginx(folder) as (peer, peer_port):
        script = write_load(folder)
        for connections, bound in ((64, arguments.bound64), (256, arguments.bound256)):
            ratios, ours, theirs = [], [], []
            for _ in range(arguments.rounds):
                cost = []
                for target, at in ((peer, peer_port), (pid, port)):
                    before = processor_time(target)
                    requests = (load_mira if target == pid else load)(script, at, connections, arguments.seconds)
                    after = processor_time(target)
                    threads = {name: (t - before.get(name, 0)) / requests / 1000 for name, t in after.items()}
                    cost.append(sum(threads.values()))
                theirs.append(cost[0])
                ours.append(cost[1])
                ratios.append(cost[1] / cost[0])
                print(f"{connections:4} connections: nginx {cost[0]:6.2f} us, mira {cost[1]:6.2f} us, ratio {ratios[-1]:.3f}  "
                      + ", ".join(f"{name} {t:.2f}" for name, t in threads.items() if t > 0.02), flush=True)
            median = statistics.median(ratios)
            print(f"{connections:4} connections: nginx {statistics.median(theirs):.2f} us, mira {statistics.median(ours):.2f} us, "
                  f"median ratio {median:.3f} ({min(ratios):.3f} to {max(ratios):.3f}), bound {bound}")
            good = good and median <= bound
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gate", choices=["allocations", "syscalls", "cpu"])
    parser.add_argument("--program", default=str(ROOT / "build/release/mira"))
    parser.add_argument("--counter", default=str(ROOT / "build/release/libcount-allocations.so"))
    parser.add_argument("--seconds", type=int, default=3, help="of load, a measurement")
    parser.add_argument("--rounds", type=int, default=7, help="cpu: pairs of measurements")
    parser.add_argument("--bound64", type=float, default=1.3, help="cpu: highest median ratio at 64 connections")
    parser.add_argument("--bound256", type=float, default=1.15, help="cpu: highest median ratio at 256 connections")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mira-gate-") as folder:
        good = {"allocations": allocations, "syscalls": syscalls, "cpu": cpu}[arguments.gate](arguments, pathlib.Path(folder))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
