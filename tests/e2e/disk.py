"""Disks that a test may pull the plug of, fill, or let fail: loop-mounted images, small tmpfs, and injected system call errors.

All of it needs root, and some of it loop devices or ptrace; where one is missing the test is skipped and says why.
"""
import contextlib
import ctypes
import functools
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

CLONE_NEWNS = 0x00020000


def run(*command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True)


def need(*programs):
    for p in programs:
        if not shutil.which(p, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            pytest.skip(f"{p} is not installed")


@functools.cache
def own_mounts():
    """A mount namespace for this test process and its children: whatever happens, nothing stays mounted."""
    if os.geteuid() != 0:
        return "mounting needs root"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        return f"no mount namespace: {os.strerror(ctypes.get_errno())}"
    done = run("mount", "--make-rprivate", "/")
    return done.stderr.strip()


def need_mounts():
    if reason := own_mounts():
        pytest.skip(reason)


class Image:
    """A file system in a file, xfs or ext4, mounted at path."""

    def __init__(self, kind, folder, mebibytes=320):
        need("mkfs." + kind, "xfs_io", "mount")
        need_mounts()
        self.file = folder / f"{kind}.img"
        self.path = folder / "mounted"
        self.path.mkdir()
        with open(self.file, "wb") as f:
            f.truncate(mebibytes << 20)  # mkfs.xfs wants 300 MiB at least
        done = run("mkfs." + kind, "-q", self.file)
        assert done.returncode == 0, done.stderr
        done = self.mount()
        if done.returncode != 0:
            pytest.skip(f"cannot mount a {kind} image: {done.stderr.strip()}")

    def mount(self):
        return run("mount", "-o", "loop", self.file, self.path)

    def cut_power(self):
        """From here on nothing reaches the disk any more, and what was not synced is gone."""
        done = run("xfs_io", "-x", "-c", "shutdown", self.path)
        if done.returncode != 0:
            pytest.skip(f"cannot shut a file system down: {done.stderr.strip()}")

    def restore_power(self):
        done = run("umount", self.path)
        assert done.returncode == 0, done.stderr
        done = self.mount()
        assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def image(kind, mebibytes=320):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mira-disk-"))
    try:
        yield Image(kind, folder, mebibytes)
    finally:
        run("umount", "-l", folder / "mounted")
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def tmpfs(mebibytes):
    need("mount")
    need_mounts()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mira-disk-"))
    try:
        done = run("mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", folder)
        if done.returncode != 0:
            pytest.skip(f"cannot mount a tmpfs: {done.stderr.strip()}")
        yield folder
    finally:
        run("umount", "-l", folder)
        shutil.rmtree(folder, ignore_errors=True)


@functools.cache
def tracing():
    if not shutil.which("strace"):
        return "strace is not installed"
    done = run("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", "inject=fdatasync:retval=0", "true")
    return "" if done.returncode == 0 else f"strace may not trace: {done.stderr.strip()}"


def need_tracing():
    if reason := tracing():
        pytest.skip(reason)


def inject(*rules, log="/dev/null"):
    """A wrapper for Mira that makes system calls fail: inject("fdatasync:error=EIO:when=3"). Each thread's calls are counted apart."""
    need_tracing()
    calls = ",".join(dict.fromkeys(r.split(":")[0] for r in rules))
    command = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={calls}"]
    if all("error=" in r or "retval=" in r for r in rules):
        command.append("--seccomp-bpf")  # only these calls stop then; strace 6.1 injects no signals that way
    for r in rules:
        command += ["-e", "inject=" + r]
    return command


# Leaks cannot be looked for under ptrace.
TRACED = {"ASAN_OPTIONS": "detect_leaks=0"}
