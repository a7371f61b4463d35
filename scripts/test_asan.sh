#!/usr/bin/env bash
# The JetStream client hands Swift objects to C callbacks: its tests under the address sanitizer find what is used after
# its release. Under the sanitizer everything is compiled anew, so only the core is (see the end of Package.swift), in a
# folder of its own that links to the sources: neither .build nor Package.resolved of the checkout change.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
package=.build-asan/package
mkdir -p "$package"
for entry in Package.swift Sources Tests db .dev; do ln -sfn "$PWD/$entry" "$package/$entry"; done
if [ -f Package.resolved ]; then cp Package.resolved "$package/"; fi
export ARTESANOS_CORE_ONLY=1
# Leaks are not what this looks for, and the Swift runtime keeps some memory for ever.
export ASAN_OPTIONS=detect_leaks=0:${ASAN_OPTIONS:-}
exec swift test --package-path "$package" --sanitize=address --filter JetStreamTests
