#!/usr/bin/env python3
"""The dependency rule: handlers -> storage -> engine, never upwards; inside a layer only the listed folders.

A folder may include itself and what ALLOWED names. "app" is the composition root and sees everything.
Usage: includes.py ROOT | includes.py --self-test
"""
import pathlib
import re
import sys
import tempfile

LAYERS = {"engine": 0, "storage": 1, "handlers": 2}

# Within a layer: folder -> folders of the same layer that it may include.
ALLOWED = {
    "engine/base": [],
    "engine/vendor": [],
    "engine/crypto": ["base"],
    "engine/telemetry": ["base"],
    "engine/config": ["base"],
    "engine/reactor": ["base", "telemetry"],
    "engine/net": ["base", "reactor", "telemetry"],
    "engine/http": ["base", "reactor", "net", "telemetry"],
    "storage/records": [],
    "storage/ports": ["records"],
    "storage/journal": ["records", "ports"],
    "storage/memory": ["records", "ports"],
    "handlers/signatures": [],
    "handlers/keys": ["signatures"],
    "handlers/limits": [],
    "handlers/webhook": ["signatures", "limits"],
    "handlers/ops": ["keys", "limits", "webhook"],
    "handlers/settings": ["signatures", "limits", "webhook"],
    "handlers/app": ["signatures", "keys", "limits", "webhook", "ops", "settings"],
}

# Libraries that only these folders may include: what stands behind a port stays behind it.
CONFINED = {
    "hiredis": ["storage/redis"],
    "libpq-fe.h": ["storage/postgres"],
    "sqlite3.h": ["storage/sqlite"],
    "openssl": ["engine/crypto", "engine/net", "engine/http", "engine/vendor"],
    "spdlog": ["engine/base"],
    "CLI": ["handlers/app"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def complaints(root):
    found = []
    for layer in LAYERS:
        for path in sorted((root / layer).rglob("*.[ch]pp")):
            relative = path.relative_to(root)
            folder = "/".join(relative.parts[:2]) if len(relative.parts) > 2 else layer
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if match:
                    why = objection(layer, folder, match.group(1), match.group(2))
                    if why:
                        found.append(f"{relative}:{number}: {line.strip()}: {why}")
    return found


def objection(layer, folder, quote, target):
    parts = target.split("/")
    if quote == "<":
        homes = CONFINED.get(parts[0])
        if homes and folder not in homes:
            return f"only {', '.join(homes)} may include {parts[0]}"
        return None
    if parts[0] not in LAYERS:
        return "include the project's files by their path from the root"
    if LAYERS[parts[0]] > LAYERS[layer]:
        return f"{layer} must not know {parts[0]}"
    if parts[0] != layer:
        return None
    target_folder = "/".join(parts[:2])
    if folder == layer or target_folder == folder or len(parts) == 2:
        return None  # a file directly in the layer belongs to the whole layer
    if folder not in ALLOWED:
        return f"{folder} is not in the list of {__file__}"
    if parts[1] not in ALLOWED[folder]:
        return f"{folder} may only include {', '.join(ALLOWED[folder]) or 'itself'} of its layer"
    return None


def self_test():
    cases = [
        ("engine/base/a.hpp", '#include "handlers/app/b.hpp"', True),
        ("engine/http/a.cpp", '#include "storage/ports/b.hpp"', True),
        ("storage/ports/a.hpp", '#include "handlers/webhook/b.hpp"', True),
        ("engine/base/a.cpp", '#include "engine/http/b.hpp"', True),
        ("engine/base/a.cpp", '#include "b.hpp"', True),
        ("handlers/webhook/a.cpp", "#include <hiredis/hiredis.h>", True),
        ("engine/http/a.cpp", '  #  include "handlers/ops/x.hpp"', True),
        ("storage/journal/a.cpp", '#include "engine/base/b.hpp"', False),
        ("handlers/app/a.cpp", '#include "engine/http/b.hpp"', False),
        ("engine/http/a.cpp", '#include "engine/net/b.hpp"', False),
    ]
    for name, line, forbidden in cases:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True)
            path.write_text(line + "\n")
            if bool(complaints(pathlib.Path(folder))) != forbidden:
                sys.exit(f"{name}: {line}: expected {'a complaint' if forbidden else 'none'}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    else:
        found = complaints(pathlib.Path(sys.argv[1]))
        print("\n".join(found))
        sys.exit(1 if found else 0)
