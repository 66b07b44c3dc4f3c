#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
run backup a.raw
expect_no_err
status=0
"$VARVE" list >/dev/full 2>err || status=$?
expect_status 1
[[ $(<err) == "varve: cannot write to standard output"* ]] || fail "the failed write should be reported"
