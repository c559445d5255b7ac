#!/usr/bin/env bash
# Installs what the tests need (Debian 12), builds, and runs every test; ends with ctest's own summary.
#   tests/run.sh              the release build, which is what runs in production
#   tests/run.sh asan tsan    the same tests in other builds (see CMakePresets.json)
set -euo pipefail
cd "$(dirname "$0")/.."
. conf/packages.sh
. tests/packages.sh
presets=("$@")
[ ${#presets[@]} -gt 0 ] || presets=(release)

install_missing "${build_packages[@]}" "${test_packages[@]}"
for preset in "${presets[@]}"; do
  case "$preset" in
    tsan | fuzz) install_missing "${clang_packages[@]}" ;;
  esac
done
install_node
install_npm_packages

status=0
for preset in "${presets[@]}"; do
  cmake --preset "$preset" >/dev/null
  cmake --build --preset "$preset"
  ctest --preset "$preset" --output-on-failure -j "$(nproc)" || status=$?
done
exit "$status"
