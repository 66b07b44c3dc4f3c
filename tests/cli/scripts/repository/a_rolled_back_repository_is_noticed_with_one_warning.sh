#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
run backup a.raw
cp -r repo former
overwrite a.raw 0 x
run backup a.raw
rm -rf repo
mv former repo
run list
expect_status 0
[ "$(wc -l <out)" = 2 ] || fail "one snapshot was expected"
[ "$(wc -l <err)" = 1 ] || fail "one line was expected"
expect_err "rolled back"
