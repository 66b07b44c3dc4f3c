#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
head -c 192M /dev/urandom >a.raw
head -c 16M a.raw >small.raw
run backup small.raw --disk small
expect_status 0

# lose DELAY COMMAND...: runs the command on b.raw while it is backed up, so many seconds after that was opened.
lose() {
  cp a.raw b.raw
  "$VARVE" backup b.raw --disk b >out 2>err </dev/null &
  local job=$!
  while kill -0 "$job" 2>/dev/null && [[ $(ls -l "/proc/$job/fd" 2>/dev/null) != *b.raw* ]]; do sleep 0.01; done
  sleep "$1"
  "${@:2}" b.raw
  status=0
  wait "$job" || status=$?
}

# Cut off at several moments, the first ones while it is read: never committed as if it had been whole.
cut_off=0
for delay in 0.1 0.2 0.3 0.03; do
  lose "$delay" truncate -s 1M
  run_status=$status
  if [ "$run_status" != 0 ]; then
    cut_off=$((cut_off + 1))
    [ "$run_status" = 1 ] || fail "expected exit status 1, got $run_status"
    expect_err "b.raw"
    run list b
    [[ $(<out) != *" b "* ]] || fail "a disk that was cut off was committed"
  else
    run verify b@latest --against a.raw # it was read before
    expect_status 0
    run forget b@latest --force
  fi
done
[ "$cut_off" -gt 0 ] || fail "the disk was never cut off in time"

# A removed file can be read to its end: all of it is committed.
lose 0.1 rm
if [ "$status" = 0 ]; then
  run verify b@latest --against a.raw
  expect_status 0
else
  expect_err "b.raw"
fi
run check
expect_status 0
run verify
expect_status 0
run backup small.raw --disk small
expect_status 0
