#!/usr/bin/env python3
"""Runs one of the tests here under Node.js, or says why it cannot and ends with 77, which ctest shows as skipped."""
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
OLDEST = 18

node = shutil.which("node")
if node is None:
    print("skipped: there is no Node.js; tests/run.sh installs it")
    sys.exit(77)
version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
if int(re.match(r"v(\d+)", version).group(1)) < OLDEST:
    print(f"skipped: Node.js {OLDEST} or newer is needed, this is {version.strip()}")
    sys.exit(77)
if not (HERE / "node_modules").is_dir():
    print("skipped: the SDKs are not installed; tests/run.sh does it (npm ci --ignore-scripts in tests/interop)")
    sys.exit(77)
sys.exit(subprocess.run([node, str(HERE / sys.argv[1])]).returncode)
