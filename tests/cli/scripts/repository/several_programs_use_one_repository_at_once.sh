#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# Four writers, two of them on another host (with its own cache), and readers in between, for several rounds.
make_repository
disks=(a b c d)
for disk in "${disks[@]}"; do make_image "$disk.raw" 8 "$disk"; done
rounds=4
for ((round = 1; round <= rounds; round++)); do
  jobs=()
  for disk in "${disks[@]}"; do
    overwrite "$disk.raw" $((round * 70000)) "round $round of $disk, and the same words for all"
    cache=$work/cache
    case $disk in c | d) cache="$work/other cache" ;; esac
    "$VARVE" backup "$disk.raw" --cache-dir "$cache" >"$disk.log" 2>&1 </dev/null &
    jobs+=($!)
  done
  "$VARVE" list >list.log 2>&1 </dev/null &
  jobs+=($!)
  "$VARVE" verify >verify.log 2>&1 </dev/null &
  jobs+=($!)
  for job in "${jobs[@]}"; do wait "$job" || fail "a program failed in round $round: $(cat ./*.log)"; done
done

run list --json
expect_status 0
[ "$(grep -c '"snapshot"' out)" = $((rounds * 4)) ] || fail "not every backup is listed"
for disk in "${disks[@]}"; do
  run verify "$disk@latest" --against "$disk.raw"
  expect_status 0
done
run verify
expect_status 0
