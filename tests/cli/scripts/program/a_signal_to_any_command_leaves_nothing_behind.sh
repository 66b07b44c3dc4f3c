#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# Each command is stopped by SIGINT and by SIGTERM at several moments: it had ended, or has left no lease and no file.
make_repository
make_image a.raw 16
run backup a.raw
run init second
run copy --to second
expect_status 0
for seed in 1 2 3; do
  make_image a.raw 16 "$seed"
  run backup a.raw
  expect_status 0
done
run forget a@~2
expect_status 0

stopped=0
# stop SIGNAL SECONDS STATUS COMMAND...
stop() {
  local signal=$1 seconds=$2 stopped_status=$3
  shift 3
  # Not as a background job of this shell, which would ignore SIGINT.
  env --default-signal=INT "$VARVE" "$@" >out 2>err </dev/null &
  local varve=$!
  sleep "$seconds"
  kill "-$signal" "$varve" 2>/dev/null || true
  status=0
  wait "$varve" || status=$?
  [ "$status" = 0 ] || [ "$status" = "$stopped_status" ] || fail "$*: expected exit status 0 or $stopped_status, got $status"
  [ "$status" = 0 ] || stopped=$((stopped + 1))
  local left
  left=$(find repo/leases repo/tmp second/leases second/tmp -type f 2>/dev/null || true)
  left+=$(find . -name '*.tmp' -o -name '*.draft-*')
  [ -z "$left" ] || fail "$* stopped by SIG$signal after $seconds s left: $left"
  [ "$status" = 0 ] || [ ! -e back.raw ] || fail "a stopped restore left its target"
  rm -f back.raw
}

for seconds in 0.002 0.01 0.03; do
  for command in "backup a.raw" "backup a.raw --disk again" "prune" "copy --to second" "repair --from second" "check" "verify" \
    "rebuild" "tag a@latest --add at=$seconds" "restore a@latest --to back.raw" "list" "forget --keep-last 2"; do
    overwrite a.raw 4096 "$seconds $command"
    # shellcheck disable=SC2086
    stop INT "$seconds" 130 $command
    # shellcheck disable=SC2086
    stop TERM "$seconds" 143 $command
  done
done
[ "$stopped" -gt 9 ] || fail "only $stopped commands were stopped"
run check
expect_status 0
run verify
expect_status 0
run backup a.raw
expect_status 0
run verify a@latest --against a.raw
expect_status 0
