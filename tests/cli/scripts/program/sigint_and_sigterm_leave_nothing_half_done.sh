#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
run backup a.raw
mkfifo pipe
stopped_by() {
  sleep 1000 >pipe &
  children+=($!)
  # Not as a background job of this shell, which would ignore SIGINT.
  env --default-signal=INT "$VARVE" backup - --disk piped <pipe >out 2>err &
  local varve=$!
  sleep 0.5
  kill "-$1" "$varve"
  status=0
  wait "$varve" || status=$?
  kill "${children[-1]}"
}
stopped_by INT
expect_status 130
stopped_by TERM
expect_status 143
run list
[ "$(wc -l <out)" = 2 ] || fail "one snapshot was expected"
run verify
expect_status 0
