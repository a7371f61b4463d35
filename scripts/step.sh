#!/usr/bin/env bash
# step.sh NAME TEXT COMMAND...: says what a make target does, runs it, and ends with a clear result line.
set -uo pipefail
name=$1 text=$2
shift 2
printf '==> %s: %s\n' "$name" "$text"
SECONDS=0
"$@"
status=$?
if [ "$status" -eq 0 ]; then
    printf '==> %s: passed (%d s)\n' "$name" "$SECONDS"
else
    printf '==> %s: FAILED (exit code %d, after %d s)\n' "$name" "$status" "$SECONDS" >&2
fi
exit "$status"
