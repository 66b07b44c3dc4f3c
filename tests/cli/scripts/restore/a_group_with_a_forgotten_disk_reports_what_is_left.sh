#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 2
run backup a.raw --disk a
"$GROUP_BY_HAND" repo g 2026-11-18T02:00Z a=g/vda a=g/vdb -- >ids
"$GROUP_BY_HAND" repo forget "$(sed -n 1p ids)"
run restore --group g@latest --to to/ --json
expect_status 0
expect_err "the group 'g' is incomplete: at this point 'g/vda' was forgotten, and only 'g/vdb' is left"
expect_out '"forgotten": ['
expect_json
expect_same to/g/vdb.raw a.raw
[ ! -e to/g/vda.raw ] || fail "a forgotten disk was restored"
