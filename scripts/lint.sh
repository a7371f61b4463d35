#!/usr/bin/env bash
# Runs every check and names those that failed. Changes nothing; `make format` mends the format.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

failed=()
check() {
    local name=$1
    shift
    if "$@"; then echo "lint: $name: ok"; else failed+=("$name"); fi
}

# The production configuration takes names and public keys from the environment; any valid ones do for the syntax.
configurations() {
    local server=${NATS_SERVER:-} file output status=0
    if [ -z "$server" ]; then server=$(command -v nats-server || echo .dev/bin/nats-server); fi
    if [ ! -x "$server" ]; then
        echo "lint: no nats-server here (make setup), its configurations were not checked"
        return 0
    fi
    for file in infra/nats/*.conf; do
        output=$(
            export NATS_SERVER_NAME=lint \
                NATS_RELAY_NKEY=UAAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCLL5 \
                NATS_ORDERS_NKEY=UABAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAF3D2 \
                NATS_PAYMENTS_NKEY=UABQGAYDAMBQGAYDAMBQGAYDAMBQGAYDAMBQGAYDAMBQGAYDAMBQGU3Y \
                NATS_INVENTORY_NKEY=UACAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAI3TV \
                NATS_OPERATOR_NKEY=UACQKBIFAUCQKBIFAUCQKBIFAUCQKBIFAUCQKBIFAUCQKBIFAUCQLULX
            "$server" -t -c "$file" 2>&1
        ) || {
            printf '%s\n' "$output" >&2
            status=1
        }
    done
    return "$status"
}

check format swift format lint --strict --parallel --recursive Sources Tests Benchmarks db infra/nats Package.swift
check dependencies python3 scripts/check_dependencies.py
check metrics python3 scripts/check_metrics.py
if command -v shellcheck >/dev/null; then check shell shellcheck scripts/*.sh .ci/run; fi
check "nats-server configurations" configurations

if [ "${#failed[@]}" -gt 0 ]; then
    printf 'lint: failed: %s\n' "${failed[*]}" >&2
    exit 1
fi
