#!/bin/sh
# Makes dist/openport-exporter, one executable with its permissions baked in; called by `deno task compile`.
#
# COMPILE_OUTPUT names another place for it. COMPILE_DENO names another deno to compile with, DENORT_BIN
# (read by deno itself) a base runtime, for machines that cannot reach Deno's download site; TASK_DENO is
# the deno that runs the task, which need not be in PATH. Types are checked by `deno task ok`, not here.
# The V8 flag bounds the space for young objects: without it a million series take 50 MB more for no time
# gained (bench/scrape.ts).
set -eu
cd "$(dirname "$0")/.."
output="${COMPILE_OUTPUT:-dist/openport-exporter}"
mkdir -p dist
# They were of the executable that is replaced.
if [ "$output" = dist/openport-exporter ]; then rm -f dist/SHA256SUMS; fi
revision=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
if [ "$revision" != unknown ] && [ -n "$(git status --porcelain 2>/dev/null)" ]; then
  revision="$revision-dirty"
fi
# Only the executable carries it: run from source, the program knows no revision.
echo "$revision" >dist/revision
trap 'rm -f dist/revision' EXIT
compiler="${COMPILE_DENO:-${TASK_DENO:-deno}}"
# Packages that only tests need are left out where deno can do that.
unused=
if "$compiler" compile --help | grep -q -- --exclude-unused-npm; then unused=--exclude-unused-npm; fi
"$compiler" compile $unused --quiet --frozen --no-check --no-prompt \
  --allow-net --allow-read --allow-write \
  --allow-env=PATH,LOG_STREAM,LOG_TOKENS \
  --allow-run=nmap,/usr/bin/nmap,/usr/local/bin/nmap,/bin/nmap \
  --v8-flags=--max-semi-space-size=8 \
  --include dist/revision --include src/pages/assets --include src/web/bcrypt_worker.ts \
  --output "$output" main.ts
