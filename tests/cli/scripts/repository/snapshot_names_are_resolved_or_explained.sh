#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 2
run backup a.raw --disk web01/vda --time 2026-11-18T02:30Z
overwrite a.raw 0 x
run backup a.raw --disk web01/vda --time 2026-11-19T02:30Z
run show web01/vda
expect_refusal 2 "pass web01/vda@latest"
run show web01/vda@2026-11-17
expect_refusal 1 "no snapshot at 2026-11-17T23:59:59+00:00 or before"
run show web01/vda@~2
expect_refusal 1 "has 2 snapshots"
run show web02@latest
expect_refusal 1 "web02"
run show abc
expect_refusal 2 "4 to 32 hex digits"
run show web01/vda@2026-11-18 --json
expect_out '"2026-11-18T02:30:00Z"'
id=$(sed -nE 's/.*"snapshot": "([0-9a-f]{32})".*/\1/p' out | head -n 1)
run show "${id:0:12}"
expect_status 0
expect_out "$id"
run show "${id^^}"
expect_status 0
