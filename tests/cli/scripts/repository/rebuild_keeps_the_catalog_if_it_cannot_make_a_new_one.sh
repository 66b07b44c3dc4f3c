#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
for i in 1 2 3; do
  overwrite a.raw 100 "night $i"
  run backup a.raw --disk a
done
# A limit on the size of files: the draft cannot be written.
cp -r cache before
status=0
(
  trap '' XFSZ
  ulimit -f 8
  exec "$VARVE" rebuild
) >out 2>err || status=$?
expect_status 1
[ "$(find cache -mindepth 1 -maxdepth 1 | wc -l)" = 1 ] || fail "something was left beside the catalog"
run restore a@latest --to restored.raw
expect_status 0
expect_no_err
expect_same a.raw restored.raw

# A program that is killed while it rebuilds: the next one cleans up, and the catalog is whole all the time.
for pause in 0 0.005 0.01 0.015 0.02 0.03 0.04 0.06; do
  "$VARVE" rebuild -q &
  child=$!
  sleep "$pause"
  kill -9 "$child" 2>/dev/null || true
  wait "$child" 2>/dev/null || true
  run list a
  expect_status 0
  expect_no_err
  [ "$(wc -l <out)" = 4 ] || fail "three snapshots were expected"
done
run rebuild
expect_status 0
[ "$(find cache -mindepth 1 -maxdepth 1 | wc -l)" = 1 ] || fail "drafts of killed programs were left"
