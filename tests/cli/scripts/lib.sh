# shellcheck shell=bash
# Sourced by every script below this folder. A test runs in its own folder, whose name contains a blank, with its own
# cache, in UTC. VARVE names the program, CHECK_JSON a cmake script. One that sets needs_mount_namespace before it sources
# this is started again in a mount namespace of its own, or skipped.
set -euo pipefail

if [ -n "${needs_mount_namespace:-}" ] && [ -z "${VARVE_INSIDE:-}" ]; then
  export VARVE_INSIDE=1
  for way in "--user --map-root-user --mount" "--mount"; do
    # shellcheck disable=SC2086
    unshare $way true 2>/dev/null && exec unshare $way bash "$0"
  done
  echo "skipped: cannot create a mount namespace here"
  exit 77
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/varve test.XXXXXX")
children=()
clean_up() {
  local child
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  chmod -R u+rwX "$work" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
cd "$work"
export PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C.UTF-8 TZ=UTC VARVE_CACHE_DIR="$work/cache"
unset VARVE_REPO XDG_CACHE_HOME TMPDIR
# A search for leaks takes half the time of a short command: only under program/, where each command runs.
[[ $0 == */program/* ]] || export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  for stream in out err; do
    [ -f "$work/$stream" ] && printf -- '-- %s:\n%s\n' "$stream" "$(head -c 4000 "$work/$stream" | cat -v)" >&2
  done
  exit 1
}

# run ARGUMENT...: runs the program; its output goes to the files out and err, its exit status to $status.
run() {
  status=0
  "$VARVE" "$@" >out 2>err </dev/null || status=$?
}

expect_status() { [ "$status" = "$1" ] || fail "expected exit status $1, got $status"; }
expect_out() { [[ $(<out) == *"$1"* ]] || fail "standard output does not contain: $1"; }
expect_err() { [[ $(<err) == *"$1"* ]] || fail "standard error does not contain: $1"; }
expect_no_out() { [ ! -s out ] || fail "standard output is not empty"; }
expect_no_err() { [ ! -s err ] || fail "standard error is not empty"; }
# Expects exit status $1, one sentence on standard error that contains $2, and nothing on standard output.
expect_refusal() {
  expect_status "$1"
  expect_no_out
  [ "$(wc -l <err)" = 1 ] || fail "expected one line on standard error"
  [[ $(<err) == "varve: "* ]] || fail "standard error does not begin with 'varve: '"
  expect_err "$2"
}
expect_same() { cmp "$1" "$2" >/dev/null || fail "$1 and $2 differ"; }
expect_json() { cmake -DFILE="$work/${1:-out}" -P "$CHECK_JSON" >json.log 2>&1 || fail "not a single JSON object: $(cat json.log)"; }
# Expects exit status $1, a document with an error of code $2 (any if empty), and a sentence on standard error that contains $3.
expect_json_refusal() {
  expect_status "$1"
  expect_json
  expect_out "  \"error\": {"
  expect_out "\"code\": \"$2"
  expect_err "$3"
}

# expect_golden NAME: out equals tests/golden/NAME once everything that varies between runs is normalized: numbers to 0, so
# that the golden file is JSON of the same types.
expect_golden() {
  sed -E -e 's/"[0-9a-f]{32}"/"ID"/' -e 's/("host": )"[^"]+"/\1"HOST"/' -e "s#$work#WORK#g" \
    -e 's/("(seconds|compression_ratio|metadata_share|bytes_grown_per_[a-z]+)": ?)[0-9.e-]+/\10/' \
    -e 's/("bytes_(stored|read|on_disk|freed|copied)": )-?[0-9]+/\10/' out >normal
  if [ -n "${VARVE_UPDATE_GOLDEN:-}" ]; then cp normal "$GOLDEN/$1"; fi
  diff -u "$GOLDEN/$1" normal >golden.diff || fail "differs from tests/golden/$1: $(cat golden.diff)"
}

# make_image FILE MIB [SEED]: a raw disk with 64 KiB of data every 2 MiB and holes between.
make_image() {
  local at
  truncate -s "$2M" "$1"
  for ((at = 0; at < $2; at += 2)); do
    printf 'block %s of seed %s\n%.0s' "$at" "${3:-0}" {1..3000} |
      dd of="$1" ibs=64K obs=64K seek=$((at * 16)) conv=notrunc,sync iflag=fullblock status=none
  done
}

# overwrite FILE OFFSET TEXT
overwrite() { printf '%s' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

# flip FILE OFFSET: one bit of the byte there. Unlike a byte that is written, it differs from whatever was there.
flip() {
  local byte
  byte=$(od -An -tu1 -j"$2" -N1 "$1")
  printf '%b' "\\x$(printf %02x $((byte ^ 64)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# expect_sound REPOSITORY...: everything in them verifies.
expect_sound() {
  local repository
  for repository in "$@"; do
    run check -r "$repository"
    expect_status 0
    run verify -r "$repository"
    expect_status 0
  done
}

make_repository() {
  run init repo
  expect_status 0
  export VARVE_REPO="$work/repo"
}
