#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 2
make_image b.raw 2 1
for day in 17 18 19 20; do
  run backup web01/vda=a.raw web01/vdb=b.raw --group web01 --time "2026-11-${day}T02:30Z"
done
run backup a.raw --disk web01/vda --time 2026-11-20T12:00Z
# A tag on one disk keeps the whole point.
run tag web01/vdb@2026-11-18 --add keep=1
run forget --group web01 --keep-last 1 --keep-tag keep -n
expect_status 0
expect_out "would forget 4 snapshots and keep 4"
[ "$(grep -c ' keep  *tag' out)" = 2 ] || fail "the disks of a point were separated"
[[ $(<out) != *12:00:00* ]] || fail "a snapshot outside of the group was considered"
# Disk by disk, the points of a group may lose some of their disks; then the report says so.
run forget --keep-last 1 --disk web01 -n
expect_status 0
expect_out "1 point of group web01 would lose some disks; --group web01 keeps or forgets them together"
run forget --group web01 --keep-last 1 --keep-tag keep --json
expect_status 0
expect_json
expect_out '"forgotten_count": 4'
expect_out '"kept_count": 4'
run restore --group web01@~1 --to to/ --json
expect_status 0
expect_no_err
expect_out '"forgotten": []'
expect_same to/web01/vda.raw a.raw
expect_same to/web01/vdb.raw b.raw
# The newest snapshot of a disk that the machine no longer has keeps its point.
run backup web01/vda=a.raw --group web01 --time 2026-11-21T02:30Z
run forget --group web01 --keep-last 1 -n
expect_status 0
grep -qE 'web01/vdb .*2026-11-20 .* keep +newest' out || fail "the newest snapshot of a disk would go"
run forget --group web02 --keep-last 1
expect_refusal 1 "did you mean 'web01'?"
