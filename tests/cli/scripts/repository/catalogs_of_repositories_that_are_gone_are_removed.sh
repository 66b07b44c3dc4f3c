#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_image a.raw 4
for name in one two three; do
  run init "$name"
  run backup -r "$name" a.raw
  expect_status 0
done
[ "$(find cache -mindepth 1 -maxdepth 1 | wc -l)" = 3 ] || fail "three catalogs were expected"
run cache
expect_status 0
[ "$(grep -c ' present ' out)" = 3 ] || fail "three repositories are present"

# One is gone, one has moved and was seen at its new place, one was replaced by another repository.
rm -rf one
mv two moved
run list -r moved
mv three aside
run init three
run cache
[ "$(grep -c ' gone ' out)" = 2 ] || fail "two repositories are gone"
[ "$(find cache -mindepth 1 -maxdepth 1 | wc -l)" = 3 ] || fail "without --cleanup, nothing is removed"

# What a killed program left, and what a running one is making.
id=$(basename "$(find cache -mindepth 1 -maxdepth 1 | head -1)")
mkdir "cache/$id.draft-0123456789abcdef" cache/mine
touch "cache/$id.draft-0123456789abcdef/catalog.sqlite"
run cache --cleanup --json
expect_status 0
expect_json
[ "$(grep -c '"state": "gone"' out)" = 4 ] || fail "two catalogs were listed and removed"
expect_out '"unfinished_removed": 1'
[ -d cache/mine ] || fail "a folder that is not a catalog was removed"
rmdir cache/mine
[ "$(find cache -mindepth 1 -maxdepth 1 | wc -l)" = 1 ] || fail "one catalog was expected"
run list -r moved
expect_status 0
expect_no_err
run cache --cleanup
expect_status 0
expect_out "0 B freed"

# A repository that comes back costs only reading its log.
run list -r aside
expect_status 0
run cache
[ "$(grep -c ' present ' out)" = 2 ] || fail "two repositories are present"
run cache --cache-dir "$work/never there"
expect_status 0
