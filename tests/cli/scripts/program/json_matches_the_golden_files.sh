#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

run init repo --json
expect_status 0
expect_golden init.json
export VARVE_REPO="$work/repo"
make_image a.raw 4
run backup a.raw --disk web01/vda --time 2026-11-18T02:30:15Z --tag night=1 --tag "owner=the team" --json
expect_status 0
expect_no_err
expect_golden backup.json
make_image b.raw 2 1
dd if=b.raw of=a.raw bs=64K seek=16 count=1 conv=notrunc status=none
truncate -s 5M a.raw
run backup a.raw nothere.raw --disk web01/vda --disk web02 --time 2026-11-19T02:30:15Z --json
expect_status 1
expect_golden backup_one_failed.json
run list --json
expect_golden list.json
run list web01/vda --json
expect_golden list.json
run list --tag no-such-tag --json
expect_status 0
expect_out '"snapshots": []'
run show web01/vda@~1 --json
expect_golden show.json
run tag web01/vda@~1 web01/vda@latest --add keep=always --add night=2 --json
expect_golden tag.json
run diff web01/vda@~1 web01/vda@latest --json
expect_golden diff.json
run restore web01/vda@latest --to back.qcow2 --json
expect_golden restore.json
run stats --json
expect_golden stats.json
run verify --json
expect_golden verify.json
run verify web01/vda@~1 --against a.raw --json
expect_status 3
expect_golden verify_against.json
run rebuild --json
expect_golden rebuild.json
run map a.raw --json
expect_golden map_raw.json
run cache --json
sed -i -E 's/("size": )[0-9]+/\10/' out
expect_golden cache.json
run init gone
run list -r gone --cache-dir other
rm -rf gone
run cache --cleanup --cache-dir other --json
sed -i -E 's/("size": )[0-9]+/\10/' out
expect_golden cache_cleanup.json
# A machine whose points would be split.
for night in 20 21; do
  run backup vm/vda=a.raw vm/vdb=b.raw --group vm --time "2026-11-${night}T02:30:15Z"
done
run tag vm/vda@~1 --add keep=1
run forget --keep-last 1 --keep-tag keep --json
expect_status 0
expect_no_err
expect_golden forget.json
run forget web01/vda@latest --json -n
expect_golden forget_named.json
run init second
run copy --to second --disk web01 --json
expect_status 0
expect_no_err
expect_golden copy.json
