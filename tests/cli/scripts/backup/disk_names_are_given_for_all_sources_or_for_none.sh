#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 2
make_image b.raw 2
mkdir sub
make_image sub/a.raw 2
run backup a.raw b.raw --disk one
expect_refusal 2 "--disk is given 1 times for 2 sources"
run backup a.raw sub/a.raw
expect_refusal 2 "two sources would be the disk 'a'"
run backup a.raw b.raw --disk x --disk x
expect_refusal 2 "two sources would be the disk 'x'"
run backup a.raw --disk "bad@name"
expect_refusal 2 "contains '@'"
cp a.raw ' x.raw'
run backup ' x.raw'
expect_refusal 2 "pass --disk NAME"
run backup a.raw b.raw --disk one --disk two/vda
expect_status 0
run list
expect_out " one "
expect_out " two/vda "
run backup a.raw --tag noequals
expect_refusal 2 "is not a tag"
run backup a.raw --time someday
expect_refusal 2 "'someday' is not a time"
run list
[ "$(wc -l <out)" = 3 ] || fail "two snapshots were expected"
