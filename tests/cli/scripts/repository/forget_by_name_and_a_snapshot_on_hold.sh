#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 2
for day in 17 18 19 20; do run backup a.raw --disk a --time "2026-11-${day}T02:30Z"; done
run tag a@2026-11-17 --add hold=court
# No rule drops a snapshot on hold.
run forget --keep-last 1 -n
expect_status 0
expect_out "would forget 2 snapshots and keep 2"
grep -qE '2026-11-17 .* keep +hold' out || fail "the table does not show the hold"
# By name it is forgotten only with --force, and a refusal forgets nothing.
run forget a@2026-11-17 a@~1
expect_refusal 1 "of disk 'a' is tagged 'hold', so it is forgotten only with --force; nothing was forgotten"
run forget a@2026-11-17 a@~1 -n
expect_refusal 1 "tagged 'hold'"
run list
[ "$(tail -n +2 out | wc -l)" = 4 ] || fail "a refused call forgot something"
run forget a@2026-11-17 -n --force
expect_status 0
expect_out "would forget 1 snapshot"
run list
[ "$(tail -n +2 out | wc -l)" = 4 ] || fail "a dry run forgot something"
run forget a@2026-11-17 --force
expect_status 0
expect_out "forgot 1 snapshot"
expect_out "run \`varve prune\` to free the space"
# By any name, each once; also the last that there is.
run list a --json
id=$(sed -nE 's/.*"snapshot": "([0-9a-f]{8}).*/\1/p' out | head -1)
run forget "$id" a@~2 a@2026-11-18
expect_status 0
expect_out "forgot 1 snapshot"
run forget "$id"
expect_refusal 1 "no snapshot's id begins with $id"
run forget a@~1 a@latest
expect_status 0
expect_out "forgot 2 snapshots"
run list
expect_out "no snapshots"
# The next backup begins anew.
run backup a.raw --disk a
expect_status 0
run verify
expect_status 0
