#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 8
terminal() { script -qec "$*" /dev/null </dev/null >out 2>&1; }
terminal "'$VARVE' backup a.raw"
[[ $(<out) == *$'\r'"reading a  ["* ]] || fail "a bar was expected"
expect_out "backed up a of "
terminal "'$VARVE' backup -q a.raw"
[[ $(<out) != *$'\r'"reading"* ]] || fail "no bar was expected with --quiet"
