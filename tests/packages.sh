# Debian 12 packages that tests need; sourced by tests/run.sh.

# Unit tests, end-to-end tests, and the tools that the latter drive.
test_packages=(
  doctest-dev libbenchmark-dev clang-format
  python3 python3-pytest curl openssl procps
  strace wrk nginx-light xfsprogs e2fsprogs mount util-linux
)
# The builds that clang makes: thread sanitizer and fuzzing.
clang_packages=(clang-19 libclang-rt-19-dev)

# Node.js runs the providers' own SDKs; any version from 18 on will do.
install_node() {
  command -v node >/dev/null && command -v npm >/dev/null && return 0
  install_missing nodejs npm
}

# The SDKs, as the lock file says; nothing of them is run at installation.
install_npm_packages() {
  [ -f tests/interop/package-lock.json ] || return 0
  (cd tests/interop && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
}
