#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

run init base
expect_status 0
export VARVE_REPO="$work/base"
for night in 1 2 3 4 5 6; do
  make_image "$night.raw" 80 1
  dd if=/dev/urandom of="$night.raw" bs=64K count=160 seek=$((night * 160)) conv=notrunc status=none
  run backup "web01/vda=$night.raw" --time "2026-11-0${night}T02:00Z"
  expect_status 0
  [ "$night" -gt 4 ] && continue
  run show web01/vda@latest --json
  sed -nE 's/.*"snapshot": "([0-9a-f]{32})".*/\1/p' out | head -1 >>forgotten
done
while read -r id; do "$GROUP_BY_HAND" base forget "$id"; done <forgotten

export VARVE_REPO="$work/repo"
# How long an undisturbed one takes.
cp -a base repo
run list
start=$(date +%s%N)
run prune
expect_status 0
duration=$((($(date +%s%N) - start) / 1000000))

interrupted=0
for ((i = 0; i < 16; i++)); do
  rm -rf repo cache
  cp -a base repo
  run list # a catalog that has read the log
  expect_status 0
  "$VARVE" prune >/dev/null 2>&1 &
  prune=$!
  after=$((duration * i / 16))
  sleep "$((after / 1000)).$(printf '%03d' $((after % 1000)))"
  if ((i % 2)); then kill -KILL "$prune" 2>/dev/null || true; else kill -INT "$prune" 2>/dev/null || true; fi
  status=0
  wait "$prune" 2>/dev/null || status=$?
  case $status in 0) ;; 130 | 137) interrupted=$((interrupted + 1)) ;; *) fail "prune exited with $status" ;; esac
  for cache in cache other; do
    run verify --cache-dir "$cache"
    expect_status 0
    expect_out "2 of 2 nights can be restored"
  done
  rm -rf other
  run prune
  expect_status 0
  run verify
  expect_status 0
  [ -z "$(ls repo/leases)" ] || fail "a lease is left"
  run restore web01/vda@latest --to back.raw --force
  expect_same 6.raw back.raw
  # No more than what one undisturbed prune leaves, and a few small packs.
  [ "$(find repo/packs -type f | wc -l)" -le 8 ] || fail "garbage is left"
done
[ "$interrupted" -ge 3 ] || fail "only $interrupted of 16 prunes were interrupted"
