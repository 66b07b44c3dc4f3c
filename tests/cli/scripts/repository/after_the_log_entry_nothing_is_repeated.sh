#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# A page of the catalog that only a commit touches is damaged: the root of one of its tables.
command -v sqlite3 >/dev/null || exit 77
break_log() {
  local database page
  database=$(echo cache/*/catalog.sqlite)
  page=$(sqlite3 "$database" "select rootpage from sqlite_schema where name='${1:-log}'")
  printf '\356' | dd of="$database" bs=1 seek=$(((page - 1) * 16384)) conv=notrunc status=none
}
make_repository
make_image a.raw 4
run backup a.raw --disk a
for table in log snapshots tags; do
  break_log "$table"
  overwrite a.raw 100 "$table"
  run backup a.raw --disk a --json
  expect_status 0
  [ "$(grep -c '"snapshot"' out)" = 1 ] || fail "one snapshot was expected"
  [ "$(wc -l <err)" = 1 ] || fail "one warning was expected"
  expect_err "rebuilding the catalog"
done
run list a
[ "$(wc -l <out)" = 5 ] || fail "four snapshots were expected"
break_log
run tag a@latest --add n=1
expect_status 0
expect_out "tagged"
break_log
run tag a@latest --remove n
expect_status 0
expect_out "no tags"
break_log
run backup a.raw a.raw --disk x --disk y --group g
expect_status 0
run list --group g
[ "$(wc -l <out)" = 3 ] || fail "two snapshots were expected"
run verify
expect_status 0
