#!/usr/bin/env bash
# Compiles bench/c/relay_limit.c, the C program that our relay is measured beside, to .build/relay_limit.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
mkdir -p .build
# shellcheck disable=SC2046  # pkg-config prints several words
"${CC:-cc}" -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -o .build/relay_limit bench/c/relay_limit.c \
    $(pkg-config --cflags --libs libpq)
