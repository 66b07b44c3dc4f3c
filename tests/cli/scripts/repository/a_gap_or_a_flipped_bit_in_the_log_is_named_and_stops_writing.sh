#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
for night in 1 2 3 4; do
  overwrite a.raw "$((night * 70000))" "night $night"
  cp a.raw "night$night.raw"
  run backup a.raw --disk a
  expect_status 0
done
entry=repo/log/0000000000000002
cp "$entry" kept
warm="$VARVE_CACHE_DIR"

# expect_no_writing: backup, tag and forget are refused with one sentence, and nothing was added.
expect_no_writing() {
  local before
  before=$(find repo -type f | sort)
  run backup a.raw --disk a
  expect_status 1
  expect_err "log entry 2"
  expect_err "nothing is written"
  run tag a@latest --add keep=1
  expect_status 1
  run forget --keep-last 1
  expect_status 1
  expect_err "nothing is written"
  run forget a@~1
  expect_status 1
  [ "$(find repo -type f | sort)" = "$before" ] || fail "something was written"
}

# expect_damage KIND: verify finds it with and without a catalog; a host without one lists and restores the rest.
expect_damage() {
  export VARVE_CACHE_DIR="$warm"
  run verify
  expect_status 3
  expect_out "$1: log entry 2"
  expect_out "4 of 4 nights can be restored"
  run list a
  expect_status 0
  [ "$(wc -l <out)" = 5 ] || fail "this host has read all four snapshots"
  expect_no_writing

  export VARVE_CACHE_DIR="$work/cold $1"
  run list a
  expect_status 0
  expect_err "log entry 2"
  [ "$(wc -l <out)" = 4 ] || fail "three snapshots were expected"
  run list a
  expect_err "log entry 2 is missing or damaged"
  rm -f back.raw
  run restore a@latest --to back.raw
  expect_status 0
  expect_same night4.raw back.raw
  run verify
  expect_status 3
  expect_out "$1: log entry 2"
  expect_out "3 of 3 nights can be restored"
  expect_no_writing
}

rm "$entry"
expect_damage log_entry_missing
cp kept "$entry"
flip "$entry" 300
expect_damage log_entry_damaged

# Once the entry is back, every host has all of it again, and writing goes on.
cp kept "$entry"
for cache in "$warm" "$work/cold log_entry_missing" "$work/cold log_entry_damaged"; do
  export VARVE_CACHE_DIR="$cache"
  run verify
  expect_status 0
  expect_out "nights can be restored"
  run list a
  expect_status 0
  expect_no_err
done
run list a
[ "$(wc -l <out)" = 5 ] || fail "four snapshots were expected"
run backup a.raw --disk a
expect_status 0

# The newest entry, damaged: a host that knows it restores it, another lists what came before; neither writes.
newest=repo/log/0000000000000005
cp "$newest" kept
flip "$newest" 300
run list a
expect_status 0
expect_err "log entry 5"
[ "$(wc -l <out)" = 6 ] || fail "five snapshots were expected"
run backup a.raw --disk a
expect_status 1
expect_err "log entry 5"
export VARVE_CACHE_DIR="$work/cold newest"
run list a
expect_status 0
expect_err "log entry 5"
[ "$(wc -l <out)" = 5 ] || fail "four snapshots were expected"
run backup a.raw --disk a
expect_status 1
expect_err "log entry 5"
run verify
expect_status 3
