#!/usr/bin/env bash
# Deletes the data of `make run` (.dev), but not the nats-server in .dev/bin.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Each server's folder is locked while a run uses it.
python3 - <<'PYTHON'
import fcntl, pathlib, sys

for lock in pathlib.Path(".dev").glob("*/lock"):
    with open(lock) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"reset: {lock.parent} is in use: stop `make run` first.")
PYTHON

for entry in .dev/* .dev/.[!.]*; do
    case $entry in .dev/bin | '.dev/*' | '.dev/.[!.]*') continue ;; esac
    # A link leads to the folder under /var/tmp that is used where Postgres's user cannot reach the checkout.
    if [ -L "$entry" ]; then
        case $(readlink "$entry") in /var/tmp/artesanos-*) rm -rf "$(readlink "$entry")" ;; esac
    fi
    echo "reset: $entry"
    rm -rf "$entry"
done
