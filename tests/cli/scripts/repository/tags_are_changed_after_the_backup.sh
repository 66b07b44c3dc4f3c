#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 2
run backup a.raw --disk a --tag night=1 --time 2026-11-18T02:30Z
run backup a.raw --disk b --time 2026-11-18T02:30Z
run tag a@latest b@latest --add keep=forever --add "owner=the team"
expect_status 0
expect_no_err
[ "$(wc -l <out)" = 2 ] || fail "one line per snapshot was expected"
expect_out "tagged a of 2026-11-18T02:30:00+00:00"
expect_out "keep=forever night=1 owner=the team"
run tag a@latest --add keep=week --remove night
expect_out ": keep=week owner=the team"
run show a@latest
expect_out "keep=week owner=the team"
# Setting an existing tag writes nothing.
entries=$(find repo/log -type f | wc -l)
run tag a@latest a@latest --add keep=week
expect_status 0
expect_out "unchanged a of"
[ "$(wc -l <out)" = 1 ] || fail "one snapshot was named twice"
# A missing tag cannot be removed; then no snapshot is changed.
run tag a@latest b@latest --add new=1 --remove night
expect_refusal 1 "snapshot"
expect_err "has no tag 'night' to remove: it has keep, owner"
[ "$(find repo/log -type f | wc -l)" = "$entries" ] || fail "an entry was written"
run tag b@latest --remove keep --remove owner
expect_out ": no tags"
run tag b@latest --remove keep
expect_refusal 1 "it has none"
# Wrong usage.
run tag a@latest
expect_refusal 2 "pass --add KEY=VALUE or --remove KEY"
run tag --add a=b
expect_refusal 2 "1 name is expected"
run tag a@latest --add keep
expect_refusal 2 "'keep' is not a tag; --add needs KEY=VALUE"
run tag a@latest --remove keep=week
expect_refusal 2 "'keep=week' is not a tag; --remove needs KEY"
run tag a@latest --add keep=a --add keep=b
expect_refusal 2 "'keep' is given twice"
run tag a@latest --add keep=a --remove keep
expect_refusal 2 "both added and removed"
run tag a --add keep=a
expect_refusal 2 "pass a@latest"
run tag a@~1 --add keep=a
expect_refusal 1 "@~1"
# Control characters do not reach the terminal.
run tag a@latest --add "$(printf 'x\033[31m=y\007')"
expect_status 0
[[ $(<out) != *$'\033'* ]] || fail "a control character came through"
rm -rf cache
run list a --tag keep=week
expect_out "a  "
