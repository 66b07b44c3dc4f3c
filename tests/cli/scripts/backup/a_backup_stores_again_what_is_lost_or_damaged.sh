#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
head -c 1000000 /dev/urandom >a.raw
run backup a.raw --disk a
expect_status 0
pack=$(find repo/packs -type f -size +20k | head -n 1)
cp "$pack" whole

# expect_new DISK TEXT: a backup of the whole image stores chunks again, names the night before, and is restored.
expect_new() {
  run backup a.raw --disk "$1"
  expect_status 0
  expect_err "$2"
  expect_err "older snapshot"
  rm -f back.raw
  run restore "$1@latest" --to back.raw
  expect_status 0
  expect_same a.raw back.raw
}

rm "$pack"
run verify
expect_status 3
expect_new a "is missing or truncated"
run verify a@latest
expect_status 0
expect_out "1 of 1 night can be restored"
run verify
expect_status 3
expect_out "1 of 2 nights can be restored"
run backup a.raw --disk same
expect_status 0
expect_out ": 0 chunks new"

# The same on a host that has never seen the pack.
export VARVE_CACHE_DIR="$work/other cache"
run restore same@latest --to same.raw
expect_status 0
expect_same a.raw same.raw

# Put back, the pack is relied on again; truncated, or with a flipped byte that verify found, it is not.
cp whole "$pack"
run verify
expect_status 0
rm -rf repo
make_repository
run backup a.raw --disk a
pack=$(find repo/packs -type f -size +20k | head -n 1)
cp "$pack" whole
truncate -s -1000 "$pack"
expect_new a "is missing or truncated"

rm -rf repo
make_repository
run backup a.raw --disk a
pack=$(find repo/packs -type f -size +20k | head -n 1)
cp "$pack" whole
overwrite "$pack" 9000 xxxx
run verify
expect_status 3
expect_new a "verify found damage"
run verify a@latest
expect_status 3
expect_out "1 of 1 night can be restored"
run backup a.raw --disk same
expect_status 0
expect_out ": 0 chunks new"
cp whole "$pack"
run verify
expect_status 0
[ -z "$(find "$VARVE_CACHE_DIR" -name damage)" ] || fail "the damage is gone, but is still remembered"
