#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
head -c 2000000 /dev/urandom >a.raw
head -c 1000000 /dev/urandom >b.raw
run backup a.raw --disk a --time 2026-11-01T00:00Z
expect_status 0
maps_of_a=$(find repo/packs -type f -size -100k)
run backup b.raw --disk b --time 2026-11-02T00:00Z
expect_status 0
maps_of_b=$(find repo/packs -type f -size -100k ! -path "$maps_of_a")
run init second
run copy --to second
expect_status 0
cp -r repo fresh
warm="$VARVE_CACHE_DIR"

# start_over: the repository as it was, on a host that does (warm) or does not (cold) have a catalog.
start_over() {
  rm -rf repo "$work/host"
  cp -r fresh repo
  export VARVE_CACHE_DIR="$work/host"
  if [ "$1" = warm ]; then cp -r "$warm" "$work/host"; fi
}
# expect_whole: nothing is damaged, also for a host that knows nothing.
expect_whole() {
  run verify
  expect_status 0
  VARVE_CACHE_DIR="$work/fresh cache" run verify
  expect_status 0
  rm -rf "$work/fresh cache" back.raw
  run restore a@2026-11-01 --to back.raw
  expect_same a.raw back.raw
  run prune
  expect_status 0
}

for host in warm cold; do
  start_over $host
  rm "$maps_of_a"
  run prune
  expect_status 1
  expect_err "run 'varve repair --from' an image of the disk as it was then, or another repository"
  run repair
  expect_status 3
  expect_out "stays damaged: map page at slot"
  run repair --from b.raw
  expect_status 3
  expect_out "stays damaged: map page at slot"
  run repair --from a.raw -n
  expect_status 0
  expect_out "would write 1 damaged pack anew"
  run repair --from a.raw --json
  expect_status 0
  expect_out '"pages_healed": 4'
  expect_whole

  start_over $host
  rm "$maps_of_a" "$maps_of_b"
  run repair --from a.raw
  expect_status 3
  run repair --from a.raw --from b.raw
  expect_status 0
  expect_out "wrote 2 damaged packs anew; healed in all snapshots: 8 map pages"
  expect_whole

  start_over $host
  rm "$maps_of_a" "$maps_of_b"
  run repair --from second
  expect_status 0
  expect_out "8 map pages"
  expect_whole
done
