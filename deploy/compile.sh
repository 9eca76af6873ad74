#!/bin/sh
# Makes dist/openport-exporter, one executable with its permissions baked in; called by `deno task compile`.
#
# COMPILE_DENO names another deno to compile with, DENORT_BIN (read by deno itself) a base runtime, for
# machines that cannot reach Deno's download site; types are checked by `deno task ok`, not here.
set -eu
cd "$(dirname "$0")/.."
mkdir -p dist
revision=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
if [ "$revision" != unknown ] && [ -n "$(git status --porcelain 2>/dev/null)" ]; then
  revision="$revision-dirty"
fi
echo "$revision" >dist/revision
exec "${COMPILE_DENO:-deno}" compile --frozen --no-check --no-prompt \
  --allow-net --allow-read \
  --allow-env=PATH,LOG_STREAM,LOG_TOKENS \
  --allow-run=nmap,/usr/bin/nmap,/usr/local/bin/nmap,/bin/nmap \
  --include dist/revision \
  --output dist/openport-exporter main.ts
