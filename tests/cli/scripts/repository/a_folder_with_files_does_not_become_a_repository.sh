#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

mkdir full
echo precious >full/file
run init full
expect_refusal 1 "full"
[ "$(ls full)" = file ] || fail "something was left in the folder"
make_repository
run init repo
expect_refusal 1 "repo"
