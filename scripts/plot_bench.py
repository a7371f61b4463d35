#!/usr/bin/env python3
"""Draws docs/images/relay-throughput.png and relay-latency.png from bench/latest.json.

    scripts/plot_bench.py [bench/latest.json] [docs/images]

The figures come from `make bench-relay ARGS='--only batches rates'`. Needs matplotlib (Debian: python3-matplotlib).
"""

import json
import pathlib
import re
import sys

try:
    import matplotlib
except ImportError:
    sys.exit("plot_bench.py: matplotlib is missing. On Debian: apt-get install python3-matplotlib")
matplotlib.use("Agg")
import matplotlib.pyplot as plt

OURS, LIMIT = "#b5472f", "#4a5a6a"


def series(figures, pattern):
    """The points of all figures whose name fits, sorted by the number in it."""
    found = [(int(match.group(1)), value) for name, value in figures.items() if (match := re.fullmatch(pattern, name))]
    return sorted(found)


def draw(axes, figures, pattern, label, colour, style="-"):
    points = series(figures, pattern)
    if points:
        axes.plot(*zip(*points), style, color=colour, marker="o", markersize=4, label=label)
    return points


def finish(figure, axes, path, xlabel, ylabel, title):
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.grid(True, which="major", alpha=0.3)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    print(f"plot_bench: {path}")


def main():
    source = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "bench/latest.json")
    target = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "docs/images")
    if not source.exists():
        sys.exit(f"plot_bench.py: {source} is missing; `make bench-relay ARGS='--only batches rates'` writes it")
    figures = {entry["name"]: entry["value"] for entry in json.loads(source.read_text())}
    target.mkdir(parents=True, exist_ok=True)

    figure, axes = plt.subplots(figsize=(7, 4))
    draw(axes, figures, r"relay\.batches\.limit\.(\d+)", "C program", LIMIT)
    if not draw(axes, figures, r"relay\.batches\.ours\.(\d+)", "relay", OURS):
        sys.exit(f"plot_bench.py: {source} has no relay.batches figures")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    finish(figure, axes, target / "relay-throughput.png", "rows a batch (4 in flight)", "rows/s",
           "Ledger to stream: throughput over batch size")

    figure, axes = plt.subplots(figsize=(7, 4))
    for who, label, colour in [("limit", "C program", LIMIT), ("ours", "relay", OURS)]:
        draw(axes, figures, rf"relay\.rates\.{who}\.(\d+)\.p50", f"{label}, p50", colour)
        draw(axes, figures, rf"relay\.rates\.{who}\.(\d+)\.p99", f"{label}, p99", colour, "--")
    axes.set_xscale("log")
    axes.set_yscale("log")
    finish(figure, axes, target / "relay-latency.png", "events/s", "ms",
           "Insert to stored: latency over rate, with the wake-up hint")


main()
