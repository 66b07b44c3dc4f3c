#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
head -c 1000000 /dev/urandom >a.raw
head -c 1000000 /dev/urandom >b.raw
run backup a.raw --disk a
expect_status 0
metadata_of_a=$(find repo/packs -type f -printf '%s %p\n' | sort -n | head -n 1 | cut -d' ' -f2-)
run backup b.raw --disk b
expect_status 0
warm="$VARVE_CACHE_DIR"
cp -r repo fresh

# A flipped bit at any place of a metadata pack: on a host without a catalog, the other disk is as before.
size=$(stat -c %s "$metadata_of_a")
for at in 8 60 $((size / 2)) $((size - 200)) $((size - 70)) $((size - 10)); do
  rm -rf repo
  cp -r fresh repo
  flip "$metadata_of_a" "$at"
  export VARVE_CACHE_DIR="$work/cold $at"
  run list
  expect_status 0
  [ "$(wc -l <out)" = 3 ] || fail "two snapshots were expected, with a flip at $at"
  rm -f b.back
  run restore b@latest --to b.back --format raw
  expect_status 0
  expect_same b.raw b.back
  run verify
  expect_status 3
  run backup a.raw --disk a
  expect_status 0
  rm -f a.back
  run restore a@latest --to a.back --format raw
  expect_status 0
  expect_same a.raw a.back
  run verify a@latest b@latest
  expect_out "2 of 2 nights can be restored"
done
rm -rf repo
mv fresh repo

# A damaged or missing config: reading works, nothing is written.
cp repo/config config.kept
for damage in flipped missing; do
  cp config.kept repo/config
  if [ $damage = flipped ]; then flip repo/config 90; else rm repo/config; fi
  for cache in "$warm" "$work/cold config $damage"; do
    export VARVE_CACHE_DIR="$cache"
    run list
    expect_status 0
    expect_err "config"
    rm -f b.back
    run restore b@latest --to b.back --format raw
    expect_status 0
    expect_same b.raw b.back
    objects=$(find repo -type f | wc -l)
    run backup b.raw --disk b
    expect_status 1
    expect_err "nothing is written"
    [ "$(find repo -type f | wc -l)" = "$objects" ] || fail "something was written"
    run verify
    expect_status 3
    expect_out "config_damaged"
  done
done
cp config.kept repo/config
run backup b.raw --disk b
expect_status 0
run verify
expect_status 0
