#!/usr/bin/env bash
# test.sh [OPTION...]: runs the tests; options go to `swift test`. What failed is told once more at the end.
# Without a bound all of them start at once, and then they wait for each other's servers until their deadlines pass.
# The burst of 2,000 orders comes last and alone: beside other tests its orders would run into their deadlines.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Limits of what is waited for are meant for a machine of one's own (Tests/TestSupport/Eventually.swift).
export TEST_PATIENCE=${TEST_PATIENCE:-3}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
tests() {
    swift test --experimental-maximum-parallelization-width "${TEST_WIDTH:-8}" "$@" 2>&1 | tee -a "$log"
}

burst() {
    [ $# -gt 0 ] || LOAD_TESTS=1 tests --skip-build --filter twoThousandOrders
}

tests "$@" && burst "$@" && exit 0
status=$?
echo
echo "==> what failed:"
grep -aE 'recorded an issue|Fatal error|unexpected signal|: error: ' "$log" || tail -n 20 "$log"
exit "$status"
