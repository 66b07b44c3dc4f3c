#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
run init empty
expect_status 0
for night in 1 2 3 4 5 6; do
  make_image "$night.raw" 40 1
  dd if=/dev/urandom of="$night.raw" bs=64K count=80 seek=$((night * 80)) conv=notrunc status=none
  run backup "web01/vda=$night.raw" --time "2026-11-0${night}T02:00Z"
  expect_status 0
done

# How long an undisturbed one takes, and what it adds.
cp -a empty second
start=$(date +%s%N)
run copy --to second
expect_status 0
duration=$((($(date +%s%N) - start) / 1000000))
whole=$(du -sb second/packs | cut -f1)

rounds=${SANITIZED:+2}
rounds=${rounds:-6}
interrupted=0
for ((i = 0; i < rounds; i++)); do
  rm -rf second
  cp -a empty second
  for part in 1 2; do
    "$VARVE" copy --to second >/dev/null 2>&1 &
    copy=$!
    children+=("$copy")
    after=$((duration * (i + 1) / (rounds + 2) / part))
    sleep "$((after / 1000)).$(printf '%03d' $((after % 1000)))"
    if ((i % 2)); then kill -KILL "$copy" 2>/dev/null || true; else kill -INT "$copy" 2>/dev/null || true; fi
    status=0
    wait "$copy" 2>/dev/null || status=$?
    case $status in 0) ;; 130 | 137) interrupted=$((interrupted + 1)) ;; *) fail "copy exited with $status" ;; esac
    run verify -r second
    expect_status 0
  done
  run copy --to second
  expect_status 0
  run verify -r second --cache-dir other
  expect_status 0
  expect_out "6 of 6 nights can be restored"
  rm -rf other
  run restore -r second web01/vda@~2 --to back.raw --force
  expect_same 4.raw back.raw
  # What an interrupted one left is used or small.
  [ "$(du -sb second/packs | cut -f1)" -le $((whole * 5 / 4)) ] || fail "data is stored twice"
done
[ "$interrupted" -ge $((rounds / 2)) ] || fail "only $interrupted of $((rounds * 2)) copies were interrupted"
