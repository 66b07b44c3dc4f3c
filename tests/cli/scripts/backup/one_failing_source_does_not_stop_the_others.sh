#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
make_image c.raw 4
run backup a.raw b.raw c.raw
expect_status 1
expect_err "b.raw"
expect_out "2 disks backed up, 1 failed"
[ "$(wc -l <err)" = 1 ] || fail "one line was expected on standard error"
run list
expect_out " a "
expect_out " c "
