#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"
cp "$SHIFTED_CLOCK" clock.so  # LD_PRELOAD takes no name with a blank

# run_at SHIFT ARGUMENT...: runs the program while the clock is ahead by so many seconds. JUMP=N: from its N-th look on.
run_at() {
  status=0
  CLOCK_SHIFT=$1 CLOCK_JUMP=${JUMP:-0} LD_PRELOAD=./clock.so ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
    "$VARVE" "${@:2}" >out 2>err </dev/null || status=$?
}

year=31557600
make_repository
run init second
make_image a.raw 8

# Nights before, within and after a clock that is ten years ahead, then a year behind.
night=0
for shift in 0 $((10 * year)) $((-year)) 0; do
  night=$((night + 1))
  overwrite a.raw $((night * 100000)) "night $night"
  cp a.raw "night $night.raw"
  run_at "$shift" backup a.raw --disk a
  expect_status 0
  run_at "$shift" verify a@latest --against a.raw
  expect_status 0
done
run list --json
[ "$(grep -c '"snapshot"' out)" = 4 ] || fail "four nights were expected"

# The same while the clock jumps within one run, either way.
for shift in $((10 * year)) $((-10 * year)); do
  for JUMP in 2 4 7; do
    night=$((night + 1))
    overwrite a.raw $((night * 100000)) "night $night"
    run_at "$shift" backup a.raw --disk a
    expect_status 0
    run_at "$shift" verify --max-seconds 5
    expect_status 0
    run_at "$shift" copy --to second
    expect_status 0
    run_at "$shift" tag a@latest --add "night=$night"
    expect_status 0
    run verify a@latest --against a.raw
    expect_status 0
    run verify a@latest --against a.raw -r second
    expect_status 0
  done
done
JUMP=0

# Rules keep the newest snapshot in the log, whatever the clocks show.
cp a.raw newest.raw
for shift in $((10 * year)) $((-10 * year)) 0; do
  run_at "$shift" forget --keep-last 2
  expect_status 0
  run_at "$shift" prune
  expect_status 0
  run verify a@latest --against newest.raw
  expect_status 0
done
run_at $((10 * year)) forget --keep-within 30d
expect_status 0
run verify a@latest --against newest.raw
expect_status 0

expect_sound repo second
[ -z "$(find repo/leases second/leases -type f 2>/dev/null)" ] || fail "a lease was left behind"
