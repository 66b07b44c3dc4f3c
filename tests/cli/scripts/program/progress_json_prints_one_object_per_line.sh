#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
make_image b.raw 2 1

# expect_lines FILE: each line is an object with the version of the schema and a type.
expect_lines() {
  local line
  [ -s "$1" ] || fail "$1 is empty"
  while IFS= read -r line; do
    printf '%s' "$line" >line
    expect_json line
    [[ $line == '{"version":"2.0","type":"'* ]] || fail "a line without a type: $line"
  done <"$1"
}

run backup a.raw b.raw --disk web01/vda --disk web01/vdb --progress json
expect_status 0
expect_out "2 disks backed up"
expect_lines err
# A phase begins with 0 bytes and ends with all; on a busy machine there may be lines between.
grep -F '"phase":"reading"' err >reading
[ "$(grep -c '"bytes_done":0,' reading)" = 2 ] || fail "two disks begin"
[ "$(grep -cE '"bytes_done":([0-9]+),"bytes_total":\1,' reading)" = 2 ] || fail "two disks end"
grep -q '"disk":"web01/vdb","disk_number":2,"disk_count":2,' reading || fail "the second disk is not named"
[ "$(grep -c '"bytes_total":null' reading)" = 0 ] || fail "the total is known"

# Warnings and errors are lines as well, also those about the command line.
: >empty.raw
run backup empty.raw nothere.raw --disk empty --disk none --progress json --json
expect_status 1
expect_json
expect_lines err
grep -q '"type":"warning","message":' err || fail "the warning is missing"
grep -q '"type":"error","error":{"code":"not_found","message":' err || fail "the error is missing"
grep -hE '"type":"(warning|error)"' err >out
run_out=$(grep '"disk":"web01/vda"' reading | head -1)
printf '%s\n' "$run_out" >>out
expect_golden progress.jsonl
run --progress=json list --no-such-option
expect_status 2
expect_no_out
expect_lines err
grep -q '"type":"error","error":{"code":"usage"' err || fail "the usage error is missing"
run restore web01/vda@latest --to - --progress json
expect_status 0
expect_same out a.raw
expect_lines err
grep -q '"type":"summary","message":"restored web01/vda of ' err || fail "the summary is missing"

# The other words.
for word in auto none; do
  run verify --progress "$word"
  expect_status 0
  expect_no_err
done
run --progress none verify --progress auto
expect_refusal 2 "given 2 times"
