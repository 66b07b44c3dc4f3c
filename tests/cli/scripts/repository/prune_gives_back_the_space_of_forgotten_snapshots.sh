#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

repository_bytes() { find repo/packs -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }'; }
forget() { "$GROUP_BY_HAND" repo forget "$1" || fail "forget $1"; }
id_of() {
  run show "$1" --json
  sed -nE 's/.*"snapshot": "([0-9a-f]{32})".*/\1/p' out | head -1
}

make_repository
run prune
expect_status 0
expect_out "nothing to prune"
for night in 1 2 3 4 5 6; do
  make_image "$night.raw" 40 $((night / 4))
  dd if=/dev/urandom of="$night.raw" bs=64K count=40 seek=$((night * 80)) conv=notrunc status=none

  run backup "web01/vda=$night.raw" --time "2026-11-0${night}T02:00Z"
  expect_status 0
done
[ ! -d repo/leases ] || [ -z "$(ls repo/leases)" ] || fail "a finished backup left a lease behind"
for night in 1 2 3 4; do forget "$(id_of "web01/vda@2026-11-0$night")"; done

# The plan is shown, and nothing is written.
find repo -type f | sort >before
run prune -n
expect_status 0
expect_out "would remove"
find repo -type f | sort >after
expect_same before after

before=$(repository_bytes)
run prune
expect_status 0
expect_no_err
expect_out "freed"
after=$(repository_bytes)
[ "$after" -lt $((before / 2)) ] || fail "$before bytes became $after"
[ -z "$(ls repo/leases)" ] || fail "prune left a lease behind"
run verify
expect_status 0
expect_out "2 of 2 nights can be restored"
for night in 5 6; do
  run restore "web01/vda@2026-11-0$night" --to "back$night.raw"
  expect_status 0
  expect_same "$night.raw" "back$night.raw"
done
# A host that was not there before sees the same.
run restore "web01/vda@latest" --to other.raw --cache-dir other
expect_status 0
expect_same 6.raw other.raw
run prune
expect_status 0
expect_out "nothing to prune"

run prune --max-copy many
expect_refusal 2 "many"
run prune --max-seconds -1
expect_refusal 2 "--max-seconds"
run prune operand
expect_refusal 2 "unexpected argument"
