#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

objects() { find second -type f ! -path '*/leases/*' | sort; }

make_repository
run init second
expect_status 0
make_image other.raw 4 9
echo '<domain/>' >web01.xml
for night in 1 2 3; do
  make_image "$night.raw" 20 $((night / 2))
  dd if=/dev/urandom of="$night.raw" bs=64K count=3 seek=$((night * 9)) conv=notrunc status=none
  run backup "web01/vda=$night.raw" web01/vdb=other.raw --group web01 --attach web01.xml --time "2026-11-0${night}T02:00Z"
  expect_status 0
done
run backup db=other.raw --time 2026-11-03T03:00Z --tag keep=1
expect_status 0

# A dry run writes nothing.
objects >before
run copy --to second -n
expect_status 0
expect_out "would copy 7 snapshots"
objects >after
expect_same before after

run copy --to second
expect_status 0
expect_no_err
expect_out "copied web01/vda of 2026-11-01T02:00:00+00:00"
expect_out "7 snapshots copied"
[ -z "$(ls second/leases)" ] || fail "copy left a lease behind"

# Both answer to the same names.
run list --json
cp out here.json
run list -r second --json
expect_same here.json out
run verify -r second
expect_status 0
expect_out "7 of 7 nights can be restored"
for name in latest '~1' 2026-11-01; do
  run restore "web01/vda@$name" --to here.raw --force
  expect_status 0
  run restore -r second "web01/vda@$name" --to there.raw --force
  expect_status 0
  expect_same here.raw there.raw
done
run restore -r second --group 'web01@~1' --to machine/
expect_status 0
expect_same 2.raw machine/web01/vda.raw
expect_same web01.xml machine/web01/web01.xml

# With nothing new, nothing is added; also by a host that was not there before.
objects >before
run copy --to second
expect_status 0
expect_out "nothing to copy: 7 snapshots are there already"
run copy --to second --cache-dir elsewhere
expect_status 0
expect_out "nothing to copy: 7 snapshots are there already"
objects >after
expect_same before after

# Only what is new is copied, and tags follow.
dd if=/dev/urandom of=3.raw bs=64K count=1 seek=100 conv=notrunc status=none
run backup web01/vda=3.raw --time 2026-11-04T02:00Z
run tag db@latest --add checked=yes
run copy --to second
expect_status 0
expect_out "1 snapshot copied"
expect_out "1 was tagged; 6 are there already"
run show -r second web01/vda@latest --json
expect_out '"chunks_new": 1,'
run list -r second --tag checked=yes
expect_out "db"

# Nothing is forgotten there.
run forget web01/vda@~3
expect_status 0
run copy --to second
expect_status 0
run list -r second --json
[ "$(grep -c '"snapshot"' out)" = 8 ] || fail "the second repository lost a snapshot"

# A selection.
run init third
run copy --to third web01/vda@latest
expect_status 0
expect_out "1 snapshot copied"
run copy --to third --disk 'd*'
expect_status 0
expect_out "copied db of"
run copy --to third --group web01
expect_status 0
expect_err "follow the order in which they were copied"
run verify -r third
expect_status 0
expect_out "7 of 7 nights can be restored"

run copy
expect_refusal 2 "pass --to REPO2"
run copy --to second web01/vda@latest --disk web01
expect_refusal 2 "named or selected by --disk, not both"
run copy --to second web01/vda
expect_refusal 2 "web01/vda@latest"
run copy --to second --disk web02
expect_refusal 1 "did you mean 'web01'?"
run copy --to second --group web02
expect_refusal 1 "no snapshot of a group 'web02'"
run copy --to repo
expect_refusal 1 "both locations hold the repository"
run copy --to nowhere
expect_refusal 1 "nowhere"
