#!/usr/bin/env bash
# Runs all tests with coverage and prints the share of executed lines of each target.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/test.sh --enable-code-coverage
python3 - "$(swift test --show-codecov-path)" "$PWD" <<'PYTHON'
import collections, json, pathlib, sys

root = pathlib.Path(sys.argv[2])
targets = collections.defaultdict(lambda: [0, 0])
for file in json.load(open(sys.argv[1]))["data"][0]["files"]:
    path = pathlib.Path(file["filename"])
    parts = path.relative_to(root).parts if path.is_relative_to(root) else ()
    # Dependencies and generated files stand in .build; tests are not what is measured.
    if not parts or parts[0] not in ("Sources", "db"):
        continue
    name = parts[1] if parts[0] == "Sources" else "Schema"
    lines = file["summary"]["lines"]
    targets[name][0] += lines["covered"]
    targets[name][1] += lines["count"]

def row(name, covered, count):
    print(f"{name:<16} {covered:>7} of {count:>7} lines  {100 * covered / max(count, 1):5.1f} %")

print()
for name in sorted(targets):
    row(name, *targets[name])
row("total", *map(sum, zip(*targets.values())))
PYTHON
