#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
for night in 1 2 3; do
  overwrite a.raw "$((night * 70000))" "night $night"
  run backup a.raw --disk a
  expect_status 0
done
for i in $(seq 28); do
  run tag a@latest --add "n=$i"
  expect_status 0
done
run prune
expect_status 0
[ ! -e repo/checkpoints ] || fail "a checkpoint after 31 entries"
run forget a@~2
run prune --dry-run
expect_status 0
[ ! -e repo/checkpoints ] || fail "a dry run wrote a checkpoint"
run prune
expect_status 0
expect_no_err
checkpoint=$(echo repo/checkpoints/*)
[ -f "$checkpoint" ] || fail "no checkpoint was written"
run check --json
expect_status 0
expect_out '"checkpoints_checked": 1,'

# A new host, and rebuild, start from it: they do without the first entry.
run list
expect_status 0
mv out expected
mv repo/log/0000000000000001 first
VARVE_CACHE_DIR="$work/new" run list
expect_status 0
expect_err "built this host's catalog of the repository from its log, 33 entries"
[ "$(wc -l <err)" = 1 ] || fail "one warning was expected"
expect_same out expected
mv first repo/log/0000000000000001
run rebuild
expect_status 0
run list
expect_same out expected
VARVE_CACHE_DIR="$work/new" run restore a@latest --to restored.raw
expect_status 0
expect_same restored.raw a.raw

# A damaged one is named, and costs nothing.
flip "$checkpoint" 100
run check
expect_status 3
expect_out "checkpoint_damaged: checkpoint "
expect_out "nothing is lost with it"
VARVE_CACHE_DIR="$work/newer" run list
expect_status 0
expect_err "is not used"
expect_same out expected
rm "$checkpoint"
run check
expect_status 0
