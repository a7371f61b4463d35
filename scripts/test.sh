#!/usr/bin/env bash
# test.sh [OPTION...]: runs the tests; options go to `swift test`.
# Without a bound all of them start at once, and then they wait for each other's servers until their deadlines pass.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec swift test --experimental-maximum-parallelization-width "${TEST_WIDTH:-8}" "$@"
