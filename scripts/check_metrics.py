"""Checks that every metric that alerts and dashboards ask for is one that the code makes: metric names are API."""

import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
sources = "\n".join(file.read_text(encoding="utf-8") for file in (root / "Sources").rglob("*.swift"))
made = set(re.findall(r'"([a-z]+(?:_[a-z]+)*)"', sources))
# A metric's name begins with what it is about; with labels, ranges or an operator behind it, it is no label.
asked = re.compile(
    r"\b((?:http|readiness|orders?|saga|payment|webhook|stripe|inventory|stock|reservations?|outbox|notification|inbox|jobs?|nats|postgres)"
    r"_[a-z_]+)(?=\s*[\[{)<>=]|$|\s+(?:and|or)\b|\")"
)

found = 0
for file in sorted((root / "infra").rglob("*")):
    if file.suffix not in (".yml", ".json"):
        continue
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        # Other lines are prose and SQL.
        if not re.search(r'expr"?:|^\s+(?:and|/|sum|[a-z]+_)', line):
            continue
        for name in asked.findall(line):
            if name not in made and re.sub(r"_(bucket|sum|count)$", "", name) not in made:
                print(f"{file.relative_to(root)}:{number}: error: no metric {name} is made in Sources", file=sys.stderr)
                found += 1
sys.exit(1 if found else 0)
