#!/usr/bin/env bash
# Lets libFuzzer make up webhooks for FUZZ_SECONDS (60), from the samples in Tests/StripeFuzz/Corpus and what earlier runs
# have found (.build-fuzz/corpus). A run that finds something fails, and leaves the input in .build-fuzz/found.
# Only what reads webhooks is built, instrumented (see the end of Package.swift), in a folder of its own that links to the
# sources: neither .build nor Package.resolved of the checkout change.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
package=.build-fuzz/package
mkdir -p "$package" .build-fuzz/corpus .build-fuzz/found
for entry in Package.swift Sources Tests db .dev; do ln -sfn "$PWD/$entry" "$package/$entry"; done
if [ -f Package.resolved ]; then cp Package.resolved "$package/"; fi
export ARTESANOS_FUZZ=1
swift build --package-path "$package" --product StripeFuzz
fuzzer="$(swift build --package-path "$package" --product StripeFuzz --show-bin-path)/StripeFuzz"
exec "$fuzzer" -max_total_time="${FUZZ_SECONDS:-60}" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix=.build-fuzz/found/ -dict=Tests/StripeFuzz/words.dict "$@" .build-fuzz/corpus Tests/StripeFuzz/Corpus
