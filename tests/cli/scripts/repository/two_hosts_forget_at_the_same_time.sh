#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 2
for day in $(seq -w 1 20); do run backup a.raw --disk a --time "2026-11-${day}T02:30Z"; done
# Each host has its own catalog; all of them apply the same rules, and one of them does the work.
pids=()
for host in 1 2 3 4; do
  "$VARVE" forget --keep-last 3 --keep-weekly 2 --cache-dir "cache$host" >"out$host" 2>"err$host" &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || fail "a host failed: $(cat err?)"; done
[ "$(grep -l '^forgot 16 snapshots and kept 4' out? | wc -l)" = 1 ] || fail "one host was to forget: $(cat out?)"
[ "$(grep -l '^nothing to forget: 4 snapshots kept' out? | wc -l)" = 3 ] || fail "three hosts had nothing to do: $(cat out?)"
[ "$(find repo/log -type f | wc -l)" = 21 ] || fail "one entry was expected"
# A host that is behind sees what others did before it decides.
run forget a@~2 --cache-dir cache1
expect_status 0
run forget --keep-last 3 --cache-dir cache2 -n
expect_out "nothing to forget: 3 snapshots kept"
run verify --cache-dir cache3
expect_status 0
