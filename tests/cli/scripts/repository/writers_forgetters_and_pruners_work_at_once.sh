#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# Writers, a forgetter, two pruners, a copy and readers on three hosts (each with its own cache), for several rounds.
make_repository
run init second
disks=(a b c)
for disk in "${disks[@]}"; do
  make_image "$disk.raw" 8 "$disk"
  run backup "$disk.raw" --disk "$disk"
  expect_status 0
done

# start NAME CACHE ARGUMENT...: in the background; its output goes to NAME.log.
jobs=()
start() {
  "$VARVE" "${@:3}" --cache-dir "$work/$2" >"$1.log" 2>&1 </dev/null &
  jobs+=($!)
}

for ((round = 1; round <= 5; round++)); do
  jobs=()
  for disk in "${disks[@]}"; do
    overwrite "$disk.raw" $((round * 70000)) "round $round, the same words for all"
    start "backup $disk" "cache $disk" backup "$disk.raw" --disk "$disk"
  done
  start forget "cache a" forget --keep-last 2
  start "prune one" "cache b" prune
  start "prune two" "cache d" prune
  start copy "cache c" copy --to second
  start verify "cache d" verify
  start list "cache a" list
  for job in "${jobs[@]}"; do wait "$job" || fail "a program failed in round $round: $(tail -n 3 ./*.log)"; done
  for disk in "${disks[@]}"; do
    run verify "$disk@latest" --against "$disk.raw"
    expect_status 0
  done
done
run copy --to second
expect_status 0
expect_sound repo second
run prune
expect_status 0
[ -z "$(find repo/leases -type f 2>/dev/null)" ] || fail "a lease was left behind"
