#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
head -c 1000000 /dev/urandom >a.raw
run backup a.raw --disk a
expect_status 0
pack=$(find repo/packs -type f -size +20k | head -n 1)
cp "$pack" whole

no_damage_is_remembered() {
  [ -z "$(find "$VARVE_CACHE_DIR" -name damage)" ] || fail "the damage is gone, but is still remembered"
}

# expect_new DAMAGE HEALED: a backup of the whole image stores chunks again, and both nights are whole.
expect_new() {
  run backup a.raw --disk a
  expect_status 0
  expect_err "$1"
  expect_err "older snapshot"
  expect_err "$2"
  run verify
  expect_status 0
  expect_out "2 of 2 nights can be restored"
  rm -f back.raw
  run restore a@latest --to back.raw
  expect_status 0
  expect_same a.raw back.raw
}

rm "$pack"
run verify
expect_status 3
expect_new "is missing or truncated" "wrote 1 damaged pack anew; healed in all snapshots: 16 chunks"
run backup a.raw --disk same
expect_status 0
expect_out ": 0 chunks new"

# The same on a host that has never seen the pack.
export VARVE_CACHE_DIR="$work/other cache"
run restore same@latest --to same.raw
expect_status 0
expect_same a.raw same.raw

rm -rf repo
make_repository
run backup a.raw --disk a
pack=$(find repo/packs -type f -size +20k | head -n 1)
truncate -s -1000 "$pack"
expect_new "is missing or truncated" "wrote 1 damaged pack anew; nothing in it was lost"

rm -rf repo
make_repository
run backup a.raw --disk a
pack=$(find repo/packs -type f -size +20k | head -n 1)
cp "$pack" whole
flip "$pack" 9000
run verify
expect_status 3

# Put back, the pack is relied on again.
cp whole "$pack"
run verify
expect_status 0
no_damage_is_remembered
run backup a.raw --disk same
expect_status 0
expect_out ": 0 chunks new"

flip "$pack" 9000
run verify
expect_status 3
run backup a.raw --disk a
expect_status 0
expect_err "verify found damage"
expect_err "healed in all snapshots: 1 chunk"
run verify
expect_status 0
expect_out "3 of 3 nights can be restored"
no_damage_is_remembered
