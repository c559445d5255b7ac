#!/usr/bin/env bash
# Installs what is missing (Debian 12), builds the release and starts Mira with conf/mira.json.
# Arguments go to "mira serve": conf/run.sh --port 8080 --data /var/lib/mira
set -euo pipefail
cd "$(dirname "$0")/.."
. conf/packages.sh
install_missing "${build_packages[@]}"
cmake --preset release >/dev/null
cmake --build --preset release --target mira
echo "Mira listens on http://127.0.0.1:5000 (see conf/mira.json); stop it with Ctrl-C."
exec build/release/mira serve --config conf/mira.json "$@"
