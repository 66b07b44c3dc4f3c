#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 2
for day in 16 17 18 19 20; do run backup a.raw --disk a --time "2026-11-${day}T02:30Z"; done
mv repo kept
# left: how many snapshots the repository has, as a host sees it that has no catalog.
left() {
  run list --cache-dir cold
  expect_status 0
  tail -n +2 out | wc -l
  rm -rf cold
}
# How long it takes on this machine, in microseconds.
cp -r kept repo
run forget --keep-last 1 -n # so that this host knows the repository
begin=$(date +%s%N)
run forget --keep-last 1
took=$((($(date +%s%N) - begin) / 1000))
stopped=0
for signal in INT TERM KILL; do
  for part in 0 40 70 85 100 500; do
    printf -v delay '%d.%06d' $((took * part / 100000000)) $((took * part / 100 % 1000000))
    rm -rf repo
    cp -r kept repo
    # Not as a background job of this shell, which would ignore SIGINT.
    env --default-signal=INT "$VARVE" forget --keep-last 1 >forgot 2>forgot.err &
    varve=$!
    sleep "$delay"
    kill "-$signal" "$varve" 2>/dev/null || true
    status=0
    wait "$varve" 2>/dev/null || status=$?
    now=$(left)
    case "$signal $status $now" in
      *" 0 1") ;; # done before the signal, or in spite of it
      "INT 130 5" | "TERM 143 5" | "KILL 137 5" | "KILL 137 1") stopped=$((stopped + 1)) ;;
      *) fail "signal $signal after $delay s: exit status $status, and $now snapshots are left: $(cat forgot.err)" ;;
    esac
    run verify
    expect_status 0
    run forget --keep-last 1
    expect_status 0
    [ "$(left)" = 1 ] || fail "it was not completed"
    [ -z "$(find repo/tmp -type f 2>find.err)" ] || [ "$signal" = KILL ] || fail "something was left in tmp/"
  done
done
[ "$stopped" -gt 0 ] || fail "every forget was done before its signal"
