#!/usr/bin/env bash
# The whole test command: formatting, lint, types and every test; the last line is the count.
#
# Needs Node and npm. As root on Debian it installs the other programs that the tests call when they are
# missing; tests that scan from namespaces or change the user need root. Deno comes from npm.
set -uo pipefail
cd "$(dirname "$0")/.."
# Tests run programs as other users, who have to get at what the tests write.
umask 022
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" NO_COLOR=1

deno() { npx -y deno@2.9.6 "$@" </dev/null; }

install_missing() {
  local pair missing=()
  for pair in nmap:nmap prometheus:prometheus promtool:prometheus \
    prometheus-blackbox-exporter:prometheus-blackbox-exporter ip:iproute2 nft:nftables \
    python3:python3 setcap:libcap2-bin setpriv:util-linux systemd-analyze:systemd ps:procps \
    curl:curl git:git chromium:chromium openssl:openssl dpkg-deb:dpkg; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  echo "installing: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Cannot install them: run as root on Debian, or install them first" >&2
    return
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update </dev/null >/dev/null &&
    apt-get -qq install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null ||
    echo "Cannot install all of them: the tests that need them will fail" >&2
}

# Containers often have no ::1, where many tests listen: root has it for as long as this runs.
no_six=/proc/sys/net/ipv6/conf/lo/disable_ipv6
put_back=:
if [ "$(cat $no_six 2>/dev/null)" = 1 ] && (echo 0 >$no_six) 2>/dev/null; then
  put_back="echo 1 >$no_six"
fi
trap 'rm -rf "${logs:-}"; eval "$put_back"' EXIT

passed=0
failed=0

# Runs one check, which counts as one test; says what it printed only when it failed.
check() {
  local output
  if output=$(deno "$@" 2>&1); then
    echo "ok: deno $*"
    passed=$((passed + 1))
  else
    printf '%s\nFAILED: deno %s\n' "$output" "$*"
    failed=$((failed + 1))
  fi
}

install_missing
check fmt --check
check lint
check check --frozen .

logs=$(mktemp -d)

# Counts what one run of the tests said at its end, and names what was ignored.
count() {
  local log=$1 status=$2 summary
  summary=$(grep -aE '^(ok|FAILED) \| [0-9]+ passed' "$log" | tail -n 1)
  if [[ $summary =~ \|\ ([0-9]+)\ passed.*\|\ ([0-9]+)\ failed ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    # A failure that is no test's own, such as a leak found at the end.
    [ "$status" -ne 0 ] && [ "${BASH_REMATCH[2]}" -eq 0 ] && failed=$((failed + 1))
  else
    echo "FAILED: the tests did not come to an end"
    failed=$((failed + 1))
  fi
  if [[ $summary =~ \|\ ([0-9]+)\ ignored ]]; then
    echo "${BASH_REMATCH[1]} ignored:"
    grep -aE ' \.\.\. ignored \(' "$log" | sed -E 's/ \.\.\. ignored \(.*//; s/^/  /'
  fi
}

# Many tests wait most of the time, so that they run in two lanes, of which one has all that share
# something of the machine, such as the lab, a browser, fixed ports, or the executable.
sharing=(alert_rules batching dashboard executable lab lifecycle million_series names package pages prometheus scan_command sd sweeps tls)
sharing=("${sharing[@]/#/tests/e2e/}")
sharing=("${sharing[@]/%/_test.ts}")
deno test --frozen --allow-all "${sharing[@]}" >"$logs/sharing" 2>&1 &
shared=$!
deno test --frozen --allow-all --ignore="$(IFS=,; echo "${sharing[*]}")" tests 2>&1 |
  tee "$logs/other"
status=${PIPESTATUS[0]}
wait "$shared"
shared=$?
cat "$logs/sharing"
count "$logs/other" "$status"
count "$logs/sharing" "$shared"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
